"""What every letter about a registration starts from."""

from eventreg.registration import links, mails
from eventreg.registration.models import Registration
from eventreg.registration.queries import SignupPage


def url(registration: Registration, purpose: str, locale: str) -> str:
    """The mailed link of a registration, for one purpose."""
    return links.url(
        purpose, public_id=registration.public_id, nonce=registration.nonce, locale=locale
    )


def about(registration: Registration, page: SignupPage) -> mails.About:
    """The arguments of the letters to a proven mailbox."""
    return {
        "to": registration.email_key,
        "locale": registration.locale,
        "page": page,
        "public_id": registration.public_id,
        "url": url(registration, "manage", registration.locale),
    }
