"""Letters of what people do by themselves: hand over, another address, fresh links."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Unpack

from eventreg.mailing.services import Mail
from eventreg.registration.mails.frame import About, EventFacts, calendar_of, mail
from eventreg.registration.queries import SignupPage
from eventreg.shared import letters

LinkEntry = tuple[str, datetime | None, str, str]  # title, start, zone, address of the link


def place_offered(*, until: datetime, already: bool, **about: Unpack[About]) -> Mail:
    """To a colleague: somebody offers them a place. `already`: they have one, no link is needed."""
    return _proposal("place_offered", until=until, already=already, **about)


def place_answered(*, accepted: bool, **about: Unpack[About]) -> Mail:
    """To whoever offered the place: it was taken, and their own sign-up has ended, or declined."""
    page, to = about["page"], about["to"]
    files = calendar_of(page.in_locale(about["locale"]), to=to, cancel=True) if accepted else ()
    return mail(
        "place_answered",
        to,
        about["locale"],
        page,
        files=files,
        url=about["url"],
        reference=about["public_id"],
        accepted=accepted,
    )


def address_asked(*, until: datetime, already: bool, **about: Unpack[About]) -> Mail:
    """To a new address: prove it. `already`: it has a sign-up of its own, no link is needed."""
    return _proposal("address_asked", until=until, already=already, **about)


def address_warning(*, until: datetime, done: bool, **about: Unpack[About]) -> Mail:
    """To the old address: a change was asked for, or is done; how to stop it until then."""
    return _proposal("address_warning", until=until, done=done, **about)


def _proposal(kind: str, *, until: datetime, **more: Any) -> Mail:
    to, locale, page = more.pop("to"), more.pop("locale"), more.pop("page")
    reference = more.pop("public_id")
    minute = until.replace(second=0, microsecond=0)  # never later than it is
    return mail(kind, to, locale, page, until=minute, reference=reference, **more)


def already_registered(*, to: str, locale: str, page: SignupPage, url: str, unproven: bool) -> Mail:
    """Somebody signed this address up again; `unproven`: the first time still awaits its proof."""
    return mail("already_registered", to, locale, page, url=url, unproven=unproven)


def my_links(*, to: str, locale: str, entries: Sequence[LinkEntry]) -> Mail:
    """The links asked for; with none, the letter says kindly that nothing was found."""
    links = [
        {"event": EventFacts(title, starts_at, timezone=zone), "url": url}
        for title, starts_at, zone, url in entries
    ]
    letter = letters.write("registration/my_links", locale, links=links)
    return Mail.of(letter, kind="my_links", to=to, locale=locale)
