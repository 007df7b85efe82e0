"""The texts of an event: written in both languages, seen before they are saved, never lost."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from eventreg.events import exporting, importing, queries
from eventreg.events.jekyll import parse
from eventreg.shared.clock import utc_now
from eventreg.shared.db import db, transaction
from tests.backoffice.test_settings import fields

PATH = "/organisation/evenements/journee/textes/"


def stored() -> Any:
    db.session.rollback()
    db.session.expire_all()
    return queries.by_slug("journee")


@pytest.fixture
def owner(now: Any, organiser_client: Any, make_event: Any) -> FlaskClient:
    make_event("journee", lead="Chapeau", lead_html="<p>Chapeau</p>")
    client: FlaskClient = organiser_client()
    return client


def save(client: FlaskClient, **changes: str) -> Any:
    return client.post(PATH, data=fields(client.get(PATH)) | changes)


TEXTS = {
    "title_en": "Day of the counters",
    "lead": "Un **chapeau** avec [un lien](https://www.example.org/a).",
    "lead_en": "A *lead*.",
    "body": "## Pourquoi\r\n\r\nTexte.\r\n\r\n* un\r\n* deux",
    "body_en": "## Why\r\n\r\nText.",
    "venue_en": "The Forges",
    "audience_text_en": "Everybody",
    "categories": "Conférence, Atelier",
    "tags": "design, données",
    "info_fields": "Accès | Métro ligne 7\r\nPlan | Voir le plan | https://www.example.org/plan",
    "press_contacts": "Sacha Presse | 01 99 00 12 34, 06 39 98 00 00 | presse@example.org",
}


def test_everything_written_is_kept_shown_and_goes_out_with_the_document(
    owner: FlaskClient, client: FlaskClient
) -> None:
    assert save(owner, **TEXTS).status_code == 303
    event = stored()
    assert (event.kind, event.categories, event.tags) == (
        "Conférence",
        ["Conférence", "Atelier"],
        ["design", "données"],
    )
    assert event.lead == "Un chapeau avec un lien."
    assert '<a href="https://www.example.org/a"' in event.lead_html
    assert event.info_fields[0] == {"label": "Accès", "value": "Métro ligne 7", "link": None}
    page = client.get("/en/agenda/journee/").text
    assert "<h1>Day of the counters</h1>" in page
    assert '<a href="tel:0199001234">01 99 00 12 34</a>' in page
    assert fields(owner.get(PATH))["lead"] == TEXTS["lead"]
    assert save(owner).status_code == 303
    assert stored().version == event.version, "an untouched form is no change"
    with transaction():
        document = exporting.export(stored())
    assert "texte_en: |-" in document.text
    with transaction():
        parsed = parse(document.text.encode(), document.name)
        report = importing.apply(parsed, actor="operator", now=utc_now())
    assert (report.changed, report.clashes) == ((), ())
    assert stored().body_en == "## Why\n\nText."


def test_a_document_that_was_imported_goes_out_with_the_texts_written_here(
    owner: FlaskClient,
) -> None:
    source = (
        "---\ntitle: Journée\nlayout: maison\nevent_start_date: 2027-03-01 09:00:00 +01:00\n"
        "chapeau-text: Ancien\n---\n\nAncien texte.\n\n### Programme\n\n* **9h00 : Accueil**\n* **10h00 : Suite**\n"
    )
    with transaction():
        importing.apply(parse(source.encode(), "journee.md"), actor="operator", now=utc_now())
    assert save(owner, **TEXTS).status_code == 303
    with transaction():
        document = exporting.export(stored())
    assert "layout: maison" in document.text
    assert "Ancien" not in document.text
    assert "Accueil" in document.text
    read = parse(document.text.encode(), "journee.md")
    assert (read.lead, read.categories, read.body) == (
        "Un chapeau avec un lien.",
        ("Conférence", "Atelier"),
        "## Pourquoi\n\nTexte.\n\n* un\n* deux",
    )


def test_a_text_that_reads_like_a_programme_stays_a_text(owner: FlaskClient) -> None:
    assert save(owner, body="### Programme\n\n* **9h00 : Accueil**").status_code == 303
    with transaction():
        document = exporting.export(stored())
    read = parse(document.text.encode(), document.name)
    assert (read.programme.days, read.body) == ((), "### Programme\n\n* **9h00 : Accueil**")


def test_the_preview_saves_nothing_and_keeps_what_was_typed(owner: FlaskClient) -> None:
    hostile = "Avant <script>alert(1)</script> [ici](javascript:alert(1)) **gras**"
    page = save(owner, body=hostile, preview="y")
    assert page.status_code == 200
    assert "<strong>gras</strong>" in page.text
    assert "<script>alert" not in page.text
    assert 'href="javascript' not in page.text
    assert fields(page)["body"] == hostile
    assert stored().body == ""


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("title", "", "Saisissez le titre"),
        ("title_en", "x" * 301, "300 caractères"),
        ("body", "x" * 20_001, "20000"),
        ("body_en", "a\n" * 1_001, "1000 lignes"),
        ("tags", ", ".join(f"mot{n}" for n in range(61)), "60 entrées"),
        ("info_fields", "Accès | a\nPlan | b | javascript:alert(1)", "Ligne 2"),
        ("info_fields", "a | b | c | d", "Ligne 1"),
        ("press_contacts", "Sacha | 01 | presse", "Ligne 1"),
        ("lead", "un\u202edeux", "invisibles"),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_is_lost(
    owner: FlaskClient, key: str, text: str, words: str
) -> None:
    page = save(owner, **{"tags": "gardé", key: text})
    assert (page.status_code, stored().version) == (422, 1)
    field = page.text.split(f'id="{key}-messages"')[1].split("</div>")[0]
    assert words in field.replace("\u00a0", " ").replace("\u202f", "")
    assert key == "tags" or 'value="gardé"' in page.text


def test_two_organisers_do_not_overwrite_each_other(owner: FlaskClient) -> None:
    mine = fields(owner.get(PATH))
    assert save(owner, tags="autre").status_code == 303
    page = owner.post(PATH, data=mine | {"tags": "mien"})
    assert (page.status_code, stored().tags) == (409, ["autre"])
    assert 'data-refusal="stale"' in page.text
    assert "autre" in page.text
    assert fields(page)["tags"] == "mien"
    assert owner.post(PATH, data=fields(page)).status_code == 303
    assert stored().tags == ["mien"]
