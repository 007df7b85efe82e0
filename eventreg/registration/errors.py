"""Refusals of sign-ups and of acts on a registration (codes: contract, section 5)."""

from eventreg.shared.errors import N_, DomainError, Kind


class Closed(DomainError):
    kind = Kind.GONE
    code = "closed"
    message = N_("Sign-ups are closed.")


class NotOpen(DomainError):
    kind = Kind.FORBIDDEN
    code = "not_open"
    message = N_("Sign-ups are not open yet.")


class Full(DomainError):
    kind = Kind.CONFLICT
    code = "full"
    message = N_("There is no place left.")


class NotEligible(DomainError):
    """`suggestion` is an address to propose, never to apply; `reason` a code of eligibility.

    `may_ask`: the event lets the person ask for an exception.
    """

    suggestion: str | None = None
    reason: str = ""
    may_ask: bool = False
    code = "not_eligible"
    field = "email"
    message = N_("This event is for public agents.")


class NoSignUp(DomainError):
    kind = Kind.NOT_FOUND
    code = "not_found"
    message = N_("This event takes no sign-ups here.")


class ExpiredLink(DomainError):
    kind = Kind.GONE
    code = "expired_link"
    message = N_("This link no longer works: it has expired or a more recent one replaced it.")


class KeyReused(DomainError):
    code = "invalid"
    message = N_("This form was already sent with other answers. Check them, then send it again.")


class EventOver(DomainError):
    kind = Kind.GONE
    code = "closed"
    message = N_("This event is cancelled or archived: nobody can be confirmed any more.")


class NotPossible(DomainError):
    kind = Kind.CONFLICT
    code = "stale"
    message = N_("This is no longer possible: the registration has changed in the meantime.")


class AlreadyRegistered(DomainError):
    """For organisers only: a stranger never learns it."""

    kind = Kind.CONFLICT
    code = "already_registered"
    field = "email"
    message = N_("This address already has a registration for this event.")


class ElsewhereOnly(DomainError):
    """Sign-ups are taken on another site; `params["url"]` says where."""

    kind = Kind.NOT_FOUND
    code = "external"
    message = N_("Sign-ups for this event are taken on another site.")


class LooksAutomatic(DomainError):
    """A robot's form: a person sends it a second time and passes."""

    code = "invalid"
    message = N_("This form was sent too quickly or by a program. Please send it again.")
