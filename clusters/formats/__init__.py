"""Files that people send and get: YAML, zip, spreadsheets, literature, citations. No actions."""
