"""What readers are served: published documents, search, look-up by slug. No records are written."""
