"""A place handed to a colleague."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from eventreg.events.models import Event
from eventreg.mailing.models import OutboxMessage
from eventreg.registration import errors
from eventreg.registration.models import PoolSeats, Registration
from eventreg.registration.services import (
    Wishes,
    handover,
    proposals,
    returning,
)
from eventreg.shared import clock
from eventreg.shared.db import db
from eventreg.shared.errors import Invalid
from tests.conftest import NOW
from tests.registration.people import (
    HOUR,
    answer_proposal,
    back,
    change,
    counts,
    kinds,
    leave,
    offer,
    person,
    sign_up,
    state,
    well,
)

pytestmark = pytest.mark.usefixtures("now", "ctx")


def test_a_place_passes_to_a_colleague_and_is_never_free(
    workshops: Callable[..., Wishes],
) -> None:
    sign_up("anne", workshops("a", companions=1))
    old = person("anne").nonce
    proposal = offer()
    assert (state("anne"), counts()) == ("confirmed", {"": (2, 0), "a": (1, 0), "b": (0, 0)})
    taken = answer_proposal(proposal, handover.accept)
    assert (taken.email_key, taken.state, taken.given_name) == (
        "bea@example.org",
        "confirmed",
        "Béa",
    )
    assert (state("anne"), counts()) == ("cancelled", {"": (2, 0), "a": (1, 0), "b": (0, 0)})
    assert person("anne").nonce != old
    assert kinds("anne@example.org") == ["confirmed", "place_answered"]
    assert kinds("bea@example.org") == ["place_offered", "confirmed"]
    held = select(PoolSeats.registration_id).where(PoolSeats.held)
    assert db.session.execute(held).scalars().all() == [taken.id]
    well()
    with pytest.raises(errors.OfferEnded):
        answer_proposal(proposal, handover.accept)  # a second press
    with pytest.raises(errors.TooLateToUndo):
        back("anne", returning.restore)  # no undoing of a place given away


@pytest.mark.parametrize(
    ("case", "values", "to", "refusal"),
    [
        ("switched off", {"transfers": False}, "bea@example.org", errors.NoHandover),
        ("organisers choose", {"approval": "manual"}, "bea@example.org", errors.NoHandover),
        ("too late", {"modify_until": NOW}, "bea@example.org", errors.NoHandover),
        ("over", {"starts_at": NOW}, "bea@example.org", errors.NoHandover),
        ("not for them", {"audience": "public_agents"}, "bea@gmail.com", errors.NotEligible),
        ("oneself", {}, "ANNE@example.org", Invalid),
    ],
)
def test_a_place_is_not_handed_over(
    make_event: Callable[..., Event],
    make_registration: Callable[..., Registration],
    case: str,
    values: dict[str, Any],
    to: str,
    refusal: type[Exception],
) -> None:
    make_registration(make_event(**values), "anne@example.org")
    with pytest.raises(refusal):
        offer(to=to)
    assert kinds(to.lower()) == [], case


def test_an_offer_of_a_place_ends_by_itself_and_with_the_deadline(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0, closes_at=NOW + timedelta(days=3))
    sign_up("anne")
    proposal = offer()
    with clock.frozen(NOW + 48 * HOUR), pytest.raises(errors.OfferEnded):
        answer_proposal(proposal, handover.accept)
    change(closes_at=NOW + HOUR)  # moved nearer after the offer was made
    with clock.frozen(NOW + HOUR), pytest.raises(errors.NoHandover):
        answer_proposal(proposal, handover.accept)
    newer = offer()
    assert newer.expires_at == NOW + HOUR
    with pytest.raises(errors.OfferEnded):
        answer_proposal(proposal, handover.accept)  # replaced
    answer_proposal(newer, handover.decline)
    answer_proposal(newer, handover.decline)  # twice is once
    assert (state("anne"), kinds("anne@example.org")) == (
        "confirmed",
        ["confirmed", "place_answered"],
    )
    well()


def test_a_colleague_who_has_a_place_learns_it_alone(make_event: Callable[..., Event]) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    sign_up("bea")
    proposal = offer()  # the same answer as for a stranger
    letter = db.session.query(OutboxMessage).filter_by(kind="place_offered").one()
    assert "déjà une inscription" in letter.text
    assert "/inscriptions/lien/" not in letter.text
    with pytest.raises(errors.AlreadyRegistered):
        answer_proposal(proposal, handover.accept)
    assert [state(n) for n in ("anne", "bea")] == ["confirmed", "confirmed"]
    well()


def test_nobody_fills_mailboxes_with_offers_and_no_typed_word_is_in_them(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    for number in range(proposals.MOST_A_DAY):
        offer(to=f"someone{number}@example.org")
    with pytest.raises(errors.TooManyProposals):
        offer()
    for letter in db.session.query(OutboxMessage).filter_by(kind="place_offered"):
        for typed in ("Anne", "Martin", "Béa", "Petit"):
            assert typed not in letter.text + letter.html + letter.subject


def test_a_place_given_back_is_not_handed_over_any_more(make_event: Callable[..., Event]) -> None:
    make_event(confirmation_hours=0, capacity=1)
    sign_up("anne")
    proposal = offer()
    leave("anne")
    with pytest.raises(errors.NotPossible):
        answer_proposal(proposal, handover.accept)
    well()
