"""Reads for pages, charts and counts, in a bounded number of queries. No requests, no writes."""
