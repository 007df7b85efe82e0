"""What a person does with their registration: change it, undo, come back, hand over, move house."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from eventreg.audit.models import AuditEntry
from eventreg.events import services as event_services
from eventreg.events.models import Event, Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings, within_capacity
from eventreg.registration import errors, queries, services
from eventreg.registration.models import PoolSeats, Proposal, Registration
from eventreg.registration.rules import State
from eventreg.registration.services import (
    Applicant,
    Wishes,
    address,
    editing,
    handover,
    pools,
    proposals,
    returning,
)
from eventreg.registration.services.editing import IDENTITY, Edit
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import DomainError, Invalid
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("now", "ctx")


def sign_up(name: str, wishes: Wishes | None = None, *, in_line: bool = False) -> State:
    page = queries.signup_page("journee")
    assert page is not None
    applicant = Applicant.from_text(f"{name}@example.org", name.title(), "Martin")
    wishes = wishes or Wishes()
    prepared = services.prepare(page, applicant, locale="fr", wishes=wishes, in_line=in_line)
    with transaction():
        return State(services.register(prepared, key=name, payload={}).state)


def person(name: str, *, lock: bool = False) -> Registration:
    query = select(Registration).where(Registration.email_key == f"{name}@example.org")
    query = query.order_by(Registration.id.desc()).limit(1)
    query = query.execution_options(populate_existing=True)
    return db.session.execute(query.with_for_update() if lock else query).scalar_one()


def state(name: str) -> str:
    db.session.rollback()
    return person(name).state


def act(name: str, what: Callable[[Registration], Any]) -> Any:
    with transaction():
        return what(person(name, lock=True))


def leave(name: str) -> None:
    act(name, lambda row: services.cancel(row, actor="registrant"))


def back(name: str, how: Callable[..., State]) -> State:
    """As the door does it: the places, else the line where one is kept."""
    try:
        found: State = act(name, how)
    except errors.Full:
        page = queries.signup_page("journee")
        assert page is not None
        db.session.rollback()
        if not returning.may_wait(person(name), page.facts):
            raise
        found = act(name, lambda row: how(row, in_line=True))
    return found


def again(public_id: str, how: Callable[..., State]) -> State:
    with transaction():
        row = queries.by_public_id(public_id, lock=True)
        assert row is not None
        return how(row)


def kinds(address: str) -> list[str]:
    db.session.rollback()
    query = select(OutboxMessage.kind).where(OutboxMessage.recipient == address)
    return list(db.session.execute(query.order_by(OutboxMessage.id)).scalars())


def counts() -> dict[str, tuple[int, int]]:
    db.session.rollback()
    query = select(Pool.key, Pool.taken, Pool.waiting)
    return {key: (taken, waiting) for key, taken, waiting in db.session.execute(query)}


def change(**values: Any) -> None:
    with transaction():
        event = event_services.locked("journee")
        event_services.change(event, values, actor="operator", now=clock.utc_now())


def well() -> None:
    """The oracle, after each story."""
    db.session.rollback()
    assert [f for f in all_findings(clock.utc_now()) if not f.ok] == []


def edit(name: str, wishes: Wishes | None = None, **identity: str) -> State:
    def write(row: Registration) -> State:
        stored = {key: getattr(row, key) for key in IDENTITY}
        return editing.modify(row, Edit(stored | identity, editing.mark(row), wishes))

    found: State = act(name, write)
    return found


# ---------------------------------------------------------------- changes


def test_names_are_corrected_and_the_trace_tells_which_answers_never_what(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    assert edit("anne", given_name="Anne-Lise", phone="01 99 00 12 34") is State.CONFIRMED
    row = person("anne")
    assert (row.given_name, row.search) == ("Anne-Lise", "martin anne-lise anne@example.org")
    step = db.session.execute(
        select(AuditEntry).where(AuditEntry.action == "modified")
    ).scalar_one()
    assert step.details == {"keys": ["given_name", "phone"]}
    edit("anne")  # nothing changed: nothing is written
    assert db.session.query(AuditEntry).filter_by(action="modified").count() == 1
    well()


def test_two_edits_at_once_never_overwrite_each_other(make_event: Callable[..., Event]) -> None:
    """The mutant without the comparison of marks loses the first one's telephone."""
    make_event(confirmation_hours=0)
    sign_up("anne")
    seen = editing.mark(person("anne"))
    stored = {key: getattr(person("anne"), key) for key in IDENTITY}
    one = Edit(stored | {"phone": "01 99 00 00 01"}, seen)
    two = Edit(stored | {"given_name": "Hanne"}, seen)
    act("anne", lambda row: editing.modify(row, one))
    with pytest.raises(errors.ChangedMeanwhile):
        act("anne", lambda row: editing.modify(row, two))
    db.session.rollback()
    assert (person("anne").phone, person("anne").given_name) == ("01 99 00 00 01", "Anne")
    # Fresh links in between are no change of the answers.
    with transaction():
        services.send_links(canonical("anne@example.org"), locale="fr", now=NOW)
    assert edit("anne", given_name="Hanne") is State.CONFIRMED


@pytest.mark.parametrize(
    ("values", "after", "allowed"),
    [
        ({"closes_at": NOW + HOUR}, HOUR - timedelta(seconds=1), True),
        ({"closes_at": NOW + HOUR}, HOUR, False),
        ({"closes_at": NOW + HOUR, "modify_until": NOW + 3 * HOUR}, 2 * HOUR, True),
        ({"closes_at": NOW + 3 * HOUR, "modify_until": NOW + HOUR}, HOUR, False),
        ({"modify_until": NOW + timedelta(days=60)}, timedelta(days=20), False),  # it began
    ],
)
def test_answers_are_changed_until_the_limit(
    make_event: Callable[..., Event], values: dict[str, Any], after: timedelta, allowed: bool
) -> None:
    make_event(confirmation_hours=0, **values)
    sign_up("anne")
    with clock.frozen(NOW + after):
        if allowed:
            assert edit("anne", phone="1") is State.CONFIRMED
        else:
            with pytest.raises(errors.TooLateToModify):
                edit("anne", phone="1")


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


def test_one_moves_from_a_workshop_to_another_all_or_none(
    workshops: Callable[..., Wishes],
) -> None:
    sign_up("anne", workshops("a"))
    assert edit("anne", workshops("b")) is State.CONFIRMED
    assert counts() == {"": (1, 0), "a": (0, 0), "b": (1, 0)}
    well()
    sign_up("bea", workshops("a"))
    with pytest.raises(errors.PoolsFull) as refusal:
        edit("bea", workshops("b"), phone="lost with the rest")
    assert refusal.value.params == {"pools": "B"}
    assert counts() == {"": (2, 0), "a": (1, 0), "b": (1, 0)}
    assert person("bea").phone == ""
    well()


def test_a_workshop_that_filled_between_the_look_and_the_taking_loses_nobody(
    workshops: Callable[..., Wishes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conditional update decides, not the look before it."""
    sign_up("anne", workshops("a"))
    sign_up("bea", workshops("b"))
    monkeypatch.setattr(editing, "_refuse_if_full", lambda _more: None)
    with pytest.raises(errors.Full):
        edit("anne", workshops("b"))
    assert counts() == {"": (2, 0), "a": (1, 0), "b": (1, 0)}
    well()


def test_companions_are_people_who_come_before_the_deadline(
    workshops: Callable[..., Wishes],
) -> None:
    change(closes_at=NOW + HOUR, modify_until=NOW + 3 * HOUR)
    sign_up("anne", workshops("a"))
    edit("anne", workshops("a", companions=1))
    assert counts()[""] == (2, 0)
    with clock.frozen(NOW + HOUR):
        with pytest.raises(errors.Closed):
            edit("anne", workshops("a", companions=2))
        edit("anne", workshops("b"))  # fewer people, another workshop
        assert counts() == {"": (1, 0), "a": (0, 0), "b": (1, 0)}
        well()


@pytest.mark.parametrize("holds", [False, True])
def test_a_change_is_decided_again_where_the_organisers_ask_it(
    workshops: Callable[..., Wishes], holds: bool
) -> None:
    sign_up("anne", workshops("a"))
    change(reset_on_edit=True, pending_holds_seat=holds)
    assert edit("anne", workshops("b")) is State.PENDING
    assert counts() == {"": (int(holds), 0), "a": (0, 0), "b": (int(holds), 0)}
    assert kinds("anne@example.org")[-1] == "pending"
    well()
    act("anne", lambda row: services.decide(row, accept=True, reason="", actor="organiser:1"))
    assert counts() == {"": (1, 0), "a": (0, 0), "b": (1, 0)}
    well()


def test_whoever_waits_may_ask_for_something_else_and_keeps_the_rank(
    make_event: Callable[..., Event],
) -> None:
    event = make_event(capacity=5, confirmation_hours=0, waiting_list=True)
    with transaction() as session:
        row = {"event_id": event.id, "kind": "workshop", "key": "a", "waiting_list": True}
        session.add(Pool(capacity=1, **row))
    asks = Wishes(form_version=1, pools={"a": 1})
    sign_up("anne", asks)
    sign_up("bea", asks, in_line=True)
    rank = person("bea").queue_rank
    edit("bea", Wishes(form_version=1, companions=1, pools={"a": 1}))
    assert (state("bea"), person("bea").queue_rank) == ("waiting", rank)
    well()
    edit("bea", Wishes(form_version=1))  # without the full workshop nothing lacks
    assert state("bea") == "offered"
    assert counts() == {"": (2, 0), "a": (1, 0)}
    well()


# ---------------------------------------------------------------- back again


def test_a_cancelling_is_undone_for_half_an_hour(make_event: Callable[..., Event]) -> None:
    make_event(capacity=1, confirmation_hours=0)
    sign_up("anne")
    leave("anne")
    with clock.frozen(NOW + 30 * MINUTE - timedelta(seconds=1)):
        assert back("anne", returning.restore) is State.CONFIRMED
        assert back("anne", returning.restore) is State.CONFIRMED  # twice is once
    assert kinds("anne@example.org") == ["confirmed", "cancelled", "confirmed"]
    assert (person("anne").cancelled_at, counts()[""]) == (None, (1, 0))
    well()
    leave("anne")
    with clock.frozen(NOW + 30 * MINUTE), pytest.raises(errors.TooLateToUndo):
        back("anne", returning.restore)


def test_an_undo_after_the_deadline_takes_nobody_s_place_and_brings_nobody_new_in(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=1, confirmation_hours=0, closes_at=NOW + HOUR)
    sign_up("anne")
    with clock.frozen(NOW + HOUR - MINUTE):
        leave("anne")
        sign_up("bea")
        with clock.frozen(NOW + HOUR):
            with pytest.raises(errors.Full):
                back("anne", returning.restore)
            with pytest.raises(errors.Closed):
                back("anne", returning.come_back)
            leave("bea")
            assert back("bea", returning.restore) is State.CONFIRMED
            well()


def test_an_undo_returns_to_the_line_with_the_rank_of_before(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=1, confirmation_hours=0, waiting_list=True)
    sign_up("anne")
    for minute, name in enumerate(("bea", "chloe"), 1):
        with clock.frozen(NOW + minute * MINUTE):
            sign_up(name, in_line=True)
    rank = person("bea").queue_rank
    leave("bea")
    assert back("bea", returning.restore) is State.WAITING
    assert person("bea").queue_rank == rank
    well()
    leave("anne")  # offered to Bea at once: Anne was there before everybody in line
    assert state("bea") == "offered"
    assert back("anne", returning.restore) is State.WAITING
    leave("bea")
    assert [state(n) for n in ("anne", "chloe")] == ["offered", "waiting"]
    well()


def test_what_the_organisers_cancelled_is_not_undone_by_its_person(
    make_event: Callable[..., Event],
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    act("anne", lambda row: services.take_back(row, reason="Doublon.", actor="organiser:1"))
    with pytest.raises(errors.TooLateToUndo):
        back("anne", returning.restore)
    with pytest.raises(errors.NotPossible):
        back("anne", returning.come_back)


@pytest.mark.parametrize("how", [returning.restore, returning.come_back])
def test_whoever_signed_up_again_meanwhile_is_not_there_twice(
    make_event: Callable[..., Event], how: Callable[..., State]
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    first = person("anne").public_id
    leave("anne")
    with clock.frozen(NOW + MINUTE):
        page = queries.signup_page("journee")
        assert page is not None
        applicant = Applicant.from_text("anne@example.org", "Anne", "Martin")
        prepared = services.prepare(page, applicant, locale="fr")
        with transaction():
            services.register(prepared, key="again", payload={})
        with pytest.raises(errors.SignedUpAgain):
            again(first, how)
        well()


def test_coming_back_is_a_sign_up_under_the_same_rules(make_event: Callable[..., Event]) -> None:
    make_event(capacity=1)
    sign_up("anne")
    act("anne", services.confirm)
    leave("anne")
    with clock.frozen(NOW + HOUR):
        assert back("anne", returning.come_back) is State.CONFIRMED
        row = person("anne")
        assert (row.proven_at, row.decided_at) == (NOW, NOW + HOUR)
        leave("anne")
        sign_up("bea")
    with clock.frozen(NOW + 2 * HOUR):
        with pytest.raises(errors.Full):
            back("anne", returning.come_back)
        change(waiting_list=True)
        assert back("anne", returning.come_back) is State.WAITING
        assert person("anne").queue_rank == (NOW + 2 * HOUR).timestamp()
        well()
        leave("anne")
        change(approval="manual", capacity=2)
        assert back("anne", returning.come_back) is State.PENDING
        assert not person("anne").cleared
        well()
        leave("anne")
        change(audience="public_agents")
        with pytest.raises(errors.NotEligible):
            back("anne", returning.come_back)
        change(audience="anyone", closes_at=NOW + 2 * HOUR)
        with pytest.raises(errors.Closed):
            back("anne", returning.come_back)


def test_a_deadline_that_passes_in_the_line_for_the_seat_closes(
    make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(capacity=5, confirmation_hours=0, closes_at=NOW + HOUR)
    sign_up("anne")
    leave("anne")
    taking = pools.apply

    def slow(*args: Any, **options: Any) -> Any:
        done = taking(*args, **options)
        stack.append(clock.frozen(NOW + HOUR))
        stack[-1].__enter__()
        return done

    stack: list[Any] = []
    monkeypatch.setattr(pools, "apply", slow)
    with clock.frozen(NOW + HOUR - MINUTE):
        try:
            with pytest.raises(errors.Closed):
                act("anne", returning.come_back)
        finally:
            for frozen in reversed(stack):
                frozen.__exit__(None, None, None)
    assert (state("anne"), counts()[""]) == ("cancelled", (0, 0))


def test_whoever_never_confirmed_comes_back_with_what_they_typed(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=1, confirmation_hours=1)
    sign_up("anne")
    with transaction():
        letter = db.session.query(OutboxMessage).one()
        letter.state, letter.sent_at = "sent", NOW
    with clock.frozen(NOW + 2 * HOUR):  # the minute job did not come by
        assert back("anne", returning.come_back) is State.CONFIRMED
        assert person("anne").proven_at == NOW + 2 * HOUR
        well()


# ---------------------------------------------------------------- a colleague


def offer(name: str = "anne", to: str = "bea@example.org") -> Proposal:
    colleague = Applicant.from_text(to, "Béa", "Petit")
    found: Proposal = act(name, lambda row: handover.offer(row, colleague))
    return found


def answer(proposal: Proposal, how: Callable[..., Any], purpose: str = "take") -> Any:
    nonce = proposal.stop_nonce if purpose == "stop" else proposal.nonce
    with transaction():
        return how(*proposals.held(proposal.public_id, nonce, purpose))


def test_a_place_passes_to_a_colleague_and_is_never_free(
    workshops: Callable[..., Wishes],
) -> None:
    sign_up("anne", workshops("a", companions=1))
    old = person("anne").nonce
    proposal = offer()
    assert (state("anne"), counts()) == ("confirmed", {"": (2, 0), "a": (1, 0), "b": (0, 0)})
    taken = answer(proposal, handover.accept)
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
        answer(proposal, handover.accept)  # a second press
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
        answer(proposal, handover.accept)
    change(closes_at=NOW + HOUR)  # moved nearer after the offer was made
    with clock.frozen(NOW + HOUR), pytest.raises(errors.NoHandover):
        answer(proposal, handover.accept)
    newer = offer()
    assert newer.expires_at == NOW + HOUR
    with pytest.raises(errors.OfferEnded):
        answer(proposal, handover.accept)  # replaced
    answer(newer, handover.decline)
    answer(newer, handover.decline)  # twice is once
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
        answer(proposal, handover.accept)
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
        answer(proposal, handover.accept)
    well()


# ---------------------------------------------------------------- another address


def move_to(new: str, name: str = "anne") -> Proposal:
    found: Proposal = act(name, lambda row: address.ask(row, canonical(new)))
    return found


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
        answer(proposal, address.prove, "address")
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
        answer(proposal, address.prove, "address")
    well()


@pytest.mark.parametrize("proven", [False, True])
def test_the_old_address_stops_a_change_that_its_person_did_not_ask_for(
    make_event: Callable[..., Event], proven: bool
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    proposal = move_to("voleuse@example.org")
    if proven:
        answer(proposal, address.prove, "address")
    thief = person("voleuse" if proven else "anne").nonce
    with clock.frozen(NOW + 72 * HOUR), pytest.raises(errors.OfferEnded):
        answer(proposal, address.stop, "stop")
    answer(proposal, address.stop, "stop")
    answer(proposal, address.stop, "stop")  # twice is once
    row = person("anne")
    assert (row.state, row.nonce != thief) == ("confirmed", True)
    assert kinds("anne@example.org")[-1] == "confirmed"
    with pytest.raises(errors.OfferEnded):
        answer(proposal, address.prove, "address")
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
        answer(proposal, address.prove, "address")
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


# ---------------------------------------------------------------- races, and what sees them


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[str]:
    """Each in a thread and a transaction of its own, begun together: « done » or the refusal."""
    gate = Barrier(len(acts))

    def run(one: Callable[[], Any]) -> str:
        with app.app_context():
            gate.wait(10)
            try:
                with transaction():
                    one()
            except DomainError as refusal:
                return type(refusal).__name__
            return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(future.result(30) for future in [pool.submit(run, one) for one in acts])


def test_of_two_edits_at_the_same_instant_one_is_told_of_the_other(
    app: Flask, make_event: Callable[..., Event]
) -> None:
    make_event(confirmation_hours=0)
    sign_up("anne")
    for round_ in range(5):
        db.session.rollback()
        seen = editing.mark(person("anne"))
        stored = {key: getattr(person("anne"), key) for key in IDENTITY}
        db.session.rollback()

        def write(
            key: str, round_: int = round_, stored: dict[str, str] = stored, seen: str = seen
        ) -> None:
            sent = Edit(stored | {key: f"{key} {round_}"}, seen)
            editing.modify(person("anne", lock=True), sent)

        assert at_once(app, lambda: write("phone"), lambda: write("job_title")) == [
            "ChangedMeanwhile",
            "done",
        ]
    well()


def test_two_who_move_crosswise_and_a_third_end_with_each_seat_once(
    app: Flask, workshops: Callable[..., Wishes]
) -> None:
    """Anne leaves A for B, Bea B for A, Chloe wants A: no deadlock, nobody loses a place."""
    sign_up("anne", workshops("a"))
    sign_up("bea", workshops("b"))
    sign_up("chloe", workshops())
    db.session.rollback()

    def write(name: str, key: str) -> None:
        row = person(name, lock=True)
        stored = {field: getattr(row, field) for field in IDENTITY}
        editing.modify(row, Edit(stored, editing.mark(row), workshops(key)))

    answers = at_once(
        app, lambda: write("anne", "b"), lambda: write("bea", "a"), lambda: write("chloe", "a")
    )
    assert answers == ["PoolsFull"] * 3  # each workshop stays full from one instant to the next
    assert counts() == {"": (3, 0), "a": (1, 0), "b": (1, 0)}
    well()


def test_of_two_presses_and_a_cancelling_one_place_has_one_person(
    app: Flask, workshops: Callable[..., Wishes]
) -> None:
    sign_up("anne", workshops("a"))
    proposal = offer()
    key, nonce = proposal.public_id, proposal.nonce
    db.session.rollback()

    def press() -> None:
        handover.accept(*proposals.held(key, nonce, "take"))

    answers = at_once(
        app, press, press, lambda: services.cancel(person("anne", lock=True), actor="registrant")
    )
    assert answers in (
        ["OfferEnded", "done", "done"],  # accepted, and nothing left to cancel
        ["NotPossible", "NotPossible", "done"],  # cancelled first
    )
    assert counts()["a"][0] == (1 if answers[0] == "OfferEnded" else 0)
    well()


def test_mutant_an_edit_that_does_not_compare_is_seen(
    make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editing.tokens, "same", lambda _one, _other: True)
    with pytest.raises(pytest.fail.Exception):
        test_two_edits_at_once_never_overwrite_each_other(make_event)


def test_mutant_a_move_that_takes_without_looking_is_seen(
    workshops: Callable[..., Wishes], monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = pools.apply
    monkeypatch.setattr(
        pools, "apply", lambda changes, **_options: taking(changes, over_capacity=True)
    )
    with pytest.raises(pytest.fail.Exception):
        test_a_workshop_that_filled_between_the_look_and_the_taking_loses_nobody(
            workshops, monkeypatch
        )
    assert not within_capacity().ok


def test_mutant_a_place_that_is_freed_between_two_people_is_seen(
    workshops: Callable[..., Wishes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "_pass_seats", lambda *_args: None)
    sign_up("anne", workshops("a"))
    answer(offer(), handover.accept)
    with pytest.raises(AssertionError):
        well()
