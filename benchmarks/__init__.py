"""How fast the casebook answers, beside what it could be measured against.

generate     realistic data of any size, in a database of its own
settings     the casebook's settings, with one empty view beside its own
bare         the floor: one query, no framework
queries      the queries of that floor
flat         the same rows in SQLite, for Datasette
workloads    what is asked of each
load         asks it, by wrk, and reads what wrk says
__main__     `make bench`: all of it in one run, written to RESULTS.md
"""
