"""Use cases of registrations: confirm, cancel, decide, add by hand, close, expire."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from eventreg.audit.models import AuditEntry
from eventreg.events import services as event_services
from eventreg.events.models import Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings
from eventreg.organisers import services as organisers
from eventreg.organisers.rules import Role
from eventreg.registration import errors, queries, services
from eventreg.registration.models import Closing, Registration
from eventreg.registration.rules import State
from eventreg.registration.services import Applicant, self_service
from eventreg.registration.services.decisions import locked
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Invalid
from tests.conftest import NOW

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("now", "ctx")


def sign_up(slug: str = "journee", email: str = "camille@example.org", key: str = "") -> str:
    """As the form does; the receipt."""
    page = queries.signup_page(slug)
    assert page is not None
    applicant = Applicant.from_text(email, "Camille", "Martin")
    prepared = services.prepare(page, applicant, locale="fr")
    with transaction():
        return services.register(prepared, key=key or email, payload={"email": email}).receipt


def person(email: str = "camille@example.org") -> Registration:
    """The latest row of an address, read afresh."""
    db.session.rollback()
    query = select(Registration).where(Registration.email_key == email)
    rows = db.session.execute(query.order_by(Registration.id)).scalars().all()
    return rows[-1]


def confirm(email: str = "camille@example.org") -> State:
    with transaction():
        row = person_locked(email)
        return services.confirm(row)


def person_locked(email: str) -> Registration:
    query = select(Registration).where(Registration.email_key == email)
    query = query.order_by(Registration.id.desc()).limit(1).with_for_update()
    return db.session.execute(query).scalar_one()


def cancel(email: str = "camille@example.org", actor: str = "registrant") -> State:
    with transaction():
        return services.cancel(person_locked(email), actor=actor)


def deliver(email: str, at: datetime, *, failed: bool = False) -> None:
    """The mail server took (or refused for good) the letters of an address."""
    with transaction() as session:
        query = select(OutboxMessage).where(OutboxMessage.recipient == email)
        for letter in session.execute(query).scalars():
            letter.state = "failed" if failed else "sent"
            letter.sent_at, letter.failed_at = (None, at) if failed else (at, None)


def letters(email: str = "camille@example.org") -> list[str]:
    db.session.rollback()
    query = select(OutboxMessage.kind).where(OutboxMessage.recipient == email)
    return list(db.session.execute(query.order_by(OutboxMessage.id)).scalars())


def taken() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.sum(Pool.taken))).scalar_one())


def steps(action: str) -> int:
    db.session.rollback()
    query = select(func.count()).where(AuditEntry.action == action)
    return int(db.session.execute(query).scalar_one())


@pytest.fixture(autouse=True)
def _the_oracle_after_each(app: Flask, ctx: None) -> Any:
    yield
    db.session.rollback()
    assert [finding for finding in all_findings(clock.utc_now()) if not finding.ok] == []


# ---- confirm


def test_confirming_twice_is_confirming_once(make_event: Callable[..., Any]) -> None:
    make_event(capacity=2)
    sign_up()
    assert (confirm(), confirm()) == (State.CONFIRMED, State.CONFIRMED)
    assert (taken(), steps("prove")) == (1, 1)
    assert letters() == ["confirm_address", "confirmed"]


def test_a_proven_address_waits_for_an_organiser_where_one_decides(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2, approval="manual")
    sign_up()
    assert confirm() is State.PENDING
    assert (taken(), letters()) == (0, ["confirm_address", "pending"])


@pytest.mark.parametrize("failed", [False, True], ids=["delivered", "given up"])
@pytest.mark.parametrize(
    ("late", "state"),
    [(-timedelta(seconds=1), State.CONFIRMED), (timedelta(0), State.EXPIRED)],
    ids=["a second before the end", "at the end"],
)
def test_a_hold_ends_at_its_instant_whether_or_not_the_job_came_by(
    make_event: Callable[..., Any], late: timedelta, state: State, failed: bool
) -> None:
    make_event(capacity=1)
    sign_up()
    deliver("camille@example.org", NOW + HOUR, failed=failed)
    with clock.frozen(NOW + 25 * HOUR + late):
        assert confirm() is state
        assert taken() == (1 if state is State.CONFIRMED else 0)
        assert person().ended_at == (None if state is State.CONFIRMED else clock.utc_now())


def test_a_hold_whose_letter_is_still_on_its_way_does_not_end(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    sign_up()
    with clock.frozen(NOW + timedelta(days=5)):
        assert services.expire_due(clock.utc_now()) == 0
        assert confirm() is State.CONFIRMED


def test_a_hold_taken_before_the_closing_may_be_confirmed_after_it(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1, closes_at=NOW + HOUR)
    sign_up()
    deliver("camille@example.org", NOW)
    with clock.frozen(NOW + 2 * HOUR):
        with pytest.raises(errors.Closed):
            sign_up(email="late@example.org")
        assert confirm() is State.CONFIRMED


def test_nobody_confirms_once_the_event_has_started(make_event: Callable[..., Any]) -> None:
    make_event(capacity=1, starts_at=NOW + HOUR)
    sign_up()
    with clock.frozen(NOW + HOUR):
        assert confirm() is State.EXPIRED


def test_mutant_a_hold_that_never_ends_is_seen(
    make_event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(capacity=1)
    sign_up()
    deliver("camille@example.org", NOW)
    monkeypatch.setattr(self_service.rules, "hold_ends_at", lambda **_facts: None)
    with clock.frozen(NOW + timedelta(days=2)):
        assert confirm() is State.CONFIRMED  # the test above asks for EXPIRED


# ---- cancel


def test_cancelling_frees_the_seat_once_and_kills_the_links(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    sign_up()
    confirm()
    nonce = person().nonce
    assert (cancel(), cancel()) == (State.CANCELLED, State.CANCELLED)
    assert (taken(), steps("cancel")) == (0, 1)
    assert letters() == ["confirm_address", "confirmed", "cancelled"]
    with pytest.raises(errors.ExpiredLink), transaction():
        self_service.held(person().public_id, nonce)
    sign_up(email="next@example.org")
    assert taken() == 1


def test_a_mailbox_that_never_answered_is_not_written_to_when_its_hold_is_cancelled(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    sign_up()
    cancel()
    assert (letters(), taken()) == (["confirm_address"], 0)


def test_somebody_who_cancelled_signs_up_again_as_new(make_event: Callable[..., Any]) -> None:
    make_event(capacity=1)
    sign_up()
    cancel()
    sign_up(key="another")
    assert person().state == "unconfirmed"
    assert taken() == 1


def test_a_registrant_does_not_cancel_once_the_event_has_started_and_an_organiser_may(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1, starts_at=NOW + HOUR)
    sign_up()
    confirm()
    with clock.frozen(NOW + HOUR):
        with pytest.raises(errors.NotPossible):
            cancel()
        assert cancel(actor="organiser:1") is State.CANCELLED


# ---- organisers


def decide(accept: bool, reason: str = "", email: str = "camille@example.org") -> State:
    with transaction():
        return services.decide(
            person_locked(email), accept=accept, reason=reason, actor="organiser:1"
        )


@pytest.fixture
def asked(make_event: Callable[..., Any]) -> Any:
    """An event with one seat and one person who awaits a decision."""
    event = make_event(capacity=1, approval="manual")
    sign_up()
    confirm()
    return event


@pytest.mark.usefixtures("asked")
def test_accepting_takes_the_seat_and_says_so() -> None:
    assert decide(accept=True, reason="Bienvenue") is State.CONFIRMED
    assert (taken(), letters()[-1]) == (1, "accepted")
    assert person().confirmed_at == NOW


@pytest.mark.usefixtures("asked")
def test_refusing_needs_a_reason_and_tells_it() -> None:
    with pytest.raises(Invalid):
        decide(accept=False)
    assert decide(accept=False, reason="La salle est petite.") is State.REJECTED
    assert (taken(), letters()[-1]) == (0, "rejected")


@pytest.mark.usefixtures("asked")
def test_nobody_is_accepted_into_a_full_event_and_nothing_is_half_done() -> None:
    event = queries.signup_facts("journee")
    assert event is not None
    with transaction() as session:
        session.get_one(Pool, event.pool_id).capacity = 0
    with pytest.raises(errors.Full):
        decide(accept=True)
    assert (person().state, taken(), letters()[-1]) == ("pending", 0, "pending")
    assert steps("accept") == 0


@pytest.mark.usefixtures("asked")
def test_a_second_decision_comes_too_late() -> None:
    decide(accept=True)
    with pytest.raises(errors.NotPossible):
        decide(accept=False, reason="Trop tard")
    assert letters().count("rejected") == 0


def _at_once(app: Flask, calls: list[Callable[[], Any]]) -> list[str]:
    """Results or the names of refusals of calls that start together, each on its own connection."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> str:
        with app.app_context():
            gate.wait(timeout=30)
            try:
                return str(call())
            except (errors.NotPossible, errors.Full) as refusal:
                return type(refusal).__name__
            finally:
                db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(run, calls))


def test_of_two_organisers_who_decide_at_once_one_is_told_that_it_is_done(
    app: Flask, asked: Any
) -> None:
    public_id, event_id = person().public_id, asked.id

    def one(accept: bool) -> Callable[[], str]:
        def act() -> str:
            with transaction():
                row = locked(event_id, public_id)
                assert row is not None
                return str(services.decide(row, accept=accept, reason="Motif", actor="organiser:1"))

        return act

    found = _at_once(app, [one(True), one(False)])
    assert found in (["NotPossible", "confirmed"], ["NotPossible", "rejected"])
    assert len([kind for kind in letters() if kind in {"accepted", "rejected"}]) == 1


def test_of_two_people_accepted_at_once_for_one_seat_one_gets_it(app: Flask, asked: Any) -> None:
    sign_up(email="second@example.org")
    confirm("second@example.org")

    def accept(email: str) -> Callable[[], State]:
        return lambda: decide(accept=True, email=email)

    found = _at_once(app, [accept("camille@example.org"), accept("second@example.org")])
    assert found == ["Full", "confirmed"]
    assert taken() == 1


def by_hand(event: Any, email: str = "camille@example.org", **values: Any) -> Registration:
    with transaction():
        return services.add_by_hand(
            event,
            Applicant.from_text(email, "Camille", "Martin"),
            actor="organiser:1",
            locale="fr",
            **{"reason": "Intervenante", **values},
        )


def test_somebody_is_added_by_hand_after_the_deadline_with_a_reason(
    make_event: Callable[..., Any],
) -> None:
    event = make_event(capacity=1, closes_at=NOW + HOUR)
    with clock.frozen(NOW + 2 * HOUR):
        with pytest.raises(Invalid):
            by_hand(event, reason="")
        made = by_hand(event)
        assert (made.state, made.source, taken()) == ("confirmed", "organiser", 1)
        assert letters() == ["confirmed"]


def test_adding_by_hand_keeps_the_capacity_unless_told_otherwise(
    make_event: Callable[..., Any],
) -> None:
    event = make_event(capacity=0)
    with pytest.raises(errors.Full):
        by_hand(event)
    assert (taken(), letters()) == (0, [])
    by_hand(event, over_capacity=True)
    assert taken() == 1


def test_adding_somebody_who_is_there_already_says_so(make_event: Callable[..., Any]) -> None:
    event = make_event(capacity=5)
    sign_up()
    with pytest.raises(errors.AlreadyRegistered):
        by_hand(event, " CAMILLE@example.org ")
    assert taken() == 1


def test_taking_a_place_back_for_somebody_needs_a_reason_and_tells_it(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    sign_up()
    confirm()
    with pytest.raises(Invalid), transaction():
        services.take_back(person_locked("camille@example.org"), reason="", actor="organiser:1")
    with transaction():
        services.take_back(
            person_locked("camille@example.org"), reason="Salle plus petite", actor="organiser:1"
        )
    assert (taken(), letters()[-1]) == (0, "cancelled")
    assert person().decision_reason == "Salle plus petite"


def test_a_registration_of_another_event_is_not_found_from_here(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1)
    other = make_event("autre", capacity=1)
    sign_up()
    with transaction():
        assert locked(other.id, person().public_id) is None
        assert locked(other.id, "unknown") is None


# ---- « send me my links »


def test_asking_for_links_gives_fresh_ones_and_kills_the_old_ones(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2)
    sign_up()
    confirm()
    before = person()
    public_id, nonce = before.public_id, before.nonce
    with transaction():
        services.send_links(canonical("Camille@example.org"), locale="fr", now=NOW)
    assert letters()[-1] == "my_links"
    with pytest.raises(errors.ExpiredLink), transaction():
        self_service.held(public_id, nonce)
    with transaction():
        assert self_service.held(public_id, person().nonce).state == "confirmed"


def test_asking_for_links_of_an_unknown_address_writes_nothing(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2)
    with transaction():
        services.send_links(canonical("nobody@example.org"), locale="fr", now=NOW)
    assert letters("nobody@example.org") == []


# ---- sign-up, where the form does not tell


def test_settings_that_changed_under_the_form_are_looked_at_again(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2)
    page = queries.signup_page("journee")
    assert page is not None
    applicant = Applicant.from_text("camille@example.org", "Camille", "Martin")
    prepared = services.prepare(page, applicant, locale="fr")
    with transaction():
        event_services.change(
            event_services.locked("journee"), {"venue": "Lyon"}, actor="operator", now=NOW
        )
    with pytest.raises(errors.NotPossible), transaction():
        services.register(prepared, key="k", payload={})
    assert taken() == 0


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"state": "draft"}, errors.NoSignUp),
        ({"state": "cancelled"}, errors.Closed),
        ({"registration_mode": "none"}, errors.NoSignUp),
        ({"opens_at": NOW + HOUR}, errors.NotOpen),
        ({"closes_at": NOW}, errors.Closed),
        ({"capacity": 0}, errors.Full),
    ],
)
def test_a_sign_up_that_cannot_be_taken_is_refused_and_leaves_no_trace(
    make_event: Callable[..., Any], values: dict[str, Any], refusal: type[Exception]
) -> None:
    make_event(**{"capacity": 2, **values})
    with pytest.raises(refusal):
        sign_up()
    assert (letters(), steps("registered"), taken()) == ([], 0, 0)


def test_a_pending_person_takes_a_seat_at_once_where_the_event_says_so(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1, approval="manual", pending_holds_seat=True, confirmation_hours=0.0)
    sign_up()
    assert (person().state, taken()) == ("pending", 1)
    with pytest.raises(errors.Full):
        sign_up(email="second@example.org")
    assert decide(accept=True) is State.CONFIRMED
    assert taken() == 1


def test_a_pending_person_takes_none_otherwise_but_a_full_event_takes_no_more_requests(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=1, approval="manual", confirmation_hours=0.0)
    sign_up()
    sign_up(email="second@example.org")
    assert taken() == 0
    decide(accept=True)
    with pytest.raises(errors.Full):
        sign_up(email="third@example.org")


def test_one_key_has_one_answer_and_another_payload_is_refused(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2)
    assert sign_up(key="k") == sign_up(key="k")
    with pytest.raises(errors.KeyReused):
        sign_up(email="other@example.org", key="k")
    with clock.frozen(NOW + 24 * HOUR):
        assert sign_up(key="k") != sign_up(key="fresh")
    assert taken() == 1


def test_the_same_key_is_known_even_when_it_was_not_seen_before_the_write(
    make_event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two clicks at the same instant: both look before either writes."""
    make_event(capacity=2)
    first, look = sign_up(key="k"), queries.locked
    monkeypatch.setattr(queries, "locked", lambda *given: (look(*given)[0], None))
    assert sign_up(key="k") == first
    assert taken() == 1


@pytest.mark.parametrize("proven", [False, True])
def test_a_twin_learns_by_mail_alone_and_at_most_once_an_hour(
    make_event: Callable[..., Any], proven: bool
) -> None:
    make_event(capacity=2)
    sign_up(key="first")
    if proven:
        confirm()
    for number in range(3):
        sign_up(key=f"again{number}")
    with clock.frozen(NOW + HOUR):
        sign_up(key="an hour later")
    assert letters().count("already_registered") == 2
    assert taken() == 1


def test_a_twin_that_ends_between_two_statements_leaves_nothing_half_done(
    make_event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(capacity=2)
    sign_up()
    monkeypatch.setattr(queries, "active_of", lambda *_who: None)
    with pytest.raises(errors.NotPossible):
        sign_up(key="again")
    assert (taken(), letters()) == (1, ["confirm_address"])


def test_a_private_address_is_refused_where_only_public_agents_come(
    make_event: Callable[..., Any],
) -> None:
    make_event(capacity=2, audience="public_agents", closes_at=NOW + HOUR)
    with pytest.raises(errors.NotEligible):
        sign_up(email="somebody@gmail.com")
    with clock.frozen(NOW + HOUR), pytest.raises(errors.Closed):
        sign_up(email="somebody@gmail.com")
    assert letters("somebody@gmail.com") == []


# ---- the closing


def closings() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(Closing)).scalar_one())


@pytest.fixture
def with_owner(make_event: Callable[..., Any]) -> Any:
    event = make_event(capacity=5, closes_at=NOW + HOUR, contact_email="contact@example.org")
    with transaction():
        organisers.create(
            "owner@example.org",
            name="Nadia Roussel",
            role=Role("owner"),
            event_slug="journee",
            now=NOW,
        )
    return event


@pytest.mark.usefixtures("with_owner")
def test_the_consequences_of_a_closing_come_once_to_each_organiser() -> None:
    sign_up()
    assert services.close_due(NOW + HOUR - timedelta(seconds=1)) == 0
    assert services.close_due(NOW + HOUR) == 1
    assert services.close_due(NOW + HOUR) == 0
    assert services.close_due(NOW + 5 * HOUR) == 0
    assert letters("owner@example.org") == ["closing_recap"]
    assert letters("contact@example.org") == ["closing_recap"]
    assert (steps("closed"), closings()) == (1, 1)


@pytest.mark.usefixtures("with_owner")
def test_a_worker_that_sleeps_for_two_days_draws_the_consequences_when_it_wakes() -> None:
    assert services.close_due(NOW + timedelta(days=2)) == 1
    assert letters("owner@example.org") == ["closing_recap"]


@pytest.mark.usefixtures("with_owner")
def test_two_workers_at_once_draw_the_consequences_once(app: Flask) -> None:
    found = _at_once(app, [lambda: services.close_due(NOW + HOUR)] * 4)
    assert found == ["0", "0", "0", "1"]
    assert (letters("owner@example.org"), steps("closed")) == (["closing_recap"], 1)


@pytest.mark.usefixtures("with_owner")
def test_a_deadline_moved_later_opens_again_and_is_closed_a_second_time() -> None:
    services.close_due(NOW + HOUR)
    later = NOW + 2 * HOUR
    with clock.frozen(later):
        with transaction():
            event_services.change(
                event_services.locked("journee"),
                {"closes_at": later + HOUR},
                actor="operator",
                now=later,
            )
        sign_up()
        assert services.close_due(later) == 0
    assert services.close_due(later + HOUR) == 1
    assert letters("owner@example.org") == ["closing_recap"] * 2


@pytest.mark.usefixtures("with_owner")
def test_a_draft_and_an_event_that_was_over_before_it_was_shown_are_not_closed(
    make_event: Callable[..., Any],
) -> None:
    make_event("brouillon", state="draft", closes_at=NOW + HOUR)
    make_event("ancien", starts_at=NOW - timedelta(days=30), published_at=NOW)
    assert services.close_due(NOW + HOUR) == 1


@pytest.mark.usefixtures("with_owner")
def test_a_contact_that_cannot_be_written_to_does_not_stop_the_closing() -> None:
    with transaction():
        event_services.locked("journee").contact_email = "not an address"
    assert services.close_due(NOW + HOUR) == 1
    assert letters("owner@example.org") == ["closing_recap"]


@pytest.mark.usefixtures("with_owner")
def test_mutant_a_closing_that_is_not_noted_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventreg.registration.services.closing.insert_or_none", lambda *_a: 1)
    assert services.close_due(NOW + HOUR) == 1
    assert services.close_due(NOW + HOUR) == 1
    # The unique letter is a second wall: organisers are not written to twice even so.
    assert letters("owner@example.org") == ["closing_recap"]


# ---- holds


def test_holds_that_ended_are_given_back_once_in_batches_and_the_others_stay(
    make_event: Callable[..., Any], make_registration: Callable[..., Any]
) -> None:
    make_event(capacity=200)
    for number in range(60):
        sign_up(email=f"old{number}@example.org")
    for number in range(60):
        deliver(f"old{number}@example.org", NOW)
    sign_up(email="waiting@example.org")
    assert taken() == 61
    end = NOW + 24 * HOUR
    assert services.expire_due(end - timedelta(seconds=1)) == 0
    assert services.expire_due(end) == 60
    assert services.expire_due(end) == 0
    assert (taken(), steps("expire")) == (1, 60)
    with clock.frozen(end):
        sign_up(email="old0@example.org", key="again")
    assert taken() == 2


def test_two_workers_at_once_give_each_seat_back_once(
    app: Flask, make_event: Callable[..., Any]
) -> None:
    make_event(capacity=20)
    for number in range(8):
        sign_up(email=f"old{number}@example.org")
        deliver(f"old{number}@example.org", NOW)
    found = _at_once(app, [lambda: services.expire_due(NOW + 24 * HOUR)] * 3)
    assert sum(map(int, found)) == 8
    assert (taken(), steps("expire")) == (0, 8)


def test_every_hold_ends_when_the_event_starts(make_event: Callable[..., Any]) -> None:
    make_event(capacity=2, starts_at=NOW + HOUR)
    sign_up()
    assert services.expire_due(NOW + HOUR - timedelta(seconds=1)) == 0
    assert services.expire_due(NOW + HOUR) == 1
    assert person().state == "expired"


@pytest.mark.parametrize("state", ["cancelled", "archived"])
def test_nobody_is_confirmed_for_an_event_that_will_not_take_place(
    now, make_event, make_registration, state
):
    event = make_event()
    person = make_registration(event, state="unconfirmed")
    with transaction():
        event.state = state
    with pytest.raises(errors.EventOver), transaction():
        self_service.confirm(person)
    db.session.expire_all()
    assert queries.by_public_id(person.public_id).state == "unconfirmed"
