"""A list of people enters an event: nobody twice, nobody past the rules, each row told."""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from eventreg.events.models import Event, Pool
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings, within_capacity
from eventreg.questionnaire import queries as forms
from eventreg.registration import exports, queries, taking_in
from eventreg.registration.models import PoolSeats, Registration
from eventreg.registration.services import bulk
from eventreg.registration.services.bulk import Terms
from eventreg.registration.taking_in import Report
from eventreg.shared import tables
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Invalid
from eventreg.shared.i18n import force_locale, translate
from tests.questionnaire.samples import CHAIN
from tests.registration.test_own_questions import ask

pytestmark = pytest.mark.usefixtures("ctx", "now")
HEAD = "Nom;Prénom;Adresse électronique"
COUNTS = (taking_in.REFUSED, taking_in.KNOWN, taking_in.LEFT_OUT)


def csv(*rows: str, head: str = HEAD) -> bytes:
    return "\r\n".join((head, *rows)).encode()


def people(count: int, first: int = 1) -> list[str]:
    return [f"Martin;Camille;p{n}@example.org" for n in range(first, first + count)]


def take(event: Event, data: bytes, *, dry_run: bool = False, **how: Any) -> Report:
    """With the same list tried first: a trial writes nothing and says the same."""
    terms = Terms(actor="operator", **how)
    before = figures(event)
    trial = taking_in.take_in(event, tables.read(data), terms, dry_run=True)
    assert figures(event) == before
    if dry_run:
        return trial
    done = taking_in.take_in(event, tables.read(data), terms)
    assert (done.entered, done.sorted()) == (trial.entered, trial.sorted())
    return done


def figures(event: Event) -> dict[str, int]:
    db.session.rollback()
    return queries.figures(event.id)


def kept(email: str) -> Registration:
    db.session.rollback()
    query = select(Registration).where(Registration.email_key == email)
    return db.session.execute(query).scalar_one()


def letters() -> list[tuple[str, str]]:
    db.session.rollback()
    query = select(OutboxMessage.recipient, OutboxMessage.kind).order_by(OutboxMessage.id)
    return [tuple(row) for row in db.session.execute(query)]


@pytest.fixture(autouse=True)
def oracle(ctx: None, now: datetime) -> Any:
    """Whatever a test did, counters, traces, lines and twins are as they must be."""
    yield
    db.session.rollback()
    assert [finding for finding in (*all_findings(now), within_capacity()) if not finding.ok] == []


def test_each_row_enters_once_with_its_letter_and_the_same_list_again_changes_nothing(
    make_event: Callable[..., Any],
) -> None:
    event = make_event(capacity=10)
    report = take(event, csv(*people(3)))
    assert report.entered == {"confirmed": 3}
    assert report.notes == []
    assert letters() == [(f"p{n}@example.org", "confirmed") for n in (1, 2, 3)]
    one = kept("p1@example.org")
    assert (one.source, one.given_name, one.family_name) == ("imported", "Camille", "Martin")
    assert one.proven_at is None

    again = take(event, csv(*people(3)))
    assert (again.total, again.count("known")) == (0, 3)
    assert figures(event) == {"confirmed": 3}
    assert len(letters()) == 3


def test_what_is_wrong_in_a_row_is_told_with_its_number_and_the_others_enter(
    make_event: Callable[..., Any],
) -> None:
    event = make_event(capacity=10)
    rows = (
        "Martin;;camille@example.org",
        "Durand;Louis;pas une adresse",
        f"{'x' * 76};Ana;ana@example.org",
        'Le "Grand";Ana;ana@example.org',
        "",
        "Petit;Zoé;zoe@example.org",
        "Petit;Zoé;ZOE@example.org",
        "=SOMME(A1);Léa;lea@example.org",
    )
    report = take(event, csv(*rows), letters=False)
    told = [(note.row, note.kind, note.column) for note in report.sorted()]
    assert told == [
        (2, "refused", "Prénom"),
        (3, "refused", "Adresse électronique"),
        (4, "refused", "Nom"),
        (5, "refused", "Nom"),
        (8, "refused", ""),
    ]
    assert "ligne 7" in report.sorted()[-1].text
    assert report.entered == {"confirmed": 2}
    assert kept("lea@example.org").family_name == "=SOMME(A1)"  # a formula is a text
    assert letters() == []


def test_the_rules_of_the_event_hold_unless_an_organiser_vouches(
    make_event: Callable[..., Any],
) -> None:
    event = make_event(audience="public_agents", capacity=10)
    rows = (
        "Un;Agent;agent@interieur.gouv.fr",
        "Deux;Doute;doute@ville-lille.fr",
        "Trois;Refus;refus@gmail.com",
    )
    report = take(event, csv(*rows))
    assert report.entered == {"confirmed": 1, "pending": 1}
    assert [(note.row, note.kind) for note in report.notes] == [(4, "refused")]
    assert letters()[-1] == ("doute@ville-lille.fr", "pending")

    vouched = take(event, csv(*rows), reason="Jury désigné")
    assert vouched.entered == {"confirmed": 1}
    one = kept("refus@gmail.com")
    assert (one.eligibility_method, one.eligibility_by) == ("organiser", "operator")
    assert (one.decision_reason, one.cleared) == ("Jury désigné", True)
    [entry] = [e for e in queries.trace(one.id) if e.action == "imported"]
    assert entry.details["reason"] == "organiser_decision"


@pytest.mark.parametrize("pending_holds_seat", [False, True])
def test_whoever_finds_no_place_is_told_or_waits_where_a_list_is_kept(
    make_event: Callable[..., Any], pending_holds_seat: bool
) -> None:
    event = make_event(
        capacity=2, waiting_list=True, approval="none", pending_holds_seat=pending_holds_seat
    )
    told = take(event, csv(*people(4)))
    assert told.entered == {"confirmed": 2}
    assert [(note.row, note.kind) for note in told.notes] == [(4, "refused"), (5, "refused")]

    waiting = take(event, csv(*people(4)), wait=True)
    assert (waiting.entered, waiting.count("known")) == ({"waiting": 2}, 2)
    assert letters()[-1] == ("p4@example.org", "waiting")
    no_list = make_event("autre", capacity=1)
    assert take(no_list, csv(*people(2)), wait=True).count("refused") == 1


@pytest.mark.parametrize(
    ("wait", "expected"),
    [(False, {"confirmed": 2}), (True, {"confirmed": 2, "waiting": 4})],
)
def test_seats_that_went_while_the_list_was_read_are_nobody_s_twice(
    make_event: Callable[..., Any],
    make_registration: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    wait: bool,
    expected: dict[str, int],
) -> None:
    """The plan saw five free places; three of them went before anything was written."""
    event = make_event(capacity=5, waiting_list=True)
    rooms_of = bulk.rooms_of
    seen = [rooms_of(queries.signup_facts_of(event.id))]
    for number in range(3):
        make_registration(event, f"late{number}@example.org")
    monkeypatch.setattr(bulk, "rooms_of", lambda facts: seen.pop() if seen else rooms_of(facts))
    how = Terms("operator", wait=wait)
    report = taking_in.take_in(event, tables.read(csv(*people(6))), how)
    assert report.entered == expected
    assert report.count("refused") == 6 - sum(expected.values())


def test_a_twin_that_came_while_the_list_was_read_is_known(
    make_event: Callable[..., Any],
    make_registration: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = make_event(capacity=5)
    make_registration(event, "p2@example.org")
    monkeypatch.setattr(queries, "active_keys", lambda *_arguments: set())
    report = taking_in.take_in(event, tables.read(csv(*people(3))), Terms("operator"))
    assert report.entered == {"confirmed": 2}
    assert [(note.row, note.kind) for note in report.notes] == [(3, "known")]


def test_an_export_comes_back_in_with_answers_pools_and_companions(
    make_event: Callable[..., Any], now: datetime
) -> None:
    source = ask(make_event("source", capacity=9), CHAIN, now)
    head = f"{HEAD};population;q_presence;Ateliers;lunch;Régime;guests;note"
    rows = (
        "Martin;Camille;c@example.org;agents;Sur place;A, C;oui;;2;vue",
        "Durand;Louis;l@example.org;Presse;À distance;;;;;",
        "Petit;Zoé;z@example.org;agents;onsite;wa;x;sans sel;;",
        "Roux;Ana;a@example.org;agents;onsite;Z;;;;",
        "Roux;Eva;e@example.org;;onsite;wa;;;;",
    )
    report = take(source, csv(*rows, head=head), letters=False)
    wrong = [(n.row, n.kind, n.column) for n in report.sorted()]
    # Row 4 asks for workshop A, whose two seats are less than the three of row 2's party.
    assert wrong[-2:] == [(5, "refused", "Ateliers"), (6, "refused", "S’inscrit au titre de")]
    assert report.total + report.count("refused") == 5
    target = ask(make_event("cible", capacity=9), CHAIN, now)
    out = io.BytesIO()
    for fmt in ("csv", "xlsx"):
        out = io.BytesIO()
        exports.write(source, fmt, out)
        db.session.rollback()
        back = take(target, out.getvalue(), letters=False)
        assert back.total == (report.total if fmt == "csv" else 0), back.notes
    query = select(Registration).order_by(Registration.event_id, Registration.email_key)
    rows_ = db.session.execute(query).scalars().all()
    half = len(rows_) // 2
    for one, copy in zip(rows_[:half], rows_[half:], strict=True):
        for name in ("email", "population", "companions", "answers", "state", "seats"):
            assert getattr(one, name) == getattr(copy, name), name
    own = forms.pools(source.id)
    copied = forms.pools(target.id)
    assert {k: p.taken for k, p in own.items()} == {k: p.taken for k, p in copied.items()}


def test_a_list_leaves_its_place_in_the_event_to_a_party_that_waits_for_a_workshop(
    make_event: Callable[..., Any], make_registration: Callable[..., Any], now: datetime
) -> None:
    """Whoever is taken in next would overtake them: the last place is theirs from now on."""
    event = ask(make_event(capacity=2, waiting_list=True), CHAIN, now)
    workshop = forms.pools(event.id)["a"].id
    with transaction() as session:
        session.execute(update(Pool).where(Pool.id == workshop).values(capacity=0, waiting=1))
    party = make_registration(
        event, "deux@example.org", state="waiting", companions=1, form_version=1
    )
    own = own_pool(event)
    with transaction() as session:
        asked = {"registration_id": party.id, "held": False}
        session.add(PoolSeats(pool_id=own, seats=2, lacking=False, **asked))
        session.add(PoolSeats(pool_id=workshop, seats=1, lacking=True, **asked))
    head = f"{HEAD};population;q_presence"
    assert take(event, csv("Petit;Zoé;z@example.org;Presse;À distance", head=head)).total == 1
    lacking = select(PoolSeats.lacking).where(PoolSeats.pool_id == own)
    assert db.session.execute(lacking).scalar_one() is True


def own_pool(event: Event) -> int:
    query = select(Pool.id).where(Pool.event_id == event.id, Pool.kind == "event")
    return db.session.execute(query).scalar_one()


def test_people_who_left_or_never_confirmed_stay_out(make_event: Callable[..., Any]) -> None:
    event = make_event(capacity=9)
    rows = [f"{row};{state}" for row, state in zip(people(4), STATES, strict=True)]
    report = take(event, csv(*rows, head=f"{HEAD};Statut"))
    assert report.entered == {"confirmed": 1, "pending": 1}
    assert [(n.row, n.kind) for n in report.sorted()] == [(4, "left_out"), (5, "refused")]


STATES = ("Confirmée", "pending", "cancelled", "peut-être")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "premi"),
        (csv(), "premi"),
        (csv("a;b", head="Nom;Adresse"), "Prénom"),
        (csv("a;b;c;d", head=f"{HEAD};nom"), "Deux colonnes"),
        (csv(*["a;b;c"] * 10_001), "10000"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_clear_refusal(
    make_event: Callable[..., Any], data: bytes, words: str
) -> None:
    event = make_event()
    with pytest.raises(Invalid) as refusal:
        take(event, data)
    with force_locale("fr"):
        assert words in translate(refusal.value)


def test_the_command_tells_rows_and_answers_1_when_some_are_refused(
    app: Flask, make_event: Callable[..., Any], tmp_path: Any
) -> None:
    make_event(capacity=5)
    path = tmp_path / "liste.csv"
    run = app.test_cli_runner().invoke
    path.write_bytes(csv(*people(2), "Martin;;x@example.org"))
    trial = run(args=["attendees", "import", "journee", str(path), "--dry-run"])
    assert trial.exit_code == 1
    assert letters() == []
    done = run(args=["attendees", "import", "journee", str(path)])
    assert (done.exit_code, done.stdout) == (1, "confirmed\t2\nknown\t0\nleft_out\t0\nrefused\t1\n")
    assert "Ligne 4, Prénom" in done.stderr
    path.write_bytes(csv(*people(2)))
    again = run(args=["attendees", "import", "journee", str(path)])
    assert again.exit_code == 0
    assert "rien n’a changé" in again.stderr.lower()
    assert run(args=["attendees", "import", "journee", str(tmp_path / "absent")]).exit_code == 1
    assert run(args=["attendees", "import", "inconnu", str(path)]).exit_code == 1
