"""What every record shares: schema, serialisation, merging, validation, writing, history.

No requests, no permissions and no files: who may write, and when, is `clusters.actions`.

A *document* is a record as strings, numbers, booleans, lists and dictionaries. What is empty or has
its default value is left out, so two equal records have equal documents.
"""
