"""Signing in: by invitation, with a second factor where a role asks for it. No records here."""
