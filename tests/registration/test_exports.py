"""The attendee list as a file: the contract's JSON, labels in French, constant memory."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import odfdo
import pytest
from sqlalchemy import insert

from eventreg.registration import exports
from eventreg.registration.models import Receipt, Registration
from eventreg.registration.rules import State
from eventreg.shared.db import transaction
from eventreg.shared.errors import Invalid

AT = datetime(2027, 1, 4, 9, 0, 0, 654_321, tzinfo=UTC)
CONTRACT = [
    "id",
    "receipts",
    "state",
    "email",
    "given_name",
    "family_name",
    "organisation",
    "job_title",
    "registered_at",
    "confirmed_at",
    "cancelled_at",
    "checked_in_at",
    "answers",
    "eligibility",
    "sessions",
    "tags",
]


@pytest.fixture
def event(make_event: Callable[..., Any], make_registration: Callable[..., Any]) -> Any:
    found = make_event("journee")
    one = make_registration(
        found,
        "Camille@Example.org",
        organisation="Mission",
        phone="+33 6 12 34 56 78",
        registered_at=AT,
        confirmed_at=AT + timedelta(minutes=1),
        answers={"mode": "sur place"},
    )
    later = AT + timedelta(minutes=2)
    make_registration(
        found, "louis@example.org", state="cancelled", registered_at=later, cancelled_at=AT
    )
    with transaction() as session:
        for key in ("r1", "r2"):
            session.add(
                Receipt(
                    receipt=key,
                    key_hash=key,
                    request_hash=key,
                    event_id=found.id,
                    registration_id=one.id,
                    shown_state="confirmed",
                    created_at=AT,
                )
            )
    return found


def written(event: Any, fmt: str, **options: Any) -> tuple[int, bytes]:
    out = io.BytesIO()
    return exports.write(event, fmt, out, **options), out.getvalue()


def table(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_json_is_the_contracts(event: Any) -> None:
    count, raw = written(event, "json")
    found = json.loads(raw)
    assert count == len(found) == 2
    assert [list(entry) for entry in found] == [CONTRACT, CONTRACT]
    first = found[0]
    assert re.fullmatch(r"[0-9a-f]{24}", first.pop("id"))
    assert first == {
        "receipts": ["r1", "r2"],
        "state": "confirmed",
        "email": "Camille@Example.org",
        "given_name": "Camille",
        "family_name": "Martin",
        "organisation": "Mission",
        "job_title": "",
        "registered_at": "2027-01-04T10:00:00.654321+01:00",
        "confirmed_at": "2027-01-04T10:01:00.654321+01:00",
        "cancelled_at": None,
        "checked_in_at": None,
        "answers": {"mode": "sur place"},
        "eligibility": {"outcome": "eligible", "reason": ""},
        "sessions": [],
        "tags": [],
    }
    assert found[1]["receipts"] == []


def test_an_event_without_people_is_an_empty_list(make_event: Callable[..., Any]) -> None:
    assert written(make_event("vide"), "json") == (0, b"[]\n")
    assert len(table(written(make_event("vide2"), "csv")[1])) == 1


def test_csv_has_french_labels_and_local_instants(event: Any) -> None:
    count, raw = written(event, "csv")
    rows = table(raw)
    assert count == 2
    assert rows[0] == [
        "Statut",
        "Nom",
        "Prénom",
        "Adresse électronique",
        "Organisme",
        "Fonction",
        "Téléphone",
        "Inscription le",
        "Confirmation le",
        "Annulation le",
        "Éligibilité",
    ]
    assert rows[1] == [
        "Confirmée",
        "Martin",
        "Camille",
        "Camille@Example.org",
        "Mission",
        "",
        "+33 6 12 34 56 78",
        "2027-01-04 10:00:00",
        "2027-01-04 10:01:00",
        "",
        "Remplit les conditions",
    ]
    assert rows[2][0] == "Annulée"


def test_columns_and_states_are_chosen(event: Any) -> None:
    count, raw = written(event, "csv", states=["cancelled"], columns=["email", "receipts"])
    assert (count, table(raw)) == (
        1,
        [["Adresse électronique", "Récépissés"], ["louis@example.org", ""]],
    )
    count, raw = written(
        event, "csv", states=["confirmed"], columns=["receipts", "answers", "source"]
    )
    assert table(raw)[1] == [
        "r1, r2",
        '{"mode": "sur place"}',
        "Ajoutée par l’équipe organisatrice",
    ]


@pytest.mark.parametrize("key", list(exports.COLUMNS))
@pytest.mark.parametrize("fmt", ["csv", "json"])
def test_every_column_can_be_asked_for_alone(event: Any, fmt: str, key: str) -> None:
    count, raw = written(event, fmt, columns=[key])
    assert count == 2
    if fmt == "json":
        assert [list(entry) for entry in json.loads(raw)] == [[key], [key]]
    else:
        assert [len(row) for row in table(raw)] == [1, 1, 1]


def test_open_document_holds_the_same_values(event: Any) -> None:
    _, raw = written(event, "ods", columns=["email", "phone"])
    rows = list(odfdo.Document(io.BytesIO(raw)).body.tables[0].rows)
    assert [row.get_value(0) for row in rows] == [
        "Adresse électronique",
        "Camille@Example.org",
        "louis@example.org",
    ]
    assert rows[1].get_value(1) == "+33 6 12 34 56 78"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"fmt": "pdf"}, "format"),
        ({"fmt": "csv", "states": ["gone"]}, "state"),
        ({"fmt": "csv", "columns": ["nonce"]}, "columns"),
    ],
)
def test_what_does_not_exist_is_refused_before_a_byte_is_written(
    event: Any, options: dict[str, Any], field: str
) -> None:
    out = io.BytesIO()
    with pytest.raises(Invalid) as refusal:
        exports.write(event, options["fmt"], out, options.get("states"), options.get("columns"))
    assert refusal.value.field == field
    assert out.getvalue() == b""


def test_every_state_has_words() -> None:
    assert set(exports.STATE_WORDS) == set(State)
    assert set(exports.DEFAULT_COLUMNS) <= set(exports.COLUMNS)
    assert list(exports.JSON_KEYS) == CONTRACT


@pytest.mark.parametrize("fmt", exports.FORMATS)
def test_statements_do_not_grow_with_the_rows(
    event: Any, count_queries: Callable[[], Any], fmt: str
) -> None:
    values = {
        "event_id": event.id,
        "state": "confirmed",
        "nonce": "n",
        "locale": "fr",
        "given_name": "Inès",
        "family_name": "Lopez",
        "registered_at": AT,
    }
    with transaction() as session:
        session.execute(
            insert(Registration),
            [
                values | {"public_id": f"p{n}", "email": f"p{n}@e.org", "email_key": f"p{n}@e.org"}
                for n in range(2_500)
            ],
        )
    with count_queries() as seen:
        assert written(event, fmt)[0] == 2_502
    batches = -(-2_502 // exports.BATCH)
    selects = [statement for statement in seen if statement.startswith("SELECT")]
    # The people, then the receipts of each batch, or else what was ever asked.
    assert len(selects) == 1 + (batches if fmt == "json" else 1)
