"""A document is uploaded, reported on, then confirmed; nothing is written before."""

import base64
import io
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from eventreg.backoffice import rules
from eventreg.events import queries, services
from eventreg.events.models import Event
from eventreg.shared.db import db, transaction

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
IMPORT = "/organisation/importer/"
CONFIRM = "/organisation/importer/confirmer/"
DOCUMENT = """---
title: Journée <b>du</b> design
date: 2027-01-02 09:00:00 +0100
categories:
- Conférence
event_start_date: 2027-03-14 09:00:00 +0100
event_end_date: 2027-03-14 17:00:00 +0100
lieu: Atelier du Port
---

Une journée pour parler de design.
"""


def csrf(page: Any) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


def upload(
    client: FlaskClient, text: str | bytes, name: str = "2027-03-14-journee-design.md"
) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    data = {"csrf_token": csrf(client.get(IMPORT)), "document": (io.BytesIO(raw), name)}
    return client.post(IMPORT, data=data, content_type="multipart/form-data")


def confirm(client: FlaskClient, report: Any, **changes: str) -> Any:
    data = {"csrf_token": csrf(report)}
    for name in ("name", "packed", "version"):
        found = re.search(rf'name="{name}" value="([^"]*)"', report.text)
        assert found is not None
        data[name] = unescape(found.group(1))
    return client.post(CONFIRM, data=data | changes, content_type="multipart/form-data")


def events() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(Event)).scalar_one())


def test_a_report_comes_first_and_writes_nothing(organiser_client: Any) -> None:
    report = upload(organiser_client(), DOCUMENT)
    assert report.status_code == 200
    assert "ce document crée un événement" in report.text
    assert "journee-design" in report.text
    assert "<b>du</b>" not in report.text
    assert events() == 0


def test_confirming_creates_a_draft(organiser_client: Any) -> None:
    client = organiser_client()
    answer = confirm(client, upload(client, DOCUMENT))
    assert (answer.status_code, answer.location) == (
        303,
        "/organisation/evenements/journee-design/",
    )
    event = queries.by_slug("journee-design")
    assert event is not None
    assert (event.state, event.source_text) == ("draft", DOCUMENT)
    assert client.get(answer.location).status_code == 200


def test_the_same_document_again_changes_nothing(organiser_client: Any) -> None:
    client = organiser_client()
    confirm(client, upload(client, DOCUMENT))
    assert "ce document ne change rien" in upload(client, DOCUMENT).text
    changed = DOCUMENT.replace("parler de", "apprendre le")
    report = upload(client, changed)
    assert "ce document modifie un événement" in report.text
    assert confirm(client, report).status_code == 303
    assert events() == 1


def test_errors_are_listed_with_their_line_and_write_nothing(organiser_client: Any) -> None:
    report = upload(organiser_client(), "---\ntitle: [\n---\n")
    assert report.status_code == 422
    assert "<title>Erreur (1) – Compte rendu de l’import" in report.text
    assert "Ce qu’il faut corriger" in report.text
    assert 'name="packed"' not in report.text
    assert events() == 0


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"", ""),
        (DOCUMENT.encode(), "journee.txt"),
        (DOCUMENT.encode(), "journee.md.exe"),
    ],
)
def test_an_unusable_file_is_told_beside_the_field(
    organiser_client: Any, raw: bytes, name: str
) -> None:
    answer = upload(organiser_client(), raw, name)
    assert answer.status_code == 422
    assert '<li><a href="#document">' in answer.text
    assert "<title>Erreur (1) – Importer un document" in answer.text


def test_a_document_at_the_limit_is_read_and_one_byte_more_is_not(
    organiser_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rules.UPLOAD_LIMIT == 1024 * 1024
    monkeypatch.setattr(rules, "UPLOAD_LIMIT", len(DOCUMENT.encode()))
    client = organiser_client()
    assert upload(client, DOCUMENT).status_code == 200
    answer = upload(client, DOCUMENT + "\n")
    assert answer.status_code == 422
    assert "Le document est trop lourd" in answer.text


def test_a_long_document_comes_back_through_the_report(organiser_client: Any) -> None:
    client = organiser_client()
    paragraph = "Un mot après l’autre.\n\n"
    text = DOCUMENT + paragraph * (20_000 // len(paragraph.encode()))
    report = upload(client, text)
    assert report.status_code == 200
    assert confirm(client, report).status_code == 303
    event = queries.by_slug("journee-design")
    assert event is not None
    assert event.source_text == text


@pytest.mark.parametrize("packed", ["", "***", base64.b64encode(b"---\ntitle: [\n---").decode()])
def test_an_altered_confirmation_starts_again(organiser_client: Any, packed: str) -> None:
    client = organiser_client()
    answer = confirm(client, upload(client, DOCUMENT), packed=packed)
    assert (answer.status_code, answer.location) == (303, IMPORT)
    assert "n’a pas pu être relu" in client.get(IMPORT).text
    assert events() == 0


def test_a_path_in_the_file_name_is_dropped(organiser_client: Any) -> None:
    client = organiser_client()
    confirm(client, upload(client, DOCUMENT, "../../2027-03-14-journee-design.md"))
    event = queries.by_slug("journee-design")
    assert event is not None
    assert event.source_name == "2027-03-14-journee-design.md"


def test_the_states_own_documents_are_reported(organiser_client: Any, documents: Any) -> None:
    client = organiser_client()
    for path in sorted((documents / "seeds").rglob("*.md"))[:5]:
        report = upload(client, path.read_bytes(), path.name)
        assert report.status_code in {200, 422}
        assert "Compte rendu de l’import" in report.text
    assert events() == 0


def both_changed(client: FlaskClient) -> str:
    """An imported event whose venue and title changed here, and the venue in its document."""
    confirm(client, upload(client, DOCUMENT))
    with transaction():
        services.change_from_text(
            services.locked("journee-design"),
            {"venue": "Salle <i>Bleue</i>", "title": "Titre d’ici"},
            actor="operator",
            now=NOW,
        )
    return DOCUMENT.replace("Atelier du Port", "Halle aux <u>grains</u> & cie")


def venue() -> str:
    db.session.rollback()
    event = queries.by_slug("journee-design")
    assert event is not None
    return event.venue


def test_both_values_are_shown_and_the_one_of_here_is_chosen_beforehand(
    organiser_client: Any,
) -> None:
    client = organiser_client()
    report = upload(client, both_changed(client))
    asked = re.findall(
        r'<input type="radio"[^>]*name="(\w+)" value="(\w+)"( checked)?', report.text
    )
    assert asked == [("keep_venue", "here", " checked"), ("keep_venue", "document", "")]
    assert "Salle &lt;i&gt;Bleue&lt;/i&gt;" in report.text
    assert "<i>Bleue" not in report.text
    assert "Halle aux grains &amp; cie" in report.text
    assert venue() == "Salle <i>Bleue</i>"


@pytest.mark.parametrize(
    ("choice", "kept"), [("here", "Salle <i>Bleue</i>"), ("document", "Halle aux grains & cie")]
)
def test_the_value_an_organiser_chose_is_kept_and_not_asked_again(
    organiser_client: Any, choice: str, kept: str
) -> None:
    client = organiser_client()
    text = both_changed(client)
    answer = confirm(client, upload(client, text), keep_venue=choice)
    assert (answer.status_code, venue()) == (303, kept)
    event = queries.by_slug("journee-design")
    assert event is not None
    assert (event.title, event.source_text) == ("Titre d’ici", text)
    assert "keep_venue" not in upload(client, text).text


@pytest.mark.parametrize("choice", ["", "other", "DOCUMENT"])
def test_an_altered_choice_replaces_nothing(organiser_client: Any, choice: str) -> None:
    client = organiser_client()
    confirm(client, upload(client, both_changed(client)), keep_venue=choice)
    assert venue() == "Salle <i>Bleue</i>"


def test_a_choice_for_what_was_not_asked_replaces_nothing(organiser_client: Any) -> None:
    client = organiser_client()
    confirm(client, upload(client, both_changed(client)), keep_title="document")
    event = queries.by_slug("journee-design")
    assert event is not None
    assert event.title == "Titre d’ici"


def test_an_event_that_changed_since_the_report_is_shown_again(organiser_client: Any) -> None:
    client = organiser_client()
    report = upload(client, both_changed(client))
    with transaction():
        services.change_from_text(
            services.locked("journee-design"), {"venue": "Cour"}, actor="operator", now=NOW
        )
    answer = confirm(client, report, keep_venue="document")
    assert (answer.status_code, venue()) == (409, "Cour")
    assert "l’événement a changé pendant votre lecture" in answer.text
    assert "Garder la valeur d’ici\u00a0: Cour" in answer.text
    assert confirm(client, answer, keep_venue="document").status_code == 303
    assert venue() == "Halle aux grains & cie"


@pytest.mark.parametrize("version", ["", "-1", "9" * 40, "un"])
def test_an_altered_version_writes_nothing(organiser_client: Any, version: str) -> None:
    client = organiser_client()
    report = upload(client, both_changed(client))
    answer = confirm(client, report, keep_venue="document", version=version)
    assert (answer.status_code, venue()) == (409, "Salle <i>Bleue</i>")
