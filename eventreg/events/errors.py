"""Refusals about events."""

from eventreg.shared.errors import N_, DomainError, Kind


class BadValue(DomainError):
    """A key or a value of an event that cannot be used; `field` is the key."""

    code = "invalid"


class SlugTaken(DomainError):
    kind = Kind.CONFLICT
    code = "stale"
    field = "slug"
    message = N_("Another event already has the address %(slug)s.")


class NotExportable(DomainError):
    code = "invalid"
    message = N_("No document can say all that is known of %(slug)s.")


class UnknownEvent(DomainError):
    kind = Kind.NOT_FOUND
    code = "not_found"
    message = N_("There is no event named %(slug)s.")
