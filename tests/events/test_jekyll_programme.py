"""Programmes in every notation that pages use; the sentences are written for the tests."""

from typing import Any

import pytest

from eventreg.events import jekyll
from eventreg.shared.richtext import plain

pytestmark = pytest.mark.any_database

ONE_DAY = "event_start_date: 2027-03-04 09:00:00 +01:00"
THREE_DAYS = f"{ONE_DAY}\nevent_end_date: 2027-03-06 18:00:00 +01:00"


def parsed(body: str, front_matter: str = ONE_DAY) -> jekyll.Document:
    return jekyll.parse(f"---\ntitle: Essai\n{front_matter}\n---\n{body}".encode(), "essai.md")


def sessions(body: str, front_matter: str = ONE_DAY) -> list[jekyll.Session]:
    days = parsed(body, front_matter).programme.days
    return [session for day in days for session in day.sessions]


def table(body: str, front_matter: str = ONE_DAY) -> list[tuple[str, str, str | None]]:
    """Start and end as day and hours, and title."""
    return [
        (
            f"{found.start:%d %H:%M}" if found.start else "",
            f"{found.end:%H:%M}" if found.end else "",
            found.title,
        )
        for found in sessions(body, front_matter)
    ]


NOTATIONS = {
    "bullet, bold hours with the title": "* **9h00 : Accueil**\n* **9h30 – 12h : Ateliers**",
    "bullet, bold hours alone": "* **9h :** Accueil\n* **9h30 - 12h :** Ateliers",
    "bullet, bold hours, no separator": "* **9h** Accueil\n* **9h30 - 12h** Ateliers",
    "bullet, plain hours": "* 9h00 : Accueil\n* 9h30-12h00 : Ateliers",
    "bullet, bold brackets": "* **[9h]** Accueil\n* **[9h30-12h]** Ateliers",
    "bullet, brackets around bold": "* [**9h**] **Accueil**\n* [**9h30 - 12h**] **Ateliers**",
    "lines in brackets": "[9h00] Accueil\n[9h30 - 12h] Ateliers",
    "paragraphs, bold hours": "**9h :** Accueil\n\n**De 9h30 à 12h :** Ateliers",
    "bullets with headings": "* #### 9h : Accueil\n\n* #### De 9h30 à 12h : Ateliers",
    "headings": "#### **\\[9h\\] Accueil**\n\n#### **\\[9h30–12h\\] Ateliers**",
    "quotes with the day": "> Le jeudi 4/03 à 9h : Accueil\n\n> Le jeudi 4/03 de 9h30 à 12h : Ateliers",
    "day headings": "### Jeudi 4 mars 2027\n\n* **9h** - **Accueil**\n* **9h30 - 12h** - **Ateliers**",
    "days in bold": "**04/03/2027**\n\n* 9h : Accueil\n* 9h30-12h : Ateliers",
    "breaks between": "* **9h : Accueil**\n<br>\n* **9h30 – 12h : Ateliers**\n<br>\n<br>",
}


@pytest.mark.parametrize("body", NOTATIONS.values(), ids=NOTATIONS.keys())
def test_a_notation_gives_the_sessions_it_says(body: str) -> None:
    assert table(f"Avant.\n\n### Programme\n\n{body}\n\nAprès.") == [
        ("04 09:00", "", "Accueil"),
        ("04 09:30", "12:00", "Ateliers"),
    ]


@pytest.mark.parametrize("body", NOTATIONS.values(), ids=NOTATIONS.keys())
def test_the_page_does_not_show_a_programme_twice(body: str) -> None:
    document = parsed(f"Avant.\n\n### Programme\n\n{body}\n\n## Suite\n\nAprès.")
    assert plain(document.body_html) == "Avant. Suite Après."


def test_titles_before_their_day_and_hours() -> None:
    body = (
        "#### Conférences\n\n"
        "* **Le nuage**\nJeudi 4 mars 2027, 17h-17h30\n\n"
        "* **Le réseau**\n<br>Vendredi 5 mars, 17h30-18h\n\n"
        "* **Les données**, samedi 6 mars, 18h\n\n"
        "#### Ateliers\n*Le 6 mars à Rennes*\n\n"
        "* **Parler en public**\nde 10h à 11h, de 14h à 15h ou de 16h à 17h\n\n"
        "> On apprend à parler.\n\n"
        "* **Écrire**\nde 11h à 12h"
    )
    assert table(body, THREE_DAYS) == [
        ("04 17:00", "17:30", "Le nuage"),
        ("05 17:30", "18:00", "Le réseau"),
        ("06 10:00", "11:00", "Parler en public"),
        ("06 11:00", "12:00", "Écrire"),
        ("06 18:00", "", "Les données"),
    ]
    talk = sessions(body, THREE_DAYS)[2]
    assert talk.track == "Ateliers"
    assert [f"{start:%H}-{end:%H}" for start, end in talk.slots if end] == [
        "10-11",
        "14-15",
        "16-17",
    ]
    assert talk.description == "de 10h à 11h, de 14h à 15h ou de 16h à 17h On apprend à parler."


def test_day_and_hour_headings_over_bullets() -> None:
    body = (
        "## Programme des rencontres\n### 4 mars de 14h à 18h\n#### 14h\n"
        "* **Un outil** - *Ada Essai, [Service A](https://a.fr)*\n"
        "* **Un autre** - *Bob Essai et Cléo Test, Institut B*\n#### 15h\n* **Fin** - *L'équipe*\n\n"
        "### 5 mars\n#### 14h\n* **Suite** - *Dan Test*\n\n#### Pensez à venir\nMerci."
    )
    assert table(body, THREE_DAYS) == [
        ("04 14:00", "", "Un outil"),
        ("04 14:00", "", "Un autre"),
        ("04 15:00", "", "Fin"),
        ("05 14:00", "", "Suite"),
    ]
    found = sessions(body, THREE_DAYS)
    assert [session.speakers for session in found] == [
        ("Ada Essai, Service A",),
        ("Bob Essai", "Cléo Test, Institut B"),
        ("L'équipe",),
        ("Dan Test",),
    ]
    assert found[0].links == (jekyll.Link("Service A", "https://a.fr"),)
    document = parsed(body, THREE_DAYS)
    assert document.programme.title == "Programme des rencontres"
    assert plain(document.body_html) == "Pensez à venir Merci."


def test_a_session_links_only_to_addresses_that_may_be_shown() -> None:
    found = sessions("* **9h :** [Un](javascript:alert(1))\n* **10h :** [Deux](/docs/a.pdf)")
    assert [session.links for session in found] == [(), (jekyll.Link("Deux", "/docs/a.pdf"),)]


def test_parallel_rooms_are_tracks() -> None:
    body = (
        "**Salle A : « Découvrir »**\n\nPour débuter.\n\n* 9h-10h : Accueil\n* 10h-11h : Essais\n\n"
        "<br>\n**Salle B**\n\n* 9h-9h30 : Café\n* 9h30-11h : Code"
    )
    assert [(found.track, found.title) for found in sessions(body)] == [
        ("Salle A : « Découvrir »", "Accueil"),
        ("Salle B", "Café"),
        ("Salle B", "Code"),
        ("Salle A : « Découvrir »", "Essais"),
    ]
    assert "Pour débuter." in plain(parsed(body).body_html)


def test_sections_are_tracks_only_when_there_are_several() -> None:
    one = "## La journée\n\n* **9h :** Un\n* **10h :** Deux"
    two = f"{one}\n\n## La soirée\n\n* **19h :** Trois\n* **20h :** Quatre"
    assert [found.track for found in sessions(one)] == [None, None]
    assert [found.track for found in sessions(two)] == ["La journée"] * 2 + ["La soirée"] * 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # track, title, organisations, description
        ("IA - **Un** - Direction A", ("IA", "Un", "Direction A", None)),
        (
            "LE BIEN/ **Un** - Service B et institut C ",
            ("LE BIEN", "Un", "Service B et institut C", None),
        ),
        (
            "IA- **Un** **- deux** -  Direction A , direction B",
            ("IA", "Un - deux", "Direction A , direction B", None),
        ),
        ("IA - **Un** - **deux**\xa0 - Direction A", ("IA", "Un - deux", "Direction A", None)),
        ("IA - **Un** - deux trois - Direction A", ("IA", "Un - deux trois", "Direction A", None)),
        (
            "IA - **Un** - en présence de l'autorité",
            ("IA", "Un", None, "en présence de l'autorité"),
        ),
        (
            "IA - **Un** - Les services répondront à tous",
            ("IA", "Un", None, "Les services répondront à tous"),
        ),
        ("**Un** : tout ce que vous voulez", (None, "Un", None, "tout ce que vous voulez")),
        ("**Un** et la suite de la phrase", (None, "Un et la suite de la phrase", None, None)),
        ("Un moment avec **Ada** pour finir", (None, "Un moment avec Ada pour finir", None, None)),
        ("« Un titre » - Ministère D", (None, "« Un titre »", "Ministère D", None)),
    ],
)
def test_track_title_organisations_and_description(line: str, expected: tuple[Any, ...]) -> None:
    found = sessions(f"* [**9h**] {line}\n* [**10h**] **Fin**")[0]
    assert (
        found.track,
        found.title,
        found.organisations_text,
        found.description,
    ) == expected


def test_points_guests_and_speakers_under_a_session() -> None:
    body = (
        "* **9h – 11h : Plénière**\n"
        "  <br>Introduction par Ada Essai, directrice des tests\n"
        "<br>\n"
        "<br>**Temps 1 : « Commencer »** avec Bob Essai, Cléo Test et Dan de la Cour\n"
        "  <br>***Invitée* :** Ève Test, cheffe (Service A)\n"
        "<br>**Clôture** par Prénom Nom interne\n"
        "  <br>Film : Gil Essai (Service B - Rennes) et Isa Test (Service C, section D)\n"
        "* **11h – 12h : Forum : **\n  <br>« Un stand »\n  <br>(hall A)\n"
        "* **12h : Échanges**\nAvec Jo Test, réseau (RRR)\nKim Essai, ministère\nLou Test, \n"
    )
    plenary, forum, talks = sessions(body)
    assert [(item.title, item.speakers, item.guest) for item in plenary.items] == [
        ("Introduction", ("Ada Essai, directrice des tests",), None),
        (
            "Temps 1 : « Commencer »",
            ("Bob Essai", "Cléo Test", "Dan de la Cour"),
            "Ève Test, cheffe (Service A)",
        ),
        ("Clôture", ("Prénom Nom interne",), None),
        ("Film", ("Gil Essai (Service B - Rennes)", "Isa Test (Service C, section D)"), None),
    ]
    assert (forum.title, forum.description) == ("Forum", "(hall A)")
    assert [item.title for item in forum.items] == ["Un stand"]
    assert talks.speakers == ("Jo Test, réseau (RRR)", "Kim Essai, ministère", "Lou Test")


def test_bold_time_slots_hold_bullets() -> None:
    body = (
        "**Démonstrations, de 8h à 18h, hall B**\n\nToute la journée.\n\n"
        "**8h - 11h**\n* Outil A\n* Outil B\n\n**11h - 18h**\n* Outil C\n\n> Une citation."
    )
    assert [
        (title, [item.title for item in found.items])
        for found in sessions(body)
        if (title := found.title)
    ] == [
        ("Démonstrations", []),
        ("Démonstrations", ["Outil A", "Outil B"]),
        ("Démonstrations", ["Outil C"]),
    ]
    assert plain(parsed(body).body_html) == "Une citation."


def test_a_session_without_title_is_kept_and_told() -> None:
    document = parsed("* **9h :** Un\n\n* **10h - 11h :** \n\n* **11h :** Deux")
    assert [found.title for found in document.programme.sessions] == ["Un", None, "Deux"]
    assert [(warning.line, warning.code) for warning in document.warnings] == [(7, "session-empty")]


def test_points_without_hours_among_sessions_are_kept() -> None:
    body = "* #### 9h : Accueil\n\n* #### Atelier 1\n*On essaie.*\n\n* #### 10h : Fin"
    assert table(body) == [
        ("04 09:00", "", "Accueil"),
        ("", "", "Atelier 1"),
        ("04 10:00", "", "Fin"),
    ]
    assert sessions(body)[1].description == "On essaie."


def test_an_end_past_midnight_is_on_the_next_day() -> None:
    found = sessions("* **20h :** Dîner\n* **22h - 1h :** Danse")[1]
    assert found.end is not None
    assert found.end.isoformat() == "2027-03-05T01:00:00+01:00"


def test_sessions_of_an_event_of_several_days_without_headings_keep_their_hours() -> None:
    found = sessions("* **9h :** Un\n* **10h - 11h :** Deux", THREE_DAYS)
    assert [(session.start, session.description) for session in found] == [
        (None, "09:00"),
        (None, "10:00 - 11:00"),
    ]


PROSE = {
    "no hours": "* Présentation\n* Échanges",
    "durations": "* **Temps 1 [5 minutes]**\n* **Temps 2 [40 minutes]**",
    "one hour only": "* **9h :** Accueil\n* Échanges",
    "hours inside sentences": "* Un espace ouvert de 9h à 17h pour tous.\n* Un autre de 10h à 12h.",
    "sister events": "* **Étape A**, le 4 mars à Metz\n* **Étape B**, le 5 mars à Nantes",
    "steps": "1. Jusqu'au 2 mars : inscrivez-vous\n2. Le 4 mars : venez",
    "other pages": "* **9h :** [Un](/agenda/un/)\n* **10h :** [Deux](/agenda/deux/)",
    "hours backwards": "* **14h :** Un\n* **10h :** Deux",
}


@pytest.mark.parametrize("body", PROSE.values(), ids=PROSE.keys())
def test_a_list_that_is_no_programme_stays_in_the_text(body: str) -> None:
    document = parsed(f"### Programme\n\n{body}")
    assert document.programme.sessions == ()
    assert plain(document.body_html) == plain(f"### Programme\n\n{body}")


def test_a_programme_kept_as_text_is_told() -> None:
    codes = [warning.code for warning in parsed(PROSE["hours backwards"]).warnings]
    assert codes == ["programme-kept-as-text"]


def test_text_around_and_between_the_days_stays_in_the_text() -> None:
    body = (
        "### Programme :\n* Un espace pour tous, de 9h à 17h.\n\nLe détail :\n\n"
        "### Jeudi 4 mars 2027\n\n* **9h** A - **Un**\n\n### Vendredi 5 mars 2027\n\n* **9h** A - **Deux**\n\n"
        "## Après\n\nFin."
    )
    document = parsed(body, THREE_DAYS)
    assert [str(day.date) for day in document.programme.days] == ["2027-03-04", "2027-03-05"]
    assert plain(document.body_html) == (
        "Programme : Un espace pour tous, de 9h à 17h. Le détail : Après Fin."
    )
    assert "<h3>Après</h3>" not in document.body_html
