"""The agenda's events kept in the process, read again when one of them has changed."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app

from eventreg.agenda import filtering, queries, rules
from eventreg.agenda.filtering import Entry, Filters, Found
from eventreg.agenda.queries import Card, Stamp

EXTENSION = "agenda-entries"
_loading = threading.Lock()


@dataclass(frozen=True)
class Match:
    """What filters find, and the state of the events of which that is true."""

    stamp: Stamp
    found: Found

    def page(self, number: int, size: int) -> tuple[Sequence[int], Sequence[int]]:
        """The upcoming and the past events of a page."""
        first, last = (number - 1) * size, number * size
        skipped = len(self.found.upcoming)
        past = self.found.past[max(first - skipped, 0) : max(last - skipped, 0)]
        return self.found.upcoming[first:last], past

    def pages(self, size: int) -> int:
        return max(1, -(-self.found.counts.total // size))


@dataclass(frozen=True)
class Cards:
    """The cards of one page, as they are now."""

    stamp: Stamp
    upcoming: Sequence[Card]
    past: Sequence[Card]


def match(asked: Filters, now: datetime) -> Match:
    """What is found now: one statement, one more for words, one more after a change."""
    stamp = queries.stamp()
    entries = _entries(stamp)
    held = queries.holding(asked.terms) if asked.terms else frozenset[int]()
    zone = str(current_app.extensions["settings"].timezone)
    today = now.astimezone(ZoneInfo(zone)).date()
    found = filtering.find(
        entries,
        asked,
        holding=held if asked.words else None,
        now=now,
        day=(rules.day_start(today, zone), rules.day_start(today + timedelta(days=1), zone)),
    )
    return Match(stamp, found)


def cards(upcoming: Sequence[int], past: Sequence[int], stamp: Stamp | None = None) -> Cards:
    """The cards of these events; with the state of all events, read first unless it is given."""
    stamp = stamp or queries.stamp()
    found = queries.cards([*upcoming, *past])
    known = set(upcoming)
    coming = [card for card in found if card.facts.event_id in known]
    return Cards(stamp, coming, found[len(coming) :])


def _entries(stamp: Stamp) -> Sequence[Entry]:
    kept = current_app.extensions.get(EXTENSION)
    if kept is None or kept[0] != stamp:
        with _loading:
            kept = current_app.extensions.get(EXTENSION)
            if kept is None or kept[0] != stamp:
                # Read after the stamp: if it is newer already, the next look reads it again.
                kept = (stamp, queries.entries())
                current_app.extensions[EXTENSION] = kept
    return cast("Sequence[Entry]", kept[1])
