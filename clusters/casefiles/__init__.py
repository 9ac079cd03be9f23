"""Case files: a case as a folder of plain text, one YAML file a record.

    shape     what a file of each kind may hold, read off the models
    document  a record as a plain dictionary, and back into the database
    reader    YAML text → documents, with the line of every value
    writer    documents → the one canonical text
    merge     three-way comparison of a file, the database and the last import
    loader    a whole folder into the database, all or nothing
    saver     one record of it, with all that hangs on it
    schema    JSON Schema for editors

A *document* is made of strings, numbers, booleans, lists and dictionaries only. What is empty or
has its default value is left out, so two equal records have equal documents.
"""
