"""Every instant of an event in order, past and to come, with what happens then. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventreg.events.rules import SignupFacts
from eventreg.registration.rules.own import modify_until
from eventreg.shared.errors import N_

OFFERS_SHOWN = 10
# What happens at an instant, in the order of those of the same second.
KINDS: Mapping[str, str] = {
    "published": N_("The event is shown to everybody."),
    "opens": N_("Sign-ups open."),
    "population_opens": N_("Sign-ups open for: %(label)s."),
    "released": N_("Reserved places nobody took go from “%(label)s” to “%(into)s”."),
    "population_closes": N_("Sign-ups close for: %(label)s."),
    "modify_until": N_("People can no longer change their answers."),
    "closes": N_("Sign-ups close; the organisers receive a summary."),
    "closed_message": N_("Your message about closed sign-ups is shown."),
    "offers_stop": N_("Places of the waiting list are no longer offered."),
    "offer_ends": N_("Offers of a place end without an answer: %(count)s."),
    "last_hold": N_("The last places held for an unconfirmed address are given back."),
    "cancel_until": N_("People can no longer give their place back themselves."),
    "starts": N_("The event starts."),
    "ends": N_("The event ends."),
    "erasure": N_("The list of people is erased during the following night."),
}
_ORDER = {kind: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Window:
    """When one population signs up, where it says so."""

    label: str
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True)
class Release:
    """Reserved seats that go to another pool."""

    label: str
    into: str
    at: datetime


@dataclass(frozen=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    kind: str
    params: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> str:
        """An English id, for `params`."""
        return KINDS[self.kind]


@dataclass(frozen=True, kw_only=True)
class Dates:
    """What a timeline is made of, beside the facts of sign-ups."""

    published_at: datetime | None = None
    closed_message_from: datetime | None = None
    says_closed: bool = False
    retention_days: int = 92
    windows: Sequence[Window] = ()
    releases: Sequence[Release] = ()
    offer_ends: Sequence[datetime] = ()
    last_hold: datetime | None = None


def timeline(facts: SignupFacts, dates: Dates) -> list[Moment]:
    """Each instant once, in order."""
    over = facts.ends_at or facts.starts_at
    single = [
        (dates.published_at, "published"),
        (facts.starts_at, "starts"),
        (facts.ends_at, "ends"),
        (over and over + timedelta(days=dates.retention_days), "erasure"),
    ]
    found = [Moment(at, kind) for at, kind in single if at is not None]
    if facts.mode == "internal":
        found += _of_sign_ups(facts, dates)
    return sorted(found, key=lambda one: (one.at, _ORDER[one.kind], one.params))


def _of_sign_ups(facts: SignupFacts, dates: Dates) -> Iterable[Moment]:
    start = facts.starts_at
    stop = start if facts.offers_after_closing else facts.closing
    single = [
        (facts.opens_at, "opens"),
        (facts.closing, "closes"),
        (modify_until(facts), "modify_until"),
        (_capped(facts.cancel_until, start) or start, "cancel_until"),
        (stop if facts.waiting_list else None, "offers_stop"),
        (dates.last_hold, "last_hold"),
    ]
    if dates.says_closed:
        shown = max(filter(None, (dates.closed_message_from, facts.closing)), default=None)
        single.append((shown, "closed_message"))
    yield from (Moment(at, kind) for at, kind in single if at is not None)
    for window in dates.windows:
        label = (("label", window.label),)
        if window.opens_at is not None:
            yield Moment(window.opens_at, "population_opens", label)
        if window.closes_at is not None:
            yield Moment(window.closes_at, "population_closes", label)
    for release in dates.releases:
        names = (("label", release.label), ("into", release.into))
        yield Moment(release.at, "released", names)
    yield from _offers(dates.offer_ends)


def _offers(ends: Sequence[datetime]) -> Iterable[Moment]:
    """By the minute; of very many, the first and the last ones."""
    minutes = Counter(at.replace(second=0, microsecond=0) for at in ends)
    instants = sorted(minutes)
    if len(instants) > OFFERS_SHOWN:
        half = OFFERS_SHOWN // 2
        instants = [*instants[:half], *instants[-half:]]
    for at in instants:
        yield Moment(at, "offer_ends", (("count", str(minutes[at])),))


def _capped(at: datetime | None, limit: datetime | None) -> datetime | None:
    return min(at, limit) if at is not None and limit is not None else at
