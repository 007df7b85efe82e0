"""How several stories of registrations begin and end."""

from collections.abc import Callable, Iterator

import pytest

from eventreg.events.models import Event, Pool
from eventreg.operations.invariants import all_findings
from eventreg.registration.services import Wishes
from eventreg.shared import clock
from eventreg.shared.db import db, transaction


@pytest.fixture
def workshops(make_event: Callable[..., Event]) -> Callable[..., Wishes]:
    """Two places; workshops A (one seat) and B (one seat), B with the smaller id."""
    event = make_event(capacity=3, confirmation_hours=0)
    with transaction() as session:
        for key in ("b", "a"):
            made = Pool(event_id=event.id, kind="workshop", key=key, label=key.upper(), capacity=1)
            session.add(made)
            session.flush()

    def wishes(*keys: str, companions: int = 0) -> Wishes:
        seats = dict.fromkeys(keys, 1)
        return Wishes(form_version=1, pools=seats, companions=companions)

    return wishes


@pytest.fixture
def sound_at_the_end(ctx: None) -> Iterator[None]:
    """The oracle finds nothing wrong after the story."""
    yield
    db.session.rollback()
    assert [finding for finding in all_findings(clock.utc_now()) if not finding.ok] == []
