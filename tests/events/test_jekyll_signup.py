"""Sign-up and audience of an event page. The documents are written for the tests."""

from typing import Any

import pytest

from eventreg.events import jekyll

pytestmark = pytest.mark.any_database

DAY = "event_start_date: 2027-03-04 09:30:00 +01:00"


def parsed(front_matter: str, body: str = "") -> jekyll.Document:
    return jekyll.parse(f"---\ntitle: Essai\n{front_matter}\n---\n{body}".encode(), "essai.md")


def facts(front_matter: str, body: str = "") -> dict[str, Any]:
    return jekyll.as_json(parsed(front_matter, body), file="essai.md")


def codes(document: jekyll.Document) -> list[str]:
    return [warning.code for warning in document.warnings]


def field(label: str, value: str, link: str = "") -> str:
    return f"champs_informations:\n- intitule: {label}\n  contenu: {value}\n  lien: {link}"


BUTTON = (
    '<div align="center"><a href="https://a.fr/go" class="button"><b>S\'inscrire</b></a>{}</div>'
)


@pytest.mark.parametrize(
    ("front_matter", "body", "mode", "required", "paid", "link"),
    [
        ("lieu: Ici", "Venez nombreux.", "none", None, None, None),
        (field("Modalités", "Inscription gratuite obligatoire"), "", "internal", True, False, None),
        (field("Inscription", "lien à ajouter"), "", "none", None, None, None),
        (
            field("Payant", "Inscription obligatoire", "https://a.fr/go"),
            "",
            "external",
            True,
            True,
            "https://a.fr/go",
        ),
        (field("Plus d'informations", "le site", "https://a.fr/go"), "", "none", None, None, None),
        (
            field("Inscription", "Écrire à l'équipe\n  mailto: a@b.fr"),
            "",
            "external",
            None,
            None,
            "mailto:a@b.fr",
        ),
        ("lieu: Ici", BUTTON.format(""), "external", None, None, "https://a.fr/go"),
        (
            "lieu: Ici",
            "> [Inscrivez-vous](https://a.fr/go)\n{: .lien-important}",
            "external",
            None,
            None,
            "https://a.fr/go",
        ),
        (
            "lieu: Ici",
            "Pour venir, [inscrivez-vous](https://a.fr/go).",
            "external",
            None,
            None,
            "https://a.fr/go",
        ),
        (
            "lieu: Ici",
            "Une gazette à laquelle [vous inscrire](https://a.fr/lettre).",
            "none",
            None,
            None,
            None,
        ),
        (
            "lieu: Ici",
            '<div align="center"><a href="" class="button">S\'inscrire</a></div>',
            "internal",
            None,
            None,
            None,
        ),
        ("lieu: Ici", "Entrée libre et gratuite.", "none", False, False, None),
    ],
)
def test_how_one_signs_up(
    front_matter: str,
    body: str,
    mode: str,
    required: bool | None,
    paid: bool | None,
    link: str | None,
) -> None:
    found = facts(f"{DAY}\n{front_matter}", body)["registration"]
    assert (found["mode"], found["required"], found["paid"], found["link"]) == (
        mode,
        required,
        paid,
        link,
    )


@pytest.mark.parametrize(
    ("front_matter", "body", "deadline", "source"),
    [
        (
            field("Inscription", "jusqu’au 26 février 2027, 18h"),
            "",
            "2027-02-26T18:00:00+01:00",
            "field",
        ),
        (
            "lieu: Ici",
            BUTTON.format("<br>Jusqu'au 1er mars à midi"),
            "2027-03-01T12:00:00+01:00",
            "button",
        ),
        ("lieu: Ici", BUTTON.format("<br>Jusqu'au 28 février, minuit"), "2027-02-28", "button"),
        ("chapeau-text: Inscriptions jusqu'au 2 mars !", "", "2027-03-02", "lead"),
        ("lieu: Ici", "Inscription obligatoire avant le 1er mars.", "2027-03-01", "body"),
        ("lieu: Ici", "INSCRIPTIONS EN LIGNE JUSQU’AU 2 MARS", "2027-03-02", "body"),
        (
            "lieu: Ici",
            "Inscrivez-vous du 5 février au 2 mars à 14h.",
            "2027-03-02T14:00:00+01:00",
            "body",
        ),
        ("lieu: Ici", "Inscription jusqu'au 20 décembre.", "2026-12-20", "body"),
        # What looks like a deadline of the sign-up and is none.
        ("lieu: Ici", "L'appel à projets est ouvert jusqu'au 2 mars.", None, None),
        ("lieu: Ici", "Candidatures avant le 2 mars, inscription sur dossier.", None, None),
        ("lieu: Ici", "L'exposition dure jusqu'au 2 mars.", None, None),
        ("lieu: Ici", "Inscription obligatoire. Le stand est là jusqu'au 2 mars.", None, None),
    ],
)
def test_the_deadline_is_read_where_it_speaks_of_signing_up(
    front_matter: str, body: str, deadline: str | None, source: str | None
) -> None:
    document = parsed(f"{DAY}\n{front_matter}", body)
    found = jekyll.as_json(document, file="x")["registration"]["deadline"]
    assert (found, document.registration.deadline_source) == (deadline, source)


def test_a_deadline_that_could_be_read_two_ways_is_told() -> None:
    document = parsed(DAY, BUTTON.format("<br>Inscription avant le 1er mars"))
    assert codes(document) == ["deadline-before"]
    assert codes(parsed(DAY, "Inscription jusqu'au 1er mars.")) == ["deadline-read-from-text"]


def test_opening_of_the_sign_ups_is_read() -> None:
    found = facts(DAY, "Inscriptions ouvertes à partir du 8 février.\n\nVenez.")
    assert found["registration"]["opens_at"] == "2027-02-08"
    found = facts(DAY, "Inscriptions du 5 février au 2 mars.")
    assert found["registration"]["opens_at"] == "2027-02-05"


def test_several_sign_ups_are_all_kept() -> None:
    document = parsed(DAY, BUTTON.format("") + "\n\n" + BUTTON.format("").replace("/go", "/autre"))
    assert [link.href for link in document.registration.links] == [
        "https://a.fr/go",
        "https://a.fr/autre",
    ]
    assert codes(document) == ["several-registrations"]


def test_a_deadline_after_the_event_is_told() -> None:
    assert codes(parsed(DAY, BUTTON.format("<br>Jusqu'au 9 mars 2027"))) == ["deadline-after-event"]


def test_buttons_are_calls_to_action_with_their_address_or_a_warning() -> None:
    document = parsed(
        DAY,
        '<div class="lien-important"><p><a href="/docs/a.pdf">Le <b>guide</b> </a></p></div>\n\n'
        '<p align="center"><a href="lien à ajouter" class="button">Venir</a></p>\n\n'
        '<div align="center"><a https://a.fr/x" class="button">Voir</a></div>\n\n'
        "Un [lien](https://a.fr) simple.",
    )
    assert [(link.text, link.href) for link in document.calls_to_action] == [
        ("Le guide", "/docs/a.pdf"),
        ("Venir", None),
        ("Voir", None),
    ]
    assert [(warning.line, warning.code) for warning in document.warnings] == [
        (7, "link-placeholder"),
        (9, "link-broken"),
    ]


# Audience and capacity


@pytest.mark.parametrize(
    ("front_matter", "body", "only", "text"),
    [
        (
            field(
                "Modalités",
                "gratuit, inscription obligatoire et uniquement réservé aux agents publics",
            ),
            "",
            True,
            "uniquement réservé aux agents publics",
        ),
        (
            "lieu: Ici",
            "*Événement uniquement réservé aux agents public*",
            True,
            "Événement uniquement réservé aux agents public",
        ),
        (
            "lieu: Ici",
            "Cet atelier ne s’adresse qu’aux agents publics. Suite.",
            True,
            "Cet atelier ne s’adresse qu’aux agents publics.",
        ),
        (
            field("Modalités", "avec une adresse professionnelle issue de la fonction publique"),
            "",
            True,
            "avec une adresse professionnelle issue de la fonction publique",
        ),
        (
            "lieu: Ici",
            "### Pour qui ?\n\nAgents de la fonction publique",
            True,
            "Agents de la fonction publique",
        ),
        (
            "lieu: Ici",
            "### Pour qui ?\n\nAgents de la fonction publique ou prestataires",
            False,
            "Agents de la fonction publique ou prestataires",
        ),
        (
            "lieu: Ici",
            "Dix places sont réservées gratuitement aux agents publics.",
            False,
            "Dix places sont réservées gratuitement aux agents publics.",
        ),
        ("lieu: Ici", "Vous êtes un agent public ou un étudiant.", False, None),
        ("lieu: Ici", "L'événement est ouvert à tous.", False, "L'événement est ouvert à tous."),
        ("lieu: Ici", "Un espace dédié au recrutement.", False, None),
    ],
)
def test_an_event_is_restricted_only_on_excluding_words(
    front_matter: str, body: str, only: bool, text: str | None
) -> None:
    found = facts(f"{DAY}\n{front_matter}", body)["audience"]
    assert (found["public_agents_only"], found["text"]) == (only, text)


@pytest.mark.parametrize(
    ("body", "capacity"),
    [
        ("L'atelier est limité à 16 participants.", 16),
        ("Le maximum de personnes acceptées sera de vingt.", 20),
        ("Capacité du lieu de 1 200 personnes.", 1200),
        ("Places limitées.", None),
        ("Chaque session est limitée à 16 participants.", None),
        ("Nombre de places limité entre 12 et 16 personnes par atelier.", None),
        ("Plus de 4 000 offres et 100 agents.", None),
    ],
)
def test_the_capacity_is_that_of_the_whole_event(body: str, capacity: int | None) -> None:
    assert facts(DAY, body)["capacity"] == capacity
