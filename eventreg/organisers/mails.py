"""Letters to organisers about their account."""

from eventreg.mailing.services import Mail
from eventreg.shared import letters


def sign_in(*, to: str, locale: str, url: str, minutes: int) -> Mail:
    """The one-time link that opens the back office for `minutes`."""
    letter = letters.write("organisers/sign_in", locale, url=url, minutes=minutes)
    return Mail.of(letter, kind="organiser_sign_in", to=to, locale=locale)
