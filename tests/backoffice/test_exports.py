"""Exports by organisers: recent sign-in, a reason, a trace for each."""

import csv
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.audit.models import AuditEntry
from eventreg.organisers.models import Organiser
from eventreg.organisers.rules import ABSOLUTE, RECENT
from eventreg.shared import clock
from eventreg.shared.db import db

EXPORT = "/organisation/evenements/journee/exporter/"
DEFAULT = {"format": "csv", "reason": "welcome", "columns": ["family_name", "phone", "state"]}


@pytest.fixture
def client(
    now: datetime, organiser_client: Any, make_event: Any, make_registration: Any
) -> FlaskClient:
    event = make_event("journee")
    make_registration(event, "a@example.org", phone="+33 6 12 34 56 78", family_name="=1+1")
    make_registration(event, "b@example.org", state="pending")
    found: FlaskClient = organiser_client()
    return found


def actor() -> str:
    """The one organiser of the test, as the trace names them."""
    return f"organiser:{db.session.execute(select(Organiser.id)).scalar_one()}"


def traces() -> list[AuditEntry]:
    db.session.rollback()
    return list(
        db.session.execute(select(AuditEntry).where(AuditEntry.action == "export")).scalars()
    )


def test_a_csv_leaves_with_its_trace(client: FlaskClient, post: Any) -> None:
    answer = post(client, EXPORT, **DEFAULT)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=inscriptions-journee.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert rows == [
        ["Nom", "Téléphone", "Statut"],
        ["'=1+1", "+33 6 12 34 56 78", "Confirmée"],
        ["Martin", "", "En attente de décision"],
    ]
    (trace,) = traces()
    assert trace.actor == actor()
    assert trace.details == {
        "format": "csv",
        "count": 2,
        "of_states": [],
        "columns": ["family_name", "phone", "state"],
        "reason": "welcome",
    }
    answer.close()


def test_the_history_shows_who_exported_what_and_why(client: FlaskClient, post: Any) -> None:
    post(client, EXPORT, **DEFAULT).close()
    page = client.get("/organisation/evenements/journee/historique/")
    assert "Liste exportée" in page.text
    assert "CSV, 2 personnes, Accueillir les personnes le jour même" in page.text
    assert "Nadia Roussel" in page.text


def test_a_workbook_holds_text_alone(client: FlaskClient, post: Any) -> None:
    answer = post(client, EXPORT, **DEFAULT | {"format": "xlsx", "states": ["confirmed"]})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Nom", "Téléphone", "Statut"],
        ["=1+1", "+33 6 12 34 56 78", "Confirmée"],
    ]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    answer.close()


def test_json_keeps_the_keys_of_the_contract_whatever_columns_are_ticked(
    client: FlaskClient, post: Any
) -> None:
    answer = post(client, EXPORT, **DEFAULT | {"format": "json"})
    found = json.loads(answer.data)
    assert {len(entry) for entry in found} == {16}
    assert [entry["state"] for entry in found] == ["confirmed", "pending"]
    answer.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": ""},
        {"reason": "because"},
        {"format": "exe"},
        {"states": ["nonsense"]},
        {"columns": ["email", "nonce"]},
    ],
)
def test_nothing_leaves_without_a_reason_or_with_unknown_choices(
    client: FlaskClient, post: Any, changes: dict[str, Any]
) -> None:
    answer = post(client, EXPORT, **DEFAULT | changes)
    assert answer.status_code == 422
    assert "<title>Erreur (1) – Exporter la liste" in answer.text
    assert traces() == []


def test_an_old_sign_in_is_renewed_before_an_export(client: FlaskClient, now: datetime) -> None:
    page = client.get(EXPORT)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    with clock.frozen(now + RECENT - timedelta(minutes=1)):
        assert client.get(EXPORT).status_code == 200
    with clock.frozen(now + RECENT):
        assert client.get("/organisation/").status_code == 200
        answer = client.get(EXPORT)
        assert (answer.status_code, answer.location) == (
            303,
            f"/organisation/connexion/?next={EXPORT}&recent=1",
        )
        assert "moins de deux heures" in client.get(answer.location).text
        answer = client.post(EXPORT, data={"csrf_token": token.group(1), **DEFAULT})
        assert answer.status_code == 303
    assert RECENT < ABSOLUTE
    assert traces() == []
