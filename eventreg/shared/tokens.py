"""Signed tokens: one salt per purpose, SHA-256, a maximum age. The payload is readable: ids only."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from functools import lru_cache
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

DAY = timedelta(days=1)


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


def same(one: str, other: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def secret() -> bytes:
    """The application's key, for keyed hashes of what must not be stored as it is."""
    key = current_app.secret_key or ""
    return key if isinstance(key, bytes) else key.encode()


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return _made(current_app.secret_key or "", purpose)


@lru_cache(maxsize=64)
def _made(key: str | bytes, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        key,
        salt=f"eventreg.{purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
