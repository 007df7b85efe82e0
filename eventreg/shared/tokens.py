"""Signed tokens: one salt per purpose, SHA-256, a maximum age. The payload is readable: ids only."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer


def sign(purpose: str, payload: list[Any]) -> str:
    """A URL-safe token good for `purpose` only."""
    return _signer(purpose).dumps(payload)


def read(purpose: str, token: str, *, max_age: timedelta) -> list[Any] | None:
    """The payload, or None when the token is altered, of another purpose or older than `max_age`."""
    try:
        payload = _signer(purpose).loads(token, max_age=int(max_age.total_seconds()))
    except BadData:
        return None
    return payload if isinstance(payload, list) else None


def random_id(size: int = 16) -> str:
    """An unguessable id of `size` random bytes (128 bits by default)."""
    return secrets.token_urlsafe(size)


def digest(secret: str) -> str:
    """What is stored instead of a code that opens something."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.secret_key or "",
        salt=f"eventreg.{purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
