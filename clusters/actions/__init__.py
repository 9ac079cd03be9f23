"""Writes that touch several rows: named, validated and atomic. Every surface calls these."""
