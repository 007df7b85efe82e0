"""Why a sign-in by ProConnect led nowhere; each is a page that says what to do."""

from eventreg.shared.errors import N_, DomainError, Kind


class SignInFailed(DomainError):
    """Whatever happened between the button and the way back. `cause` is for the log."""

    kind = Kind.FORBIDDEN
    code = "proconnect_refused"
    message = N_(
        "What ProConnect answered could not be verified, so nobody was signed in. Start again; "
        "if it happens once more, tell the people who run this service."
    )

    def __init__(self, cause: str = "") -> None:
        super().__init__()
        self.cause = cause


class ProviderAway(SignInFailed):
    """Down, slow, or answering what nobody can read: not an answer about the person."""

    kind = Kind.UNAVAILABLE
    code = "proconnect_unavailable"
    message = N_(
        "ProConnect does not answer at the moment. Nothing was lost: start again in a few "
        "minutes, or go on without ProConnect, with your e-mail address."
    )


class Cancelled(SignInFailed):
    kind = Kind.CONFLICT
    code = "proconnect_cancelled"
    message = N_(
        "You left ProConnect before the end, so nobody was signed in. You can start again, or "
        "go on with your e-mail address."
    )


class PublicOnly(SignInFailed):
    """ProConnect itself keeps this account out (Y500015)."""

    code = "proconnect_public_only"
    message = N_(
        "ProConnect opens this service to accounts of public bodies only. Sign in with another "
        "ProConnect account, or go on with your e-mail address."
    )


class Spent(SignInFailed):
    """A way back that was used, is too old, or that began in another browser."""

    kind = Kind.GONE
    code = "proconnect_expired"
    message = N_(
        "This way back from ProConnect has already been used, is too old, or began in another "
        "browser. If you are signed in already, go on; otherwise start again."
    )


class NoAccount(SignInFailed):
    code = "proconnect_no_account"
    message = N_(
        "ProConnect knows you, but no organiser account has your address. Sign in with the link "
        "sent to the address of your account, or ask the people who run this service for one."
    )
