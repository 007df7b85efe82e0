"""What happened to a registration since a link was mailed, for whoever still shows that link."""

from dataclasses import dataclass
from datetime import datetime

from eventreg.registration import queries
from eventreg.registration.queries import SignupPage, own

# Acts that renew the nonce, and so end the links mailed before.
ENDING = ("links_sent", "cancel", "address_changed", "address_stopped", "address_restored")


@dataclass(frozen=True)
class Since:
    """`act` ended the links mailed before `at`; both are None when the registration has left."""

    act: str | None = None
    at: datetime | None = None
    page: SignupPage | None = None


def since(public_id: str) -> Since:
    """Why a link that was once good opens nothing any more."""
    registration = queries.by_public_id(public_id)
    if registration is None:
        return Since()
    page = queries.signup_page_of(registration.event_id)
    step = own.last_step(registration.id, ENDING)
    return Since(step.action, step.at, page) if step else Since(page=page)
