"""Tables as spreadsheets, out and in: one row a record or part, one column a field.

A table's rows become case files, which the same actions carry out as everywhere else.
"""
