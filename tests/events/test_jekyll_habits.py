"""What a careful reader finds in pages as communicators write them; the sentences are the tests' own.

Each row: the front matter after the title, the body, and the facts by their names in the JSON.
"""

from typing import Any

import pytest

from eventreg.events import jekyll

pytestmark = pytest.mark.any_database

AT_TWO = "event_start_date: 2023-06-15 14:00:00 +02:00"
THAT_DAY = "event_start_date: 2023-06-15 00:00:00 +02:00"
TWO_DAYS = f"{AT_TWO}\nevent_end_date: 2023-06-16 18:00:00 +02:00"
FORM = "https://framaforms.org/rencontre"


def field(label: str, value: str, link: str = "") -> str:
    lien = f"\n  lien: {link}" if link else ""
    return f"champs_informations:\n- intitule: {label!r}\n  contenu: {value!r}{lien}"


def parsed(front_matter: str, body: str) -> dict[str, Any]:
    text = f"---\ntitle: Essai\ndate: 2023-05-01 10:00:00 +02:00\n{front_matter}\n---\n{body}\n"
    return jekyll.as_json(jekyll.parse(text.encode(), "essai.md"), "essai.md")


def facts(found: dict[str, Any]) -> dict[str, Any]:
    """The facts under short names; `mode`, `link`, `deadline` … are those of the registration."""
    return {
        **found,
        **found["registration"],
        "agents": found["audience"]["public_agents_only"],
        "sessions": sum(len(day["sessions"]) for day in found["programme"]["days"]),
    }


FACTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    # Dates
    "day and month in figures": (
        "event_start_date: 26/02/2024\nevent_end_date: '27/02/2024'",
        "",
        {"start": "2024-02-26", "end": "2024-02-27", "draft": False},
    ),
    "a date in words": (
        'event_start_date: "mardi 14 mars 2023 à 18h30"',
        "",
        {"start": "2023-03-14T18:30:00+01:00"},
    ),
    "a date still to come": ("event_start_date: à préciser", "", {"start": None, "draft": True}),
    "hours of a place far away": (
        "event_start_date: 2022-10-10 10:00:00 +04:00",
        "",
        {"start": "2022-10-10T10:00:00+04:00", "timezone": "Etc/GMT-4"},
    ),
    "an offset of France in the wrong season": (
        "event_start_date: 2023-06-15 13:00:00 +01:00",
        "",
        {"start": "2023-06-15T14:00:00+02:00", "timezone": "Europe/Paris"},
    ),
    "the date in its field": (
        field("Date", "Le jeudi 15 juin 2023 de 9 h 30 à 12 h"),
        "",
        {"start": "2023-06-15T09:30:00+02:00", "end": "2023-06-15T12:00:00+02:00", "draft": True},
    ),
    "days in their field": (
        field("Date", "Du 12 au 14 juin 2023"),
        "",
        {"start": "2023-06-12", "end": "2023-06-14", "multi_day": True},
    ),
    "the date in a sentence": (
        "lieu: Dijon",
        "Nous vous attendons le jeudi 22 juin 2023 de 14h à 16h30 pour une visite.",
        {"start": "2023-06-22T14:00:00+02:00", "end": "2023-06-22T16:30:00+02:00", "draft": True},
    ),
    "the closing of a call is no date": (
        "lieu: Dijon",
        "Rendez-vous sur le site pour candidater jusqu'au 22 juin 2023.",
        {"start": None, "deadline": None},
    ),
    "morning and afternoon": (
        f"{THAT_DAY}\n{field('Horaires', '9h-12h30 et 14 h - 17h30')}",
        "",
        {"start": "2023-06-15T09:00:00+02:00", "end": "2023-06-15T17:30:00+02:00"},
    ),
    "one of two half days": (
        f"{THAT_DAY}\n{field('Horaires', '9h-12h ou 14h-17h')}",
        "",
        {"start": "2023-06-15", "end": None},
    ),
    "hours in English": (
        f"{THAT_DAY}\n{field('Hours', '6pm - 8:30 pm')}",
        "",
        {"start": "2023-06-15T18:00:00+02:00", "end": "2023-06-15T20:30:00+02:00"},
    ),
    # Kind
    "an event with a press contact and a file": (
        f"{AT_TWO}\ncontact-presse:\n  name: Camille Test\nfiles:\n- file: /uploads/a.pdf",
        "",
        {"kind": "event", "files": ["/uploads/a.pdf"]},
    ),
    # Place
    "a town alone": (f"{AT_TWO}\nlieu: Orléans", "", {"city": "Orléans"}),
    "a venue and its town": (f"{AT_TWO}\nlieu: H7, Lyon", "", {"city": "Lyon"}),
    "a town and its district": (f"{AT_TWO}\nadresse: 'Paris 6ème '", "", {"city": "Paris"}),
    "several towns": (f"{AT_TWO}\nlieu: Bordeaux, Lille et Metz", "", {"city": None}),
    "a town in the name of a venue": (f"{AT_TWO}\nlieu: Paris Expo", "", {"city": None}),
    "the word null": (f"{AT_TWO}\nlieu: 'null'", "", {"venue": None}),
    "online, by a field": (f"{AT_TWO}\n{field('En ligne', 'en direct')}", "", {"online": True}),
    "online, in one word": (f"{AT_TWO}\nlieu: Distanciel", "", {"online": True}),
    "on site and online, by the category": (
        f"{AT_TWO}\nlieu: Cité\nadresse: 30 rue Haute, 75019 Paris\ncategories:\n- Événement hybride",
        "",
        {"online": True, "city": "Paris"},
    ),
    # Signing up
    "by e-mail, in a field": (
        f"{AT_TWO}\n{field('Modalités', 'Inscription par mail à atelier@exemple.fr')}",
        "",
        {"mode": "external", "link": "mailto:atelier@exemple.fr", "required": True},
    ),
    "by e-mail, in angle brackets": (
        f"{AT_TWO}\n{field('Modalités', 'Inscription auprès de <atelier@exemple.fr>')}",
        "",
        {"link": "mailto:atelier@exemple.fr"},
    ),
    "by e-mail, a link without its scheme": (
        AT_TWO,
        "Inscription auprès de [a@exemple.fr](a@exemple.fr) avant le 10 juin.",
        {"link": "mailto:a@exemple.fr", "deadline": "2023-06-10"},
    ),
    "an address for questions": (
        AT_TWO,
        "Pour toute question sur votre inscription : aide@exemple.fr",
        {"link": None},
    ),
    "nothing to sign": (
        AT_TWO,
        "Pas besoin de s'inscrire : il suffit de venir.",
        {"mode": "none", "required": False},
    ),
    "not compulsory": (
        f"{AT_TWO}\n{field('Modalités', 'Inscription non obligatoire')}",
        "",
        {"required": False},
    ),
    "in English": (
        f"{AT_TWO}\n{field('Registration', 'Free, registration required', FORM)}",
        "",
        {"link": FORM, "required": True, "paid": False},
    ),
    "I book my place": (AT_TWO, f"[Je réserve ma place]({FORM})", {"link": FORM}),
    "take part": (AT_TWO, f'<a href="{FORM}" class="button">Participer</a>', {"link": FORM}),
    "take part in a survey": (
        AT_TWO,
        f'<a href="{FORM}" class="button">Participer à l\'enquête</a>',
        {"link": None},
    ),
    "a room to join": (
        AT_TWO,
        '<a href="https://visio.numerique.gouv.fr/abc" class="button">Participer</a>',
        {"mode": "none", "link": None},
    ),
    "sold, but free for some": (
        f"{AT_TWO}\n{field('Payant', 'Gratuit pour les agents publics', FORM)}",
        "",
        {"paid": True},
    ),
    # When signing up opens and closes
    "the closing as a label": (
        f"{AT_TWO}\n{field('Date limite d inscription', '8 juin 2023')}",
        "",
        {"deadline": "2023-06-08"},
    ),
    "the closing under a button": (
        AT_TWO,
        f'<p align="center"><a href="{FORM}" class="button">Inscrivez-vous</a>'
        "<br>Clôture des inscriptions le 9 juin 2023 à 12h00</p>",
        {"deadline": "2023-06-09T12:00:00+02:00"},
    ),
    "the opening in a sentence": (
        f"{AT_TWO}\nchapeau-text: Les inscriptions ouvriront le 20 mai 2023 !",
        "",
        {"opens_at": "2023-05-20"},
    ),
    "the opening with its hour": (
        f"{AT_TWO}\n{field('Inscription', 'Ouverture des inscriptions le 2 juin à 10h')}",
        "",
        {"opens_at": "2023-06-02T10:00:00+02:00", "mode": "internal"},
    ),
    # Who and how many
    "a field of the audience": (
        f"{AT_TWO}\n{field('Pour qui ?', 'Agents publics uniquement')}",
        "",
        {"agents": True},
    ),
    "a heading of the audience": (
        AT_TWO,
        "### Public\n\nAgents publics de l'État et des communes.",
        {"agents": True},
    ),
    "access for agents": (
        f"{AT_TWO}\n{field('Accès', 'Accès réservé aux agents de la fonction publique')}",
        "",
        {"agents": True},
    ),
    "only addressed to agents": (
        AT_TWO,
        "Ce séminaire s'adresse uniquement aux agents des administrations centrales.",
        {"agents": True},
    ),
    "seats for agents": (
        AT_TWO,
        "Deux salles sont réservées aux agents publics.",
        {"agents": False},
    ),
    "seats, then the event": (
        f"{AT_TWO}\n{field('Modalités', 'places limitées, événement réservé aux agents publics')}",
        "",
        {"agents": True, "capacity": None},
    ),
    "places in parentheses": (
        f"{AT_TWO}\n{field('Modalités', 'Sur inscription (40 places)')}",
        "",
        {"capacity": 40},
    ),
    "a number of places": (
        f"{AT_TWO}\n{field('Modalités', 'Nombre de places : 40')}",
        "",
        {"capacity": 40},
    ),
    "who comes first": (
        AT_TWO,
        "Seules les 50 premières inscriptions seront retenues.",
        {"capacity": 50},
    ),
    # Programmes
    "a calendar of towns": (
        TWO_DAYS,
        "* Bordeaux, le 15 juin à 14h\n* Lille, le 22 juin à 14h\n* Metz, le 29 juin à 14h",
        {"sessions": 0},
    ),
    "steps of a procedure": (
        TWO_DAYS,
        "1. Jusqu'au 10 juin : inscrivez-vous\n2. Du 15 au 20 juin : entretiens",
        {"sessions": 0},
    ),
}


def test_the_facts_are_those_a_careful_reader_finds() -> None:
    wrong = {}
    for name, (front_matter, body, expected) in FACTS.items():
        found = facts(parsed(front_matter, body))
        if differing := {key: found[key] for key in expected if found[key] != expected[key]}:
            wrong[name] = differing
    assert wrong == {}


PROGRAMMES: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "days with a theme, paragraphs, hours with spaces": (
        "### Jeudi 15 juin : ouvrir\n\n**14 h** Accueil\n\n**14 h 30 – 16 h** Table ronde\n"
        "Avec Inès Roche (Institut), Omar Saïd (Agence)\n\n"
        "### Vendredi 16 juin : partager\n\n**9h00 à 10h30** Atelier A\n\n**11h - 12h30** Atelier B",
        [
            ("15 14:00", "", "Accueil", [], "ouvrir"),
            (
                "15 14:30",
                "16:00",
                "Table ronde",
                ["Inès Roche (Institut)", "Omar Saïd (Agence)"],
                "ouvrir",
            ),
            ("16 09:00", "10:30", "Atelier A", [], "partager"),
            ("16 11:00", "12:30", "Atelier B", [], "partager"),
        ],
    ),
    "numbered days, parts of a day": (
        "## Jour 1 - jeudi 15 juin\n\n### Matin\n\n* 9h : Accueil\n\n### Après-midi\n\n* 14h : Ateliers\n\n"
        "## Jour 2 - vendredi 16 juin\n\n* 10h : Bilan",
        [
            ("15 09:00", "", "Accueil", [], None),
            ("15 14:00", "", "Ateliers", [], None),
            ("16 10:00", "", "Bilan", [], None),
        ],
    ),
    "a list in HTML": (
        "**Jeudi 15 juin**\n\n<ul>\n<li><strong>14h :</strong> Accueil</li>\n"
        "<li><strong>14h30 - 15h30 :</strong> Atelier</li>\n</ul>",
        [("15 14:00", "", "Accueil", [], None), ("15 14:30", "15:30", "Atelier", [], None)],
    ),
    "a table": (
        "**Jeudi 15 juin**\n\n| Horaire | Sujet | Intervenants |\n| --- | --- | --- |\n"
        "| 14h | Accueil | |\n| 14h30 - 15h | Données | Julie Morel, directrice ; Paul Simon, élu |",
        [
            ("15 14:00", "", "Accueil", [], None),
            ("15 14:30", "15:00", "Données", ["Julie Morel, directrice", "Paul Simon, élu"], None),
        ],
    ),
    "numbered moments": (
        "**Jeudi 15 juin**\n\nTemps 1. 14h – 14h20 : Introduction\n\nTemps 2. 14h20 – 15h : Débat",
        [
            ("15 14:00", "14:20", "Temps 1. Introduction", [], None),
            ("15 14:20", "15:00", "Temps 2. Débat", [], None),
        ],
    ),
    "people after a title": (
        "**Jeudi 15 juin**\n\n* **14h - Ouverture** - Animée par Bruno Roux, journaliste\n"
        "* **14h15 - Données** - Sylvie Lang, professeure à Lille\n"
        "* 15h : « Des cartes », Marc Dubois, contributeur, et Léa Fontaine, Etalab\n"
        "* 15h30 : Bilan par Anne Le Goff\n* **16h - Startups d'État** - Open Data\n"
        "* 16h30 : Débat avec la salle",
        [
            ("15 14:00", "", "Ouverture", ["Bruno Roux, journaliste"], None),
            ("15 14:15", "", "Données", ["Sylvie Lang, professeure à Lille"], None),
            (
                "15 15:00",
                "",
                "« Des cartes »",
                ["Marc Dubois, contributeur", "Léa Fontaine, Etalab"],
                None,
            ),
            ("15 15:30", "", "Bilan", ["Anne Le Goff"], None),
            ("15 16:00", "", "Startups d'État", [], None),
            ("15 16:30", "", "Débat avec la salle", [], None),
        ],
    ),
    "people in a list below a paragraph": (
        "**Jeudi 15 juin**\n\n**9h – 10h : Nuages**\nIntervenants :\n- Nadège Colin, directrice\n"
        "- Éric Tan (Institut)\n\n**10h : Fin**",
        [
            (
                "15 09:00",
                "10:00",
                "Nuages",
                ["Nadège Colin, directrice", "Éric Tan (Institut)"],
                None,
            ),
            ("15 10:00", "", "Fin", [], None),
        ],
    ),
    "a day by its number, people as bullets and as lines": (
        "**Vendredi 16**\n\n* **9h - 10h : Débat**\n  * Nadia Faure, directrice, Agence\n  * Et vous ?\n"
        "* **10h : Données**\nJulie LAMBERT, Directrice | Institut",
        [
            ("16 09:00", "10:00", "Débat", ["Nadia Faure, directrice, Agence"], None),
            ("16 10:00", "", "Données", ["Julie LAMBERT, Directrice | Institut"], None),
        ],
    ),
    "lines below a word": (
        "**Jeudi 15 juin**\n\nProgramme :<br>\n**18h :** Accueil<br>\n**18h30 :** Démonstration",
        [("15 18:00", "", "Accueil", [], None), ("15 18:30", "", "Démonstration", [], None)],
    ),
    "a slot outside the one above": (
        "**Jeudi 15 juin**\n\n**Débat de 10h à 11h, salle B**\n\n**14h - 17h**\n* Visite",
        [("15 10:00", "11:00", "Débat", [], None), ("15 14:00", "17:00", "Visite", [], None)],
    ),
    "hours in English": (
        "**Jeudi 15 juin**\n\n* **6:00 pm**: Doors open\n* **6:30 pm**: Keynote by Jane Smith, Oslo",
        [
            ("15 18:00", "", "Doors open", [], None),
            ("15 18:30", "", "Keynote", ["Jane Smith, Oslo"], None),
        ],
    ),
}


def test_programmes_are_read_as_a_careful_reader_does() -> None:
    wrong = {}
    for name, (body, expected) in PROGRAMMES.items():
        found = [
            (
                session["start"][8:16].replace("T", " ") if session["start"] else "",
                session["end"][11:16] if session["end"] else "",
                session["title"],
                session["speakers"],
                session["track"],
            )
            for day in parsed(TWO_DAYS, body)["programme"]["days"]
            for session in day["sessions"]
        ]
        if found != expected:
            wrong[name] = found
    assert wrong == {}


def test_html_around_a_programme_keeps_its_text_and_its_pictures() -> None:
    """Only the items that were read leave the body; a list that shows something stays whole."""
    listed = "<ul>\n<li>14h : Accueil</li>\n<li>15h : Atelier{}</li>\n</ul>\n<p>Venez tôt.</p>"
    text = f"---\ntitle: Essai\n{AT_TWO}\n---\n{listed}\n"
    read = jekyll.parse(text.format("").encode(), "essai.md")
    assert len(read.programme.sessions) == 2
    assert read.body.strip() == "<p>Venez tôt.</p>"
    shown = jekyll.parse(text.format('<img src="/uploads/a.png" alt="Plan">').encode(), "essai.md")
    assert not shown.programme.sessions
    assert "/uploads/a.png" in shown.body
    table = "| Horaire | Sujet |\n| --- | --- |\n| 14h | Accueil |\n| 15h | Atelier |\n| | Pause |"
    rows = jekyll.parse(f"---\ntitle: Essai\n{AT_TWO}\n---\n{table}\n".encode(), "essai.md")
    assert (rows.programme.sessions, rows.body) == ((), table)


def test_a_section_above_the_whole_programme_is_its_title() -> None:
    body = "## Nos interventions\n\n* 14h : Accueil\n* 15h : Atelier"
    read = jekyll.parse(f"---\ntitle: Essai\n{AT_TWO}\n---\n{body}\n".encode(), "essai.md")
    assert read.programme.title == "Nos interventions"
    assert "Nos interventions" not in read.body
