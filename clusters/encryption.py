"""Secrets that must come back as they were, kept so that a copy of the database tells none."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """What was kept was encrypted with another key."""


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"casebook encryption:" + str(secret).encode()) for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest.digest())) for digest in digests])


def encrypt(text: str) -> str:
    """Return a text as it may be stored: encrypted and signed with a key made of SECRET_KEY."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Return the text that `encrypt` was given. Raises Unreadable."""
    try:
        return _keys().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise Unreadable from None
