"""The person's own page over HTTP: each act, hostile requests, links that have grown old."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from eventreg.events.models import Event
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings
from eventreg.privacy import services as privacy
from eventreg.privacy.queries import inventory
from eventreg.registration import queries, services
from eventreg.registration.models import Proposal, Registration
from eventreg.registration.queries import own as reads
from eventreg.registration.services import self_service, wording
from eventreg.shared import clock, tokens
from eventreg.shared.addresses import canonical
from eventreg.shared.db import Base, db, transaction
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("now")
INPUT = re.compile(r"<input[^>]*>")
ATTRIBUTE = re.compile(r' (name|value)="([^"]*)"')
FORM = re.compile(r'<form method="post"(?: action="([^"]*)")?.*?</form>', re.DOTALL)
LINK = re.compile(r"http://localhost(/inscriptions/lien/\S+)")


@pytest.fixture
def anne(
    make_event: Callable[..., Event], make_registration: Callable[..., Registration]
) -> Registration:
    return make_registration(make_event(capacity=5), "anne@example.org")


def enter(client: FlaskClient, row: Registration, purpose: str = "manage") -> str:
    """Follows the mailed link; answers the path of the own page."""
    db.session.rollback()
    fresh = queries.by_public_id(row.public_id)
    assert fresh is not None
    link = wording.url(fresh, purpose, "fr").removeprefix("http://localhost")
    db.session.rollback()
    return str(client.get(link).location)


def forms(page: str) -> dict[str, dict[str, str]]:
    """The fields of each form that posts, by its action."""
    return {
        match[1] or "": dict(_field(tag) for tag in INPUT.findall(match[0]))
        for match in FORM.finditer(page)
    }


def _field(tag: str) -> tuple[str, str]:
    found = dict(ATTRIBUTE.findall(tag))
    return found["name"], unescape(found.get("value", ""))


def press(client: FlaskClient, own: str, act: str, **typed: str) -> Any:
    """Sends the form of the own page whose action is `act`."""
    found = forms(client.get(own).text)
    return client.post(f"{own}{act}/", data=found[f"{own}{act}/"] | typed)


def letter_link(kind: str, recipient: str) -> str:
    db.session.rollback()
    query = select(OutboxMessage.text).where(
        OutboxMessage.kind == kind, OutboxMessage.recipient == recipient
    )
    text = db.session.execute(query.order_by(OutboxMessage.id.desc()).limit(1)).scalar_one()
    found = LINK.search(text)
    assert found is not None, text
    return found[1]


def row_of(row: Registration) -> Registration:
    db.session.rollback()
    query = select(Registration).where(Registration.id == row.id)
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one()


def well() -> None:
    db.session.rollback()
    assert [f.message for f in all_findings(clock.utc_now()) if not f.ok] == []


def test_each_act_has_its_form_and_brings_back_to_the_page(
    client: FlaskClient, anne: Registration
) -> None:
    own = enter(client, anne)
    assert set(forms(client.get(own).text)) == {f"{own}modifier/", f"{own}annuler/"}
    done = press(client, own, "modifier", given_name="Anne-Lise", phone="01 99 00 12 34")
    assert (done.status_code, done.location) == (303, own)
    assert "Anne-Lise Martin" in client.get(own).text
    assert press(client, own, "annuler").location == own
    page = client.get(own).text
    assert 'data-state="cancelled"' in page
    assert set(forms(page)) == {f"{own}retablir/"}
    assert press(client, own, "retablir").location == own
    assert 'data-state="confirmed"' in client.get(own).text
    press(client, own, "annuler")
    with clock.frozen(NOW + timedelta(minutes=31)):
        assert set(forms(client.get(own).text)) == {f"{own}revenir/"}
        assert press(client, own, "revenir").status_code == 303
        assert 'data-state="confirmed"' in client.get(own).text
        well()


def test_two_windows_show_both_versions_and_the_person_chooses(
    client: FlaskClient, anne: Registration
) -> None:
    own = enter(client, anne)
    one, two = (forms(client.get(own).text)[f"{own}modifier/"] for _ in range(2))
    assert client.post(f"{own}modifier/", data=one | {"phone": "11"}).status_code == 303
    stale = client.post(f"{own}modifier/", data=two | {"phone": "22", "job_title": '<b>"x'})
    assert (stale.status_code, 'data-refusal="stale"' in stale.text) == (409, True)
    assert re.search(r"<td>22</td><td>11</td>", stale.text)
    assert "&lt;b&gt;" in stale.text
    assert "<b>" not in stale.text
    mine = forms(stale.text)[f"{own}modifier/"]
    assert (mine["phone"], row_of(anne).phone) == ("22", "11")
    assert client.post(f"{own}modifier/", data=mine).status_code == 303
    assert row_of(anne).phone == "22"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""),
        ("given_name", "x" * 76),
        ("family_name", "a\x00b"),
        ("family_name", "\u202eevil"),
        ("organisation", "y" * 1_000_000),
        ("phone", "a\r\nBcc: x"),
    ],
)
def test_what_cannot_be_kept_is_told_beside_its_field(
    client: FlaskClient, anne: Registration, field: str, value: str
) -> None:
    own = enter(client, anne)
    answer = press(client, own, "modifier", **{field: value})
    if field == "phone":  # white space is folded: one harmless line
        assert row_of(anne).phone == "a Bcc: x"
        return
    assert (answer.status_code, 'data-refusal="invalid"' in answer.text) == (422, True)
    assert row_of(anne).given_name == "Camille"


def test_nobody_acts_for_somebody_else(
    client: FlaskClient,
    anne: Registration,
    make_registration: Callable[..., Registration],
) -> None:
    """A grant for one's own registration, an invented one, none: nothing is said or done."""
    event = db.session.get_one(Event, anne.event_id)
    bea = make_registration(event, "bea@example.org")
    own = enter(client, bea)
    fields = forms(client.get(own).text)[f"{own}modifier/"]
    acts = ("modifier", "annuler", "retablir", "revenir", "ceder", "adresse", "retirer")
    for act in acts:
        answer = client.post(f"/inscriptions/{anne.public_id}/{act}/", data=fields)
        assert (answer.status_code, "Camille" in answer.text) == (410, False), act
    for page in ("", "modifier/", "ceder/", "adresse/", "donnees/"):
        assert client.get(f"/inscriptions/{anne.public_id}/{page}").status_code == 410, page
    assert client.get(f"/inscriptions/{anne.public_id}/donnees.json").status_code == 410
    forged = tokens.sign("registration.take", [anne.public_id, anne.nonce])
    client.get(f"/inscriptions/lien/t.{forged}")
    assert client.get(f"/inscriptions/propositions/{anne.public_id}/").status_code == 410
    assert (row_of(anne).state, row_of(anne).version) == ("confirmed", 1)
    well()


def test_a_form_without_its_token_changes_nothing(client: FlaskClient, anne: Registration) -> None:
    own = enter(client, anne)
    for act in ("modifier", "retablir", "revenir", "ceder", "adresse", "retirer"):
        assert client.post(f"{own}{act}/", data={"given_name": "X"}).status_code == 400, act
    assert row_of(anne).given_name == "Camille"


def test_a_place_is_handed_over_from_page_to_page(
    app: Any, client: FlaskClient, anne: Registration
) -> None:
    own = enter(client, anne)
    old_link = wording.url(row_of(anne), "manage", "fr").removeprefix("http://localhost")
    typed = {"given_name": "Béa", "family_name": "Petit", "email": "bea@example.org"}
    page = client.get(f"{own}ceder/")
    hidden = forms(page.text)[""]
    long = client.post(f"{own}ceder/", data=hidden | typed | {"email": f"{'b' * 320}@x.fr"})
    assert long.status_code == 422
    assert client.post(f"{own}ceder/", data=hidden | typed).location == own
    assert "Béa Petit (bea@example.org)" in client.get(own).text

    colleague = app.test_client()
    for _scanner in range(2):  # looking changes nothing (R38)
        assert (
            app.test_client().get(letter_link("place_offered", "bea@example.org")).status_code
            == 303
        )
    offer = colleague.get(letter_link("place_offered", "bea@example.org")).location
    page = colleague.get(offer).text
    assert "Camille Martin" in page
    assert "anne@example.org" not in page
    assert row_of(anne).state == "confirmed"
    accepted = colleague.post(f"{offer}accepter/", data=forms(page)[f"{offer}accepter/"])
    theirs = accepted.location
    assert theirs != own
    assert 'data-state="confirmed"' in colleague.get(theirs).text
    assert "Béa Petit" in colleague.get(theirs).text
    again = colleague.post(f"{offer}accepter/", data=forms(page)[f"{offer}accepter/"])
    assert again.status_code == 410
    assert "ouvrez le lien du message" in unescape(again.text)

    gone = client.get(own)  # the grant of before
    assert gone.status_code == 410
    assert "annulée ou cédée" in gone.text
    assert client.get(old_link, follow_redirects=True).status_code == 410
    mine = client.get(letter_link("place_answered", "anne@example.org"), follow_redirects=True)
    assert "Votre collègue a pris votre place" in mine.text
    assert "Béa" not in mine.text
    well()


def test_an_address_is_changed_from_page_to_page_and_stopped_from_the_old_one(
    app: Any, client: FlaskClient, anne: Registration
) -> None:
    own = enter(client, anne)
    hidden = forms(client.get(f"{own}adresse/").text)[""]
    sent = client.post(f"{own}adresse/", data=hidden | {"email": "Nouvelle@example.org"})
    assert sent.location == own
    assert "Nouvelle@example.org" in client.get(own).text
    old_box, new_box = app.test_client(), app.test_client()
    stop = old_box.get(letter_link("address_warning", "anne@example.org")).location
    proving = new_box.get(letter_link("address_asked", "nouvelle@example.org")).location
    page = new_box.get(proving).text
    moved = new_box.post(f"{proving}accepter/", data=forms(page)[f"{proving}accepter/"])
    assert "Nouvelle@example.org" in new_box.get(moved.location).text
    assert client.get(own).status_code == 410
    page = old_box.get(stop).text
    stopped = old_box.post(f"{stop}refuser/", data=forms(page)[f"{stop}refuser/"])
    assert stopped.location == stop
    assert "votre adresse est inchangée" in old_box.get(stop).text
    assert row_of(anne).email_key == "anne@example.org"
    assert new_box.get(moved.location).status_code == 410
    well()


def test_a_proposal_is_withdrawn(app: Any, client: FlaskClient, anne: Registration) -> None:
    own = enter(client, anne)
    hidden = forms(client.get(f"{own}adresse/").text)[""]
    client.post(f"{own}adresse/", data=hidden | {"email": "nouvelle@example.org"})
    assert press(client, own, "retirer").location == own
    other = app.test_client()
    link = letter_link("address_asked", "nouvelle@example.org")
    page = other.get(link, follow_redirects=True)
    assert "n’est plus valable" in page.text
    well()


def test_the_copy_of_one_s_data_holds_every_personal_column(
    client: FlaskClient, anne: Registration
) -> None:
    """A column added later is in it by itself: the inventory of the erasure is the measure."""
    own = enter(client, anne)
    hidden = forms(client.get(f"{own}adresse/").text)[""]
    client.post(f"{own}adresse/", data=hidden | {"email": "nouvelle@example.org"})
    with transaction():
        values = {"organisation": "Canari", "answers": {"repas": "canari-réponse"}}
        db.session.execute(update(Registration).values(**values))
    answer = client.get(f"{own}donnees.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    data = json.loads(answer.data)
    assert data["registration"]["answers"] == {"repas": "canari-réponse"}
    assert [one["kind"] for one in data["letters"]] == ["address_asked", "address_warning"]
    assert [one["act"] for one in data["trace"]] == ["made", "address_asked"]
    told = {"registrations": data["registration"], "proposals": data["proposals"][0]}
    for table, columns in inventory().items():
        if table in told:
            assert set(columns) - {"search"} <= set(told[table]), table
    assert anne.nonce not in answer.text
    page = client.get(f"{own}donnees/")
    assert "canari-réponse" in page.text
    assert "Changement d’adresse demandé" in page.text


def test_rows_of_every_table_about_a_registration_are_in_the_copy() -> None:
    """Whatever has a foreign key to registrations is told by name or found by it."""
    about = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "registrations" for key in column.foreign_keys)
    }
    found_by_key = {
        table.name for table in Base.metadata.sorted_tables if "registration_id" in table.columns
    }
    assert about <= found_by_key | {"invitations"}
    assert not reads._TOLD - about - {"registrations"}


def test_an_old_link_explains_what_replaced_it_to_whoever_had_it(
    app: Any, client: FlaskClient, anne: Registration
) -> None:
    old = wording.url(row_of(anne), "manage", "fr").removeprefix("http://localhost")
    db.session.rollback()
    with transaction():
        services.send_links(canonical("anne@example.org"), locale="fr", now=NOW)
    shown = client.get(old, follow_redirects=True)
    assert (shown.status_code, 'data-refusal="expired_link"' in shown.text) == (410, True)
    assert "De nouveaux liens ont été demandés" in shown.text
    assert "Journée du service public" in shown.text
    for private in ("anne@", "Camille", "Martin"):
        assert private not in shown.text
    stranger = app.test_client().get(f"/inscriptions/{anne.public_id}/")
    invented = app.test_client().get("/inscriptions/inconnue/")
    assert (stranger.status_code, invented.status_code) == (410, 410)
    assert "Journée du service public" not in stranger.text
    with transaction():
        db.session.execute(update(Event).values(starts_at=NOW - timedelta(days=200)))
    privacy.erase_due(NOW)
    assert "a été effacé" in client.get(old, follow_redirects=True).text


def test_an_address_that_never_agreed_leaves_four_days_later(
    client: FlaskClient, anne: Registration
) -> None:
    own = enter(client, anne)
    hidden = forms(client.get(f"{own}adresse/").text)[""]
    client.post(f"{own}adresse/", data=hidden | {"email": "nouvelle@example.org"})
    ends = NOW + timedelta(hours=24)
    privacy.erase_due(ends + timedelta(days=4, seconds=-1))
    assert db.session.query(Proposal).count() == 1
    assert privacy.erase_due(ends + timedelta(days=4))["proposals"] == 1
    assert db.session.query(Proposal).count() == 0


def test_an_undo_that_comes_too_late_says_so_on_the_page(
    client: FlaskClient, anne: Registration
) -> None:
    own = enter(client, anne)
    press(client, own, "annuler")
    fields = forms(client.get(own).text)[f"{own}retablir/"]
    with clock.frozen(NOW + timedelta(minutes=30)):
        late = client.post(f"{own}retablir/", data=fields)
    assert (late.status_code, 'data-refusal="stale"' in late.text) == (409, True)
    assert "une demi-heure" in late.text
    with transaction():
        held = self_service.held(anne.public_id, row_of_nonce(anne))
        assert held.state == "cancelled"


def row_of_nonce(row: Registration) -> str:
    found = queries.by_public_id(row.public_id)
    assert found is not None
    return found.nonce
