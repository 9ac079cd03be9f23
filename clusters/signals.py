"""What the casebook tells whoever wants to know, after it is so."""

from django.dispatch import Signal

# Sent when a transaction that published, changed or withdrew something has been committed.
public_changed = Signal()
