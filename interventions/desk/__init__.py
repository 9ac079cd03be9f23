"""The desk's pages for coding in rounds, and for what needs work."""
