"""Refusals of the organiser area."""

from eventreg.shared.errors import N_, DomainError, Kind


class LinkSpent(DomainError):
    """A sign-in link that is unknown, used or too old: the three look alike."""

    kind = Kind.GONE
    code = "expired_link"
    message = N_("This sign-in link has already been used or is too old. Ask for a new one.")


class NotAllowed(DomainError):
    """The role does not allow the act."""

    kind = Kind.FORBIDDEN
    code = "forbidden"
    message = N_("Your role on this event does not allow this.")


class AccountExists(DomainError):
    kind = Kind.CONFLICT
    code = "account_exists"
    message = N_("This account already has this role.")


class UnknownAccount(DomainError):
    kind = Kind.NOT_FOUND
    code = "unknown_account"
    message = N_("No active account has this e-mail address.")


class UnknownEvent(DomainError):
    kind = Kind.NOT_FOUND
    code = "unknown_event"
    message = N_("No event has this short name.")
