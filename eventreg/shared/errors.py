"""Refusals: typed, with a stable code and words for people. Anything else raised is a bug."""

from enum import Enum
from typing import Any, ClassVar


class Kind(Enum):
    """What sort of refusal, and the HTTP status that says it."""

    INVALID = 422
    NOT_FOUND = 404
    FORBIDDEN = 403
    CONFLICT = 409
    GONE = 410
    TOO_MANY = 429
    UNAVAILABLE = 503


def N_(text: str) -> str:  # noqa: N802 - gettext's customary marker for words translated later
    """Marks an English id for the catalogues; the door translates."""
    return text


class DomainError(Exception):
    """A refusal. `message` is an English id for gettext with `params`; `field` a form field's name."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "invalid"
    message: str = N_("This cannot be done.")
    field: str | None = None

    def __init__(
        self, message: str | None = None, *, field: str | None = None, **params: Any
    ) -> None:
        if message is not None:
            self.message = message
        if field is not None:
            self.field = field
        self.params = params
        super().__init__(self.message % params if params else self.message)


class Invalid(DomainError):
    """A value that cannot be used."""


class NotFound(DomainError):
    """What does not exist, or must not be known to exist."""

    kind = Kind.NOT_FOUND
    code = "not_found"
    message = N_("This page does not exist.")


class Stale(DomainError):
    """A write from a page older than what is stored."""

    kind = Kind.CONFLICT
    code = "stale"
    message = N_("Somebody changed this in the meantime.")


class Unavailable(DomainError):
    """The database is locked, restarting or full: trying again may succeed."""

    kind = Kind.UNAVAILABLE
    code = "unavailable"
    message = N_("The service is busy. Please try again in a moment.")


class RateLimited(DomainError):
    """More requests from one network than people make."""

    kind = Kind.TOO_MANY
    code = "rate_limited"
    message = N_("Too many attempts. Please wait a few minutes, then try again.")
