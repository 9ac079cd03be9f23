"""The admin of interventions: cases, coding rounds and how complete cases are."""
