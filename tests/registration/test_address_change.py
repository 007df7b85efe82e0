"""A registration moves to another address."""

from collections.abc import Callable

import pytest

from eventreg.events.models import Event
from eventreg.mailing.models import OutboxMessage
from eventreg.registration import errors, queries
from eventreg.registration.models import Proposal, Registration
from eventreg.registration.services import (
    address,
    proposals,
)
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Invalid
from tests.conftest import NOW
from tests.registration.people import (
    HOUR,
    answer_proposal,
    kinds,
    move_to,
    offer,
    person,
    sign_up,
    well,
)

pytestmark = pytest.mark.usefixtures("now", "ctx")


def test_a_new_address_proves_itself_and_ends_the_old_links(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    nonce = person("anne").nonce
    proposal = move_to("Nouvelle@Example.org")
    assert (person("anne").email_key, person("anne").nonce) == ("anne@example.org", nonce)
    assert kinds("anne@example.org")[-1] == "address_warning"
    with clock.frozen(NOW + HOUR):
        answer_proposal(proposal, address.prove, "address")
    row = person("nouvelle")
    assert (row.email, row.state, row.eligibility_at) == (
        "Nouvelle@Example.org",
        "confirmed",
        NOW + HOUR,
    )
    assert row.nonce != nonce
    assert row.search == "martin anne nouvelle@example.org"
    assert kinds("nouvelle@example.org") == ["address_asked", "confirmed"]
    assert kinds("anne@example.org")[-1] == "address_warning"
    with pytest.raises(errors.OfferEnded):
        answer_proposal(proposal, address.prove, "address")
    well()


@pytest.mark.parametrize("proven", [False, True])
def test_the_old_address_stops_a_change_that_its_person_did_not_ask_for(
    make_event: Callable[..., Event], proven: bool
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    proposal = move_to("voleuse@example.org")
    if proven:
        answer_proposal(proposal, address.prove, "address")
    thief = person("voleuse" if proven else "anne").nonce
    with clock.frozen(NOW + 72 * HOUR), pytest.raises(errors.OfferEnded):
        answer_proposal(proposal, address.stop, "stop")
    answer_proposal(proposal, address.stop, "stop")
    answer_proposal(proposal, address.stop, "stop")  # twice is once
    row = person("anne")
    assert (row.state, row.nonce != thief) == ("confirmed", True)
    assert kinds("anne@example.org")[-1] == "confirmed"
    with pytest.raises(errors.OfferEnded):
        answer_proposal(proposal, address.prove, "address")
    well()


def test_a_new_address_is_judged_and_its_twin_never_told_to_others(
    make_event: Callable[..., Event], make_registration: Callable[..., Registration]
) -> None:
    event = make_event(audience="public_agents")
    make_registration(event, "anne@interieur.gouv.fr")
    make_registration(event, "bea@interieur.gouv.fr")

    def ask(new: str) -> Proposal:
        with transaction():
            row = queries.active_of(event.id, "anne@interieur.gouv.fr")
            assert row is not None
            return address.ask(row, canonical(new))

    with pytest.raises(errors.NotEligible):
        ask("anne@gmail.com")
    with pytest.raises(Invalid):
        ask("ANNE@interieur.gouv.fr")
    proposal = ask("bea@interieur.gouv.fr")
    letter = db.session.query(OutboxMessage).filter_by(kind="address_asked").one()
    assert "/inscriptions/lien/" not in letter.text
    with pytest.raises(errors.AlreadyRegistered):
        answer_proposal(proposal, address.prove, "address")
    well()


def test_links_of_proposals_open_their_own_purpose_only(make_event: Callable[..., Event]) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    place, moved = offer(), move_to("nouvelle@example.org")
    for proposal, nonce, purpose in (
        (place, place.nonce, "address"),
        (place, place.stop_nonce, "stop"),
        (moved, moved.nonce, "take"),
        (moved, moved.nonce, "stop"),
        (moved, moved.stop_nonce, "address"),
        (place, moved.nonce, "take"),
    ):
        assert proposals.opened(proposal.public_id, nonce, purpose) is None
    assert proposals.opened(moved.public_id, moved.stop_nonce, "stop") is not None
