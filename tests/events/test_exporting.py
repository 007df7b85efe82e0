"""An event becomes a document that says the same, which a communicator can go on writing."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eventreg.config import ROOT
from eventreg.demo.rules import fill_dates
from eventreg.events import columns, exporting, importing, queries, services
from eventreg.events.jekyll import Document, parse
from eventreg.events.models import Event, ProgrammeSession
from eventreg.shared.db import db, transaction

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
DOCUMENTS = Path(os.environ.get("EVENTREG_TEST_DOCUMENTS") or ROOT.parent / "shared")
REAL = sorted(
    path
    for path in [*DOCUMENTS.glob("events-corpus/*.m*"), *DOCUMENTS.glob("seeds/*.md")]
    if path.name != "README.md" and "communique" not in path.name
)
DEMO = sorted((ROOT / "eventreg" / "demo" / "documents").glob("*.md"))
SAMPLE = """---
title: 'Matinée des guichets'
date: 2027-01-02 10:00:00 +01:00
# la couleur du bandeau
couleur: bleu
categories:
- Conférence
event_start_date: 2027-02-10 09:00:00 +01:00
lieu: Maison des services
adresse: 3 rue du Port, 44000 Nantes
champs_informations:
- intitule: Modalités
  contenu: gratuit, inscription obligatoire jusqu’au 3 février 2027
---

Une matinée pour comparer nos guichets.

### Programme
* **9h00 : Accueil**
* **9h30 – 11h00 : Table ronde**
"""
POINT = {"title": "Un", "speakers": [], "guest": None}
CHANGES = {
    "title": "Matinée : « #guichets » & <b>café</b>",
    "kind": "Atelier",
    "starts_at": "2027-02-10T00:00",
    "ends_at": "2027-02-11T17:45:30.250",
    "timezone": "America/Guadeloupe",
    "venue": "Salle « Bleue » - 2e étage : porte B",
    "address": "12 rue d’Alsace, 69001 Lyon",
    "online": "on",
    "registration_mode": "none",
    "external_url": "https://exemple.fr/x?a=1&b='2'",
    "opens_at": "2027-01-15T08:00",
    "closes_at": "2027-02-09T18:00:00.5",
    "capacity": "120",
    "audience": "public_agents",
    "audience_text": "Agents publics : « tous »,\nsans exception",
    "approval": "manual",
    "pending_holds_seat": "on",
    "confirmation_hours": "0.002",
    "retention_days": "30",
    "contact_name": "L’équipe",
    "contact_email": "equipe@exemple.gouv.fr",
    "press_contacts": "Sacha Presse | 01 99 00 12 34, 06 39 98 00 00 | presse@exemple.fr",
    "external_name": "La billetterie",
    "show_places": "off",
    "closed_message": "Un enregistrement sera publié ici.",
    "closed_message_en": 'A recording will come here: "soon".',
    "closed_message_from": "2027-02-09T20:00",
    "title_en": "Counters: a “morning” # and more",
    "lead_en": "A *lead*.",
    "body_en": "## Why\n\nText: yes.\n\n* one",
    "venue_en": "The Hall",
    "audience_text_en": "Everybody",
}
CLEARED = {"ends_at", "opens_at", "closes_at", "capacity", "venue", "address", "external_url"}
CLEARED |= {
    "audience_text",
    "contact_name",
    "contact_email",
    "kind",
    "press_contacts",
    "external_name",
}
CLEARED |= {"closed_message", "closed_message_en", "closed_message_from"}
CLEARED |= {"title_en", "lead_en", "body_en", "venue_en", "audience_text_en"}


def apply(document: Document, **options: Any) -> importing.Report:
    with transaction():
        return importing.apply(document, actor="operator", now=NOW, **options)


def change(slug: str, **texts: str) -> None:
    with transaction():
        event = services.locked(slug)
        services.change_from_text(event, texts, actor="organiser:1", now=NOW)


def exported(slug: str) -> exporting.Exported:
    db.session.expire_all()
    event = queries.by_slug(slug)
    assert event is not None
    return exporting.export(event)


def said(event: Event) -> dict[str, Any]:
    """All that a document may say of an event, its programme included."""
    rows = queries.programme(event.id)
    keys = [c.key for c in ProgrammeSession.__table__.columns if c.key not in ("id", "event_id")]
    return {
        **{key: importing.here_now(event, key) for key in exporting.COLUMNS},
        **{key: getattr(event, key) for key in ("body", "lead", "tags", "info_fields", "images")},
        "programme": [{key: getattr(row, key) for key in keys} for row in rows],
    }


def check_round_trip(slug: str) -> None:
    """Here again: unchanged. Elsewhere: the same event. Written again: the same bytes."""
    event = queries.by_slug(slug)
    assert event is not None
    before, written = said(event), exported(slug)
    assert exported(slug) == written
    report = apply(parse(written.text.encode(), written.name))
    assert (report.slug, report.outcome, report.changed) == (slug, "unchanged", ())
    assert exported(slug).text == written.text
    apply(parse(written.text.encode(), f"copie-{slug}.md"))
    db.session.expire_all()
    copy = queries.by_slug(f"copie-{slug}")
    assert copy is not None
    assert said(copy) == before


@pytest.mark.any_database  # by database: the samples and our own documents, above and below
@pytest.mark.skipif(not REAL, reason="the real documents are not at hand: EVENTREG_TEST_DOCUMENTS")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem[:40])
def test_a_real_document_comes_back_to_the_byte(ctx: None, path: Path) -> None:
    raw = path.read_bytes()
    report = apply(parse(raw, path.name))
    assert exported(report.slug).text.encode() == raw
    assert exported(report.slug).name == path.name
    check_round_trip(report.slug)


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_a_sample_document_comes_back_as_it_was(ctx: None, path: Path) -> None:
    text = fill_dates(path.read_text("utf-8"), NOW)
    report = apply(parse(text.encode(), path.name))
    assert exported(report.slug).text == text
    check_round_trip(report.slug)


@pytest.mark.parametrize("key", CHANGES)
def test_what_an_organiser_changed_is_in_the_document(ctx: None, key: str) -> None:
    apply(parse(SAMPLE.encode(), "guichets.md"))
    more = {"registration_mode": "external"} if key == "external_url" else {}
    change("guichets", **{key: CHANGES[key]}, **more)
    check_round_trip("guichets")


@pytest.mark.parametrize("key", sorted(CLEARED))
def test_what_an_organiser_cleared_stays_cleared(ctx: None, key: str) -> None:
    apply(parse(SAMPLE.encode(), "guichets.md"))
    change("guichets", **{key: CHANGES[key]})
    change("guichets", **{key: "none" if key != "audience_text" else ""})
    check_round_trip("guichets")


@pytest.mark.any_database  # by database: the samples and our own documents, above and below
@pytest.mark.skipif(not REAL, reason="the real documents are not at hand: EVENTREG_TEST_DOCUMENTS")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem[:40])
def test_a_real_document_takes_every_change_an_organiser_made(ctx: None, path: Path) -> None:
    report = apply(parse(path.read_bytes(), path.name))
    event = queries.by_slug(report.slug)
    assert event is not None
    year = (event.starts_at or NOW).year
    texts = {
        key: text.replace("2027", str(year))
        for key, text in CHANGES.items()
        if key != "registration_mode"
    }
    texts["ends_at"] = f"{year}-12-30T12:00"
    change(report.slug, **texts)
    check_round_trip(report.slug)


def test_only_the_lines_of_what_changed_are_touched(ctx: None) -> None:
    apply(parse(SAMPLE.encode(), "guichets.md"))
    change("guichets", venue="Salle Bleue", capacity="120", starts_at="2027-02-10T09:30")
    assert exported("guichets").text == SAMPLE.replace(
        "lieu: Maison des services", "lieu: Salle Bleue"
    ).replace("2027-02-10 09:00:00", "2027-02-10 09:30:00").replace(
        "2027\n---", "2027\nreglages:\n  places: 120\n---"
    )


def test_line_ends_and_byte_order_mark_of_the_source_are_kept(ctx: None) -> None:
    raw = b"\xef\xbb\xbf" + SAMPLE.replace("\n", "\r\n").encode()
    apply(parse(raw, "guichets.md"))
    assert exported("guichets").text.encode() == raw
    change("guichets", venue="Salle Bleue")
    text = exported("guichets").text
    assert text.encode() == raw.replace(b"Maison des services", b"Salle Bleue")


def test_a_draft_is_marked_as_one_and_a_published_event_is_not(ctx: None) -> None:
    apply(parse(SAMPLE.encode(), "guichets.md"), publish=False)
    assert "published: false\n" in exported("guichets").text
    with transaction():
        services.publish(services.locked("guichets"), actor="operator", now=NOW)
    assert exported("guichets").text == SAMPLE


def test_an_event_made_by_form_becomes_a_document(ctx: None) -> None:
    with transaction():
        services.create(
            "journee-design",
            title="Journée design",
            starts_at=datetime(2027, 3, 14, 8, 0, tzinfo=UTC),
            actor="organiser:1",
            now=NOW,
        )
    change("journee-design", capacity="40", venue="Atelier du Port", audience="public_agents")
    text = exported("journee-design").text
    assert text == (
        "---\ntitle: Journée design\ndate: 2027-01-04 10:00:00 +01:00\npublished: false\n"
        "event_start_date: 2027-03-14 09:00:00 +01:00\nlieu: Atelier du Port\nreglages:\n"
        "  inscription: ici\n  places: 40\n  public: agents publics\n---\n"
    )
    check_round_trip("journee-design")


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_an_event_whose_source_was_erased_is_written_whole(ctx: None, path: Path) -> None:
    report = apply(parse(fill_dates(path.read_text("utf-8"), NOW).encode(), path.name))
    with transaction():
        event = services.locked(report.slug)
        event.source_text = event.source_hash = event.source_name = None
    check_round_trip(report.slug)


def test_a_session_changed_here_is_written_in_the_notation_of_the_site(ctx: None) -> None:
    apply(parse(SAMPLE.encode(), "guichets.md"))
    with transaction():
        event = services.locked("guichets")
        queries.programme(event.id)[1].title = "Débat"
    text = exported("guichets").text
    assert text.endswith("### Programme\n\n* **9h00 : Accueil**\n* **9h30 - 11h00 : Débat**\n")
    check_round_trip("guichets")


def test_a_programme_no_bullet_can_say_is_listed_in_full(ctx: None) -> None:
    apply(parse(SAMPLE.encode(), "guichets.md"))
    with transaction():
        event = services.locked("guichets")
        row = queries.programme(event.id)[1]
        row.title, row.speakers, row.items = "* **10h** : x", ["Une équipe"], [POINT]
    assert "    titre: '* **10h** : x'\n" in exported("guichets").text
    check_round_trip("guichets")


def test_every_column_of_a_setting_is_known_to_the_form_and_the_command_line() -> None:
    """`day_only`, the postal code and the city follow from other values."""
    derived = {"day_only", "postal_code", "city"}
    assert set(exporting.COLUMNS) - derived == set(CHANGES)
    assert set(columns.DEFAULTS) <= set(exporting.COLUMNS)
