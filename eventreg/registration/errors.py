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


class OtherAddress(DomainError):
    """An invitation is bound to the address that received it."""

    code = "invalid"
    field = "email"
    message = N_(
        "This invitation is for the address that received it: use that one, or ask the organisers."
    )


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


class FormChanged(DomainError):
    kind = Kind.CONFLICT
    code = "stale"
    message = N_("The questions have just changed: check your answers, then send the form again.")


class EventChanged(NotPossible):
    message = N_(
        "The event was changed while the list was read: import the list again. Nobody is entered "
        "twice."
    )


class PoolsFull(Full):
    message = N_("There is no place left for: %(pools)s. Nothing was changed.")


class TooLateToModify(Closed):
    message = N_("The time to change this sign-up is over: write to the organising team.")


class ChangedMeanwhile(NotPossible):
    message = N_("This sign-up was changed in the meantime, here or in another window.")


class TooLateToUndo(NotPossible):
    message = N_("A cancellation can be undone for half an hour, by the person who cancelled.")


class SignedUpAgain(NotPossible):
    message = N_("This address has signed up again since: open the link of the latest message.")


class NoHandover(NotPossible):
    message = N_("This place cannot be handed over: write to the organising team.")


class OfferEnded(ExpiredLink):
    message = N_("This proposal no longer stands: it was answered, replaced, or its time is over.")


class TooManyProposals(DomainError):
    kind = Kind.TOO_MANY
    code = "rate_limited"
    message = N_("You have asked for this several times today. Try again tomorrow.")


class NeedsOrganiser(DomainError):
    """An address that a person would have to examine first."""

    code = "not_eligible"
    field = "email"
    message = N_(
        "The organising team would have to examine this address first: write to them, or choose "
        "another address."
    )


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
