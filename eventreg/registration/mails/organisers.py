"""Letters to organisers: requests that wait, needs, the recap of a closing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventreg.mailing.services import Mail
from eventreg.registration.rules import State
from eventreg.shared import letters


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """Requests of an event that nobody has decided: how many, the oldest of them."""

    title: str
    people: int
    since: datetime
    timezone: str


def undecided(*, to: str, locale: str, url: str, **facts: Any) -> Mail:
    """To an organiser: people have waited for a decision. `facts` are those of Undecided."""
    requests = Undecided(**facts)
    letter = letters.write("registration/undecided", locale, requests=requests, url=url)
    return Mail.of(letter, kind="undecided", to=to, locale=locale)


def needs_told(*, to: str, locale: str, url: str, title: str) -> Mail:
    """To the contact for access needs: somebody told some. What they are is read on the page."""
    letter = letters.write("registration/access_needs", locale, title=title, url=url)
    return Mail.of(letter, kind="access_needs", to=to, locale=locale)


@dataclass(frozen=True, kw_only=True)
class Recap:
    """What an organiser learns at the closing. `until`: last instant at which a hold can end."""

    title: str
    closes_at: datetime
    timezone: str
    figures: Mapping[str, int]
    capacity: int | None
    taken: int
    may_still_confirm: int = 0
    until: datetime | None = None


def closing_recap(*, to: str, locale: str, url: str, **facts: Any) -> Mail:
    """To an organiser: sign-ups are over. `facts` are those of Recap; `url` is the back office."""
    recap = Recap(**facts)
    letter = letters.write(
        "registration/closing_recap",
        locale,
        recap=recap,
        figures={state.value: recap.figures.get(state.value, 0) for state in State},
        url=url,
    )
    return Mail.of(letter, kind="closing_recap", to=to, locale=locale)
