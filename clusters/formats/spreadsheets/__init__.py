"""Tables as CSV and XLSX, out and in: one row a record or part, one column a field."""
