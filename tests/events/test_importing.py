"""Documents become events: created, updated, hidden sessions, organisers' changes kept."""

from datetime import UTC, datetime

from eventreg.events import importing, queries, services
from eventreg.events.jekyll import parse
from eventreg.shared.db import db, transaction

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
DOCUMENT = """---
title: 'Matinée des guichets'
date: 2027-01-02 10:00:00 +01:00
categories:
- Conférence
event_start_date: 2027-02-10 09:00:00 +01:00
lieu: Maison des services
adresse: 3 rue du Port, 44000 Nantes
champs_informations:
- intitule: Modalités
  contenu: gratuit, inscription obligatoire
---

Une matinée pour comparer nos guichets.

### Programme
* **9h00 : Accueil**
* **9h30 – 11h00 : Table ronde**
"""


def read(text: str = DOCUMENT, name: str = "2027-01-02-matinee-des-guichets.md"):
    return parse(text.encode(), name)


def apply(document, **options):
    with transaction():
        return importing.apply(document, actor="operator", now=NOW, **options)


def test_a_document_becomes_a_published_event(ctx):
    report = apply(read())
    event = queries.by_slug("matinee-des-guichets")
    assert (report.outcome, event.state) == ("created", "published")
    assert event.title == "Matinée des guichets"
    assert event.starts_at == datetime(2027, 2, 10, 8, 0, tzinfo=UTC)
    assert event.registration_mode == "internal"
    assert [s.title for s in queries.programme(event.id)] == ["Accueil", "Table ronde"]


def test_a_draft_document_stays_a_draft_unless_the_operator_publishes(ctx):
    draft = DOCUMENT.replace("categories:", "published: false\ncategories:")
    apply(read(draft))
    assert queries.by_slug("matinee-des-guichets").state == "draft"
    apply(read(draft), publish=True)
    assert queries.by_slug("matinee-des-guichets").state == "published"


def test_the_same_document_again_changes_nothing(ctx):
    apply(read())
    version = queries.by_slug("matinee-des-guichets").version
    report = apply(read())
    assert (report.outcome, report.changed) == ("unchanged", ())
    assert queries.by_slug("matinee-des-guichets").version == version


def test_a_session_that_vanished_is_hidden_not_deleted(ctx):
    apply(read())
    event = queries.by_slug("matinee-des-guichets")
    shorter = DOCUMENT.replace("* **9h30 – 11h00 : Table ronde**", "* **9h30 – 11h00 : Ateliers**")
    report = apply(read(shorter))
    assert "programme" in report.changed
    assert [s.title for s in queries.programme(event.id)] == ["Accueil", "Ateliers"]
    assert sorted(s.title for s in queries.whole_programme(event.id)) == [
        "Accueil",
        "Ateliers",
        "Table ronde",
    ]


def test_what_an_organiser_changed_here_survives_a_new_version_of_the_document(ctx):
    apply(read())
    with transaction():
        services.change_from_text(
            services.locked("matinee-des-guichets"),
            {"closes_at": "2027-02-01T18:00", "venue": "Salle Bleue"},
            actor="organiser:1",
            now=NOW,
        )
    newer = DOCUMENT.replace("comparer nos guichets", "comparer tous nos guichets").replace(
        "Maison des services", "Maison commune"
    )
    report = apply(read(newer))
    db.session.expire_all()
    event = queries.by_slug("matinee-des-guichets")
    assert event.closes_at == datetime(2027, 2, 1, 17, 0, tzinfo=UTC)
    assert event.venue == "Salle Bleue"
    assert "tous nos guichets" in event.body_html
    assert [w.code for w in report.warnings if w.code == "changed-here-too"] == ["changed-here-too"]


def test_a_press_release_never_becomes_an_event(ctx):
    news = """---
title: Les guichets font peau neuve
date: 2027-01-02 10:00:00 +01:00
categories:
- Communiqué de presse
---

Le texte du communiqué.
"""
    report = apply(read(news, "2027-01-02-guichets.md"))
    assert (report.outcome, queries.by_slug("guichets")) == ("news", None)


def test_a_deadline_without_an_hour_runs_to_the_end_of_its_day(ctx):
    text = DOCUMENT + "\n\nInscription obligatoire jusqu’au 3 février 2027.\n"
    document = read(text)
    assert str(document.registration.deadline) == "2027-02-03"
    apply(document)
    closes_at = queries.by_slug("matinee-des-guichets").closes_at
    assert closes_at == datetime(2027, 2, 3, 23, 0, tzinfo=UTC)  # midnight in Paris


def test_the_state_s_own_launch_closes_on_26_may_2023_at_18_in_paris(ctx, documents):
    path = documents / "seeds" / "2023-05-12-dinum-en-action-feuille-de-route-brouillon.md"
    report = apply(parse(path.read_bytes(), path.name), publish=True)
    event = queries.by_slug(report.slug)
    assert event.closes_at == datetime(2023, 5, 26, 16, 0, tzinfo=UTC)
    assert (event.audience, event.registration_mode) == ("public_agents", "internal")


def test_the_pavilion_has_its_58_sessions(ctx, documents):
    path = documents / "seeds" / "2024-02-02-vivatechnology-2024.md"
    report = apply(parse(path.read_bytes(), path.name))
    event = queries.by_slug(report.slug)
    sessions = queries.programme(event.id)
    assert len(sessions) == 58
    days = [s.day.isoformat() for s in sessions]
    assert [days.count(day) for day in sorted(set(days))] == [14, 15, 14, 15]


def test_links_to_the_documents_own_site_lead_to_it(ctx):
    text = DOCUMENT.replace("comparer", "[comparer](/agenda/autre/) et [lire](https://a.fr/x) et")
    text = text.replace("inscription obligatoire", "inscription obligatoire\n  lien: /inscription/")
    apply(read(text))
    event = queries.by_slug("matinee-des-guichets")
    assert 'href="https://www.numerique.gouv.fr/agenda/autre/"' in event.body_html
    assert 'href="https://a.fr/x"' in event.body_html
    assert event.external_url == "https://www.numerique.gouv.fr/inscription/"
    assert event.info_fields[0]["link"] == event.external_url


def test_two_rooms_with_the_same_words_at_the_same_hour_keep_their_lines(ctx):
    rooms = DOCUMENT.split("### Programme", maxsplit=1)[0] + (
        "### Programme\n\n**Salle A**\n\n* 9h-10h : Accueil\n* 10h-11h : Débat\n\n"
        "**Salle B**\n\n* 9h-10h : Accueil\n* 10h-11h : Atelier\n"
    )
    apply(read(rooms))
    report = apply(read(rooms.replace("Une matinée", "Une longue matinée")))
    event = queries.by_slug("matinee-des-guichets")
    assert "programme" not in report.changed
    assert [(s.track, s.title) for s in queries.programme(event.id)] == [
        ("Salle A", "Accueil"),
        ("Salle B", "Accueil"),
        ("Salle A", "Débat"),
        ("Salle B", "Atelier"),
    ]


def test_a_sentence_that_cannot_be_true_is_left_out_and_told(ctx):
    text = DOCUMENT.replace(
        "event_start_date", "event_end_date: 2027-02-10 12:00:00 +01:00\nevent_start_date"
    )
    late = text + "\n\nInscription obligatoire jusqu’au 10 février 2027, 23h.\n"
    report = apply(read(late))
    event = queries.by_slug("matinee-des-guichets")
    assert event.closes_at == datetime(2027, 2, 10, 11, 0, tzinfo=UTC)  # the end of the event
    stale = text + "\n\nInscription obligatoire jusqu’au 3 mars 2027.\n"
    report = apply(read(stale))
    assert [w.code for w in report.warnings if w.line is None] == ["instant-impossible"]
    assert queries.by_slug("matinee-des-guichets").closes_at is None
