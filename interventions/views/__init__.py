"""Pages. Each view collects, chooses a template and stops."""
