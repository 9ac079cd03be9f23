"""Every write: named, validated, atomic, under the same locks. Every surface calls these."""
