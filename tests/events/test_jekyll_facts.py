"""Facts of an event page: names, dates, place. The documents are written for the tests."""

import json
from typing import Any

import pytest

from eventreg.events import jekyll

pytestmark = pytest.mark.any_database


def parsed(front_matter: str, body: str = "", name: str = "essai.md") -> jekyll.Document:
    title = "" if "title:" in front_matter else "title: Essai\n"
    return jekyll.parse(f"---\n{title}{front_matter}\n---\n{body}".encode(), name)


def facts(front_matter: str, body: str = "", name: str = "essai.md") -> dict[str, Any]:
    return jekyll.as_json(parsed(front_matter, body, name), file=name)


def codes(document: jekyll.Document) -> list[str]:
    return [warning.code for warning in document.warnings]


DAY = "event_start_date: 2027-03-04 09:30:00 +01:00"
MIDNIGHT = "event_start_date: 2027-03-04 00:00:00 +01:00"


def field(label: str, value: str, link: str = "") -> str:
    return f"champs_informations:\n- intitule: {label}\n  contenu: {value}\n  lien: {link}"


# Names, kinds, states


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("2027-03-04-rencontre.md", "rencontre"),
        ("rencontre.markdown", "rencontre"),
        ("_evenements/2027/rencontre-2.md", "rencontre-2"),
        ("cafe-<<-l-ete->>-no-3.markdown", "cafe-l-ete-no-3"),
        ("Été à l’œuvre.md", "ete-a-loeuvre"),
        ("v1.2-notes.md", "v1-2-notes"),
        ("2027-03-04.md", "2027-03-04"),
    ],
)
def test_the_address_comes_from_the_file_name(name: str, slug: str) -> None:
    assert parsed(DAY, name=name).slug == slug


@pytest.mark.parametrize(
    ("front_matter", "body", "name", "kind"),
    [
        (DAY, "", "x.md", "event"),
        ("dateEvent: 2027-03-04 00:00:00 +01:00", "", "x.md", "event"),
        ("lieu: Ici", "", "x.md", "event"),
        ("chapeau-text: Un salon", "mot", "x.md", "news"),
        ("chapeau-text: Un salon", "mot", "_evenements/x.md", "event"),
        ("categories:\n- Communiqué de presse", "", "x.md", "news"),
        ("contact-presse:\n  name: Camille Test", "", "x.md", "news"),
        ("published: false", "", "x.md", "event"),
    ],
)
def test_events_and_press_releases_are_told_apart(
    front_matter: str, body: str, name: str, kind: str
) -> None:
    assert parsed(front_matter, body, name).kind == kind


def test_a_press_release_says_nothing_about_an_event() -> None:
    found = facts(
        "chapeau-text: Un salon\ncontact-presse:\n  name: 'Camille Test '\n  tel:\n  - '01 00 00 00 00 '\n"
        "  - 02\n  email: presse@exemple.fr\nfiles:\n- file: /uploads/a.pdf",
        "Inscriptions jusqu'au 3 mars. Le salon aura lieu le 4 mars 2027 de 9h à 18h.\n\n"
        "* **9h :** Accueil\n* **10h :** Suite",
    )
    assert (found["kind"], found["start"], found["end"], found["venue"]) == (
        "news",
        None,
        None,
        None,
    )
    assert found["programme"] == {"days": []}
    assert found["registration"] == {
        "mode": "none",
        "required": None,
        "paid": None,
        "link": None,
        "deadline": None,
        "opens_at": None,
    }
    assert found["press_contacts"] == [
        {"name": "Camille Test", "phones": ["01 00 00 00 00", "02"], "email": "presse@exemple.fr"}
    ]
    assert found["files"] == ["/uploads/a.pdf"]


@pytest.mark.parametrize(
    ("front_matter", "body", "draft"),
    [
        (DAY, "", False),
        (f"{DAY}\npublished: false", "", True),
        (f"{DAY}\npublished: true", "", False),
        ("lieu: Ici", "", True),
        (f"title: '[duplication] Essai'\n{DAY}", "", True),
        (DAY, "Lorem ipsum dolor", True),
        ("lieu: Ici\ndate: 2027-01-02", "La rencontre aura lieu le 4 mars.", True),
    ],
)
def test_what_is_unfinished_stays_a_draft(front_matter: str, body: str, draft: bool) -> None:
    assert parsed(front_matter, body).draft == draft


def test_texts_are_folded_and_lose_their_marks() -> None:
    found = facts(
        "title: \"Un  titre \\n<span lang='en'>open</span>\"\n"
        "chapeau-text: |-\n  **Un chapeau** avec [lien](https://a.fr).\n\n  Suite.\n"
        f"categories: Atelier\ntags:\n- 'un '\n- un\n- deux\n{DAY}\n"
        "une-ou-diaporama:\n- image: /uploads/a%20b.png\n  alternative-textuelle: Image décorative\n"
        "- alternative-textuelle: sans image\n- image: javascript:alert(1)"
    )
    assert found["title"] == "Un titre open"
    assert found["lead"] == "Un chapeau avec lien. Suite."
    assert (found["categories"], found["tags"]) == (["Atelier"], ["un", "deux"])
    assert found["images"] == [{"src": "/uploads/a%20b.png", "alt": ""}]


# Dates


@pytest.mark.parametrize(
    ("front_matter", "start", "end", "warnings"),
    [
        (DAY, "2027-03-04T09:30:00+01:00", None, []),
        (MIDNIGHT, "2027-03-04", None, []),
        ("event_start_date: 2027-07-04 09:30", "2027-07-04T09:30:00+02:00", None, []),
        ("event_start_date: 2027-03-04T08:30:00Z", "2027-03-04T09:30:00+01:00", None, []),
        (
            f"timezone: Indian/Reunion\n{DAY}",
            "2027-03-04T12:30:00+04:00",
            None,
            [],
        ),
        (
            f"{DAY}\nevent_end_date: 2027-03-04 12:00:00 +01:00",
            "2027-03-04T09:30:00+01:00",
            "2027-03-04T12:00:00+01:00",
            [],
        ),
        (
            f"{DAY}\nevent_end_date: 2027-03-06 00:00:00 +01:00",
            "2027-03-04T09:30:00+01:00",
            "2027-03-06",
            [],
        ),
        (
            f"{DAY}\nevent_end_date: 2027-03-04 00:30:00 +01:00",
            "2027-03-04T09:30:00+01:00",
            None,
            ["end-before-start"],
        ),
        (
            f"{MIDNIGHT}\nevent_end_date: 2027-03-04 00:00:00 +01:00",
            "2027-03-04",
            "2027-03-04",
            [],
        ),
        (
            f"{MIDNIGHT}\n{field('Horaires', '14h - 16h30')}",
            "2027-03-04T14:00:00+01:00",
            "2027-03-04T16:30:00+01:00",
            [],
        ),
        (f"{MIDNIGHT}\n{field('Horaire', '9:30')}", "2027-03-04T09:30:00+01:00", None, []),
        (
            f"{DAY}\n{field('Horaires', 'De 10h à 12h')}",
            "2027-03-04T09:30:00+01:00",
            "2027-03-04T12:00:00+01:00",
            ["hours-disagree"],
        ),
        (
            f"{MIDNIGHT}\nchapeau-text: Rendez-vous jeudi 4 mars de 14h à 18h.",
            "2027-03-04T14:00:00+01:00",
            "2027-03-04T18:00:00+01:00",
            [],
        ),
        (
            f"{DAY}\nchapeau-text: Rendez-vous le vendredi 4 mars.",
            "2027-03-04T09:30:00+01:00",
            None,
            ["weekday-mismatch"],
        ),
        (
            f"{DAY}\nevent_date: 2027-03-14 00:00:00 +01:00",
            "2027-03-04T09:30:00+01:00",
            None,
            ["dates-disagree"],
        ),
        (
            "event_start_date: 0005-01-31 23:09:21 +00:09",
            None,
            None,
            ["date-missing", "date-implausible"],
        ),
    ],
)
def test_start_and_end_are_those_the_document_states(
    front_matter: str, start: str | None, end: str | None, warnings: list[str]
) -> None:
    document = parsed(front_matter)
    found = jekyll.as_json(document, file="x")
    assert (found["start"], found["end"]) == (start, end)
    assert codes(document) == warnings


def test_a_day_found_only_in_the_text_is_a_proposal() -> None:
    document = parsed(
        "lieu: Ici\ndate: 2027-01-02 10:00:00 +01:00",
        "L'atelier se déroulera le mardi 9 mars de 9h30 à 17h.\n\nUn autre aura lieu un jour.",
    )
    found = jekyll.as_json(document, file="x")
    assert (found["start"], found["end"]) == (
        "2027-03-09T09:30:00+01:00",
        "2027-03-09T17:00:00+01:00",
    )
    assert codes(document) == ["date-from-text"]


def test_another_date_in_the_text_is_told() -> None:
    document = parsed(
        DAY, "La rencontre aura lieu le 5 mars 2027.\n\nElle aura lieu du 3 au 5 mars 2027."
    )
    assert codes(document) == ["text-date-differs"]


# Place


@pytest.mark.parametrize(
    ("front_matter", "expected"),
    [
        (
            "lieu: Salle Ada\nadresse: 3 rue des Essais, 35 000 Rennes",
            ("Salle Ada", "3 rue des Essais, 35 000 Rennes", "35000", "Rennes", False),
        ),
        (
            "lieu: Salle Ada\nadresse: |\n  3 rue des Essais\n  59000 , LILLE",
            ("Salle Ada", "3 rue des Essais 59000 , LILLE", "59000", "Lille", False),
        ),
        (
            "lieu: Halle\nadresse: 3 rue des Essais, Metz",
            ("Halle", "3 rue des Essais, Metz", None, "Metz", False),
        ),
        (
            "adresse: 3 rue des Essais, Paris 15",
            (None, "3 rue des Essais, Paris 15", None, "Paris", False),
        ),
        ("lieu: En ligne ", ("En ligne", None, None, None, True)),
        ("categories:\n- Webinaire d'information", (None, None, None, None, True)),
        (
            f"lieu: Salle Ada\n{field('Modalités', 'Inscription en ligne')}",
            ("Salle Ada", None, None, None, False),
        ),
        (
            f"lieu: Salle Ada\n{field('Précision', 'Possible aussi en visioconférence')}",
            ("Salle Ada", None, None, None, True),
        ),
        ("afficher_la_carte: false", (None, None, None, None, None)),
    ],
)
def test_the_place_is_kept_as_written_and_read_for_searching(
    front_matter: str, expected: tuple[Any, ...]
) -> None:
    found = facts(f"{DAY}\n{front_matter}")
    keys = ("venue", "address", "postal_code", "city", "online")
    assert tuple(found[key] for key in keys) == expected


def test_two_places_and_a_place_to_come_are_told() -> None:
    assert codes(
        parsed(
            f"{DAY}\nlieu: Adresse communiquée prochainement\n"
            "adresse: Le matin 1 rue A, 75001 Paris - L'après-midi 2 rue B, 75002 Paris"
        )
    ) == ["address-placeholder", "two-places"]


# Practical information


@pytest.mark.parametrize(
    ("entry", "expected", "warnings"),
    [
        ("intitule: 'Accès '\n  contenu: ' bus <br>9'", ("Accès", "bus 9", None), []),
        (
            "intitule: Plus\n  lien: '(https://a.fr/x) '",
            ("Plus", None, "https://a.fr/x"),
            ["link-repaired"],
        ),
        (
            "intitule: A\n  contenu: b\n  Key: https://a.fr",
            ("A", "b", "https://a.fr"),
            ["link-under-odd-key"],
        ),
        (
            "intitule: A\n  contenu: b\n  intitulé: https://a.fr",
            ("A", "b", "https://a.fr"),
            ["link-under-odd-key"],
        ),
        ("intitule: A\n  contenu: b\n  mail to: a@b.fr", ("A", "b", "mailto:a@b.fr"), []),
        ("intitule: A\n  lien: a@b.fr", ("A", None, "mailto:a@b.fr"), []),
        (
            "intitule: A\n  contenu: voir https://a.fr/b.",
            ("A", "voir https://a.fr/b.", "https://a.fr/b"),
            ["link-under-odd-key"],
        ),
        (
            "intitule: A\n  contenu: lien à ajouter",
            ("A", "lien à ajouter", None),
            ["link-placeholder"],
        ),
        ("intitule: A\n  lien: lien à venir", ("A", None, None), ["link-placeholder"]),
        ("intitule: A\n  lien: file:///C:/x.doc", ("A", None, None), ["link-broken"]),
        ("Intitulé: Horaires\n  contenu: 9h", ("Horaires", "9h", None), []),
        ("contenu: Modalités\n  Intitulé: Sur place", ("Modalités", "Sur place", None), []),
        ("intitule: A\n  contenu: b\n  Salle: C", ("A", "b ; Salle : C", None), ["unknown-key"]),
    ],
)
def test_a_line_of_practical_information_keeps_all_it_says(
    entry: str, expected: tuple[Any, ...], warnings: list[str]
) -> None:
    document = parsed(f"{DAY.replace('09:30', '09:00')}\nchamps_informations:\n- {entry}")
    found = document.info_fields[0]
    assert (found.label, found.value, found.link) == expected
    assert codes(document) == warnings


def test_an_empty_line_of_practical_information_is_left_out() -> None:
    document = parsed(f"{DAY}\nchamps_informations:\n- intitule:\n  contenu: 'null'\n- intitule: A")
    assert [found.label for found in document.info_fields] == ["A"]
    assert codes(document) == ["field-empty"]


# The object of the dry run


def test_the_object_is_json_and_messages_can_be_translated() -> None:
    document = parsed(f"{DAY}\ncle: valeur")
    seen = []

    def translate(message: str, **params: str) -> str:
        seen.append((message, params))
        return "traduit"

    found = jekyll.as_json(document, file="a/essai.md", translate=translate)
    assert json.loads(json.dumps(found)) == found
    assert found["warnings"] == [{"line": 4, "message": "traduit"}]
    assert seen == [("The key “%(key)s” is not known; it is kept as it is.", {"key": "cle"})]


def test_a_refused_document_gives_the_same_keys_and_its_errors() -> None:
    with pytest.raises(jekyll.DocumentError) as refusal:
        jekyll.parse(b"mot", "essai.md")
    found = jekyll.refused_as_json(refusal.value.problems, file="essai.md")
    assert list(found) == list(facts(DAY))
    assert list(found["registration"]) == list(facts(DAY)["registration"])
    assert [error["line"] for error in found["errors"]] == [1]
    assert str(refusal.value).startswith("essai.md:1: The document does not start")


def test_the_order_of_the_keys_is_that_of_the_contract() -> None:
    assert " ".join(facts(DAY)) == (
        "file kind slug draft title document_date categories tags lead images start end timezone"
        " multi_day venue address postal_code city online info_fields registration audience"
        " capacity press_contacts files videos calls_to_action programme warnings errors"
    )


def test_the_hash_is_that_of_the_bytes_and_the_source_is_kept() -> None:
    document = parsed(DAY, "mot\n")
    again = parsed(DAY, "mot")
    assert document.content_hash != again.content_hash
    assert (document.source.endswith("mot\n"), again.source.endswith("mot")) == (True, True)


def test_videos_are_named_and_not_embedded() -> None:
    body = '<iframe src="https://www.dailymotion.com/embed/video/x12?autoplay=1"></iframe>'
    document = parsed(DAY, f"avant\n\n{body}")
    assert jekyll.as_json(document, file="x")["videos"] == [
        {"provider": "dailymotion", "id": "x12"}
    ]
    assert document.body_html == "<p>avant</p>"


def test_a_long_page_is_rendered_in_pieces() -> None:
    document = parsed(DAY, ("mot " * 200 + "\n\n") * 40)
    assert document.body_html.count("mot") == 8_000
