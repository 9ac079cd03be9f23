"""A PostgreSQL server that starts when it is needed and stops when nobody uses it.

`base` is the Django database backend, `server` finds the binaries and starts the server,
`supervisor` is the small process that keeps it alive and stops it.
"""
