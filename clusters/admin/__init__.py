"""The admin: one page for a record with all its parts, inside Django's admin.

A page is the record's case file as a form. What is sent is read into a document and carried out by
the same actions as case files and the API.
"""
