"""Strangers with a form and thieves with somebody's link: what they cannot fill, keep or flood."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from eventreg.events.services import locked
from eventreg.files import services as file_services
from eventreg.files.models import FileContent, StoredFile
from eventreg.organisers.rules import Role, can
from eventreg.questionnaire import services as questionnaire
from eventreg.registration import answering, errors
from eventreg.registration.models import Proposal, Registration
from eventreg.registration.services import Applicant, address, handover, proposals
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from eventreg.shared.limits import Limits
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("now")
URL = "/agenda/journee/inscription/"
WHO = {"email": "camille@example.org", "given_name": "Camille", "family_name": "Martin"}
ASKED = {
    "populations": [{"key": "agents", "label": "Agents"}, {"key": "presse", "label": "Presse"}],
    "questions": [
        {"key": "cv", "kind": "file", "label": "CV", "populations": ["agents"]},
        {"key": "carte", "kind": "file", "label": "Carte", "populations": ["presse"]},
    ],
}


@pytest.fixture
def asking(make_event: Any, now: Any) -> Any:
    event = make_event()
    with transaction():
        read = questionnaire.read(ASKED, zone=event.timezone)
        questionnaire.apply(locked(event.slug), read, actor="operator", now=now)
    return event


def send(client: Any, files: dict[str, bytes], **more: str) -> Any:
    page = client.get(f"{URL}?population=agents").text
    data: dict[str, Any] = {"population": "agents", **WHO}
    for name in ("csrf_token", "idempotency_key"):
        found = re.search(rf'name="{name}" value="([^"]*)"', page)
        data[name] = found[1] if found else ""
    data |= more | {f"q_{k}": (io.BytesIO(v), f"{k}.txt") for k, v in files.items()}
    return client.post(URL, data=data)


def stored() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(StoredFile)).scalar_one())


def test_no_file_is_kept_of_a_form_that_is_not_ours_nor_for_other_people(client, asking):
    """A page elsewhere, or a script, filled the database without ever opening the form."""
    for more in ({"csrf_token": "x"}, {"csrf_token": "x", "step": "1"}):
        answer = send(client, {"cv": b"du texte"}, **more)
        assert "Choisissez de nouveau le fichier" in answer.text, more
    assert stored() == 0
    assert send(client, {"carte": b"du texte"}, step="1").status_code == 200
    assert stored() == 0
    assert send(client, {"cv": b"du texte"}, step="1").status_code == 200
    assert stored() == 1


def test_no_file_is_kept_once_sign_ups_are_closed(client, asking):
    tokens = client.get(f"{URL}?population=agents").text
    token = re.search(r'name="csrf_token" value="([^"]*)"', tokens)[1]
    with clock.frozen(asking.starts_at - timedelta(seconds=1)):
        asking.closes_at = NOW
        db.session.commit()
        client.application.extensions.pop("signup-pages", None)
        data = {**WHO, "population": "agents", "csrf_token": token}
        answer = client.post(URL, data=data | {"q_cv": (io.BytesIO(b"du texte"), "cv.txt")})
    assert answer.status_code in {409, 410, 422}
    assert stored() == 0


@pytest.mark.any_database
def test_files_without_a_sign_up_have_a_bounded_room_and_leave_oldest_first(
    make_event, make_registration, monkeypatch
):
    event = make_event()
    claimed = make_registration(event).id
    monkeypatch.setattr(file_services, "UNCLAIMED_FILES", 3)
    monkeypatch.setattr(file_services, "UNCLAIMED_BYTES", 1000)

    def keep(name: str, size: int, owner: int | None = None) -> None:
        with transaction():
            file_services.store(
                b"a" * size, name=name, purpose="answer", event_id=event.id, registration_id=owner
            )

    def names() -> list[str]:
        db.session.rollback()
        query = select(StoredFile.name).order_by(StoredFile.id)
        return list(db.session.execute(query).scalars())

    keep("mien.txt", 900, claimed)
    for number in range(5):
        keep(f"{number}.txt", 10)
    assert names() == ["mien.txt", "2.txt", "3.txt", "4.txt"]
    keep("gros.txt", 985)
    assert names() == ["mien.txt", "4.txt", "gros.txt"]
    keep("autre.txt", 990, claimed)  # a registrant's own counts for nothing here
    keep("petit.txt", 5)
    assert names() == ["mien.txt", "4.txt", "gros.txt", "autre.txt", "petit.txt"]
    bytes_left = db.session.execute(select(func.count()).select_from(FileContent)).scalar_one()
    assert bytes_left == 5


def test_files_are_counted_by_their_weight(client, asking, monkeypatch):
    seen: list[tuple[str, int]] = []

    def hit(_self: Any, _item: Any, name: str, *, fail_open: bool, cost: int = 1) -> None:
        seen.append((name, cost))

    monkeypatch.setattr(Limits, "hit", hit)
    monkeypatch.setattr(answering, "MEGABYTE", 10)
    send(client, {"cv": b"a" * 25}, step="1")
    assert ("files", 3) in seen


# ---------------------------------------------------------------- a thief with somebody's link


def person(row: Registration) -> Registration:
    return db.session.get_one(Registration, row.id, populate_existing=True)


def ask(row: Registration, new: str) -> Proposal:
    with transaction():
        return address.ask(person(row), canonical(new))


def answer(proposal: Proposal, act: Any, purpose: str) -> Any:
    nonce = proposal.stop_nonce if purpose == "stop" else proposal.nonce
    with transaction():
        return act(*proposals.held(proposal.public_id, nonce, purpose))


@pytest.fixture
def anne(make_event: Any, make_registration: Any) -> Registration:
    event = make_event(confirmation_hours=0)
    return make_registration(event, "anne@example.org", state="confirmed", proven_at=NOW)


@pytest.mark.any_database
def test_two_changes_in_a_row_do_not_take_the_old_address_its_word(anne):
    first = ask(anne, "voleuse@example.org")
    answer(first, address.prove, "address")
    second = ask(anne, "cachette@example.org")
    answer(second, address.prove, "address")
    assert person(anne).email_key == "cachette@example.org"
    answer(first, address.stop, "stop")
    assert person(anne).email_key == "anne@example.org"
    answer(second, address.stop, "stop")  # the thief's own stop brings nothing back
    assert person(anne).email_key == "anne@example.org"


@pytest.mark.any_database
def test_what_a_thief_left_open_ends_with_the_stop(anne):
    first = ask(anne, "voleuse@example.org")
    answer(first, address.prove, "address")
    later = ask(anne, "cachette@example.org")
    with transaction():
        colleague = Applicant.from_text("complice@example.org", "Com", "Plice")
        place = handover.offer(person(anne), colleague)
    answer(first, address.stop, "stop")
    for proposal, act, purpose in (
        (later, address.prove, "address"),
        (place, handover.accept, "take"),
    ):
        with pytest.raises(errors.OfferEnded):
            answer(proposal, act, purpose)
    assert (person(anne).email_key, person(anne).state) == ("anne@example.org", "confirmed")


@pytest.mark.any_database
def test_many_registrations_fill_nobody_s_mailbox(make_event, make_registration):
    event = make_event(confirmation_hours=0)
    rows = [
        make_registration(event, f"p{n}@example.org", state="confirmed", proven_at=NOW)
        for n in range(5)
    ]
    for row in rows[:3]:
        ask(row, "victime@example.org")
    with pytest.raises(errors.TooManyProposals):
        ask(rows[3], "victime@example.org")
    ask(rows[3], "autre@example.org")
    with clock.frozen(NOW + timedelta(hours=1, seconds=1)):
        ask(rows[4], "victime@example.org")


# ---------------------------------------------------------------- pages of organisers


def test_every_page_of_an_event_refuses_readers_and_strangers_by_its_rule(
    app: Any, make_event: Any, organiser_client: Any
) -> None:
    """Read from the address map: a page added tomorrow is in the matrix by itself."""
    make_event("journee")
    make_event("autre")
    reader = organiser_client("lit@example.org", role="reader", slug="journee")
    stranger = organiser_client("voisin@example.org", slug="autre")
    seen, wrong = 0, []
    for action, method, path in _pages(app):
        seen += 1
        foreign = stranger.open(path, method=method, data={"csrf_token": _token(stranger)})
        if foreign.status_code != 404:
            wrong.append((method, path, "stranger", foreign.status_code))
        if can(Role.READER, action):
            continue
        refused = reader.open(path, method=method, data={"csrf_token": _token(reader)})
        if refused.status_code != 403:
            wrong.append((method, path, "reader", refused.status_code))
    assert wrong == []
    assert seen > 60


def _pages(app: Any) -> Any:
    """(action, method, path) of every page of an event, with values that name nothing."""
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("backoffice.") or "slug" not in rule.arguments:
            continue
        given = dict.fromkeys(rule.arguments, "1") | {"slug": "journee"}
        for name, converter in rule._converters.items():
            if hasattr(converter, "items"):
                given[name] = min(converter.items)
        action = app.view_functions[rule.endpoint].__dict__["access_rule"][1]
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield action, method, rule.build(given, append_unknown=False)[1]


def _token(client: Any) -> str:
    known = client.__dict__.get("token")
    if known is None:
        page = client.get("/organisation/mes-sessions/").text
        known = client.token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    return str(known)


@pytest.mark.parametrize("seen", ["[" * 100_000, "null", '[{},[],"x"]', "9" * 5000])
def test_whatever_a_note_says_that_was_seen_breaks_nothing(
    organiser_client: Any, make_event: Any, make_registration: Any, seen: str
) -> None:
    row = make_registration(make_event("journee"), state="pending")
    client = organiser_client()
    path = f"/organisation/evenements/journee/inscriptions/{row.public_id}/selection/"
    data = {"csrf_token": _token(client), "score": "3", "notes": "Bien", "seen": seen}
    assert client.post(path, data=data).status_code in {303, 409, 422}
