"""Pages that need no intervention: literature, changes, versions of records, corrections."""
