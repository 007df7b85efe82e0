"""Doubts that a person should settle before publishing, each with its line."""

import pytest

from eventreg.events import jekyll

pytestmark = pytest.mark.any_database

DAY = "event_start_date: 2027-03-01 09:00:00 +01:00"


def read(front_matter: str = "", body: str = "") -> jekyll.Document:
    text = f"---\ntitle: Essai\n{DAY}\n{front_matter}---\n{body}"
    return jekyll.parse(text.encode(), "essai.md")


def doubts(front_matter: str = "", body: str = "") -> list[tuple[int | None, str]]:
    return [(warning.line, warning.code) for warning in read(front_matter, body).warnings]


BODIES = {
    "script address": ("[a](javascript:alert(1))", (5, "link-unusual-scheme")),
    "data address": ("mot\n\n<a href='data:text/html,x'>a</a>", (7, "link-unusual-scheme")),
    "file of one's own machine": ("[a](file:///C:/x.pdf)", (5, "link-unusual-scheme")),
    "bare word": ("[a](demain)", (5, "link-broken")),
    "link to come": ("[a](<lien à ajouter>)", (5, "link-placeholder")),
    "site in preparation": ("[a](https://preprod.exemple.fr/x)", (5, "link-staging")),
    "own machine": ("[a](http://127.0.0.1:4000/x)", (5, "link-staging")),
    "doubled host": ("[a](https://www.www.exemple.fr/)", (5, "link-suspicious")),
    "drawing with a script": ("mot\n\n<svg onload='x()'></svg>", (7, "html-removed")),
    "script": ("<script>x()</script>", (5, "html-removed")),
    "handler": ("<b onclick='x()'>mot</b>", (5, "html-removed")),
    "closed sign-ups": ("Inscriptions closes", (5, "sign-ups-said-closed")),
    "selection": ("L’inscription ne vaut pas participation.", (5, "selection-announced")),
    "filler": ("Lorem ipsum dolor sit amet.", (5, "unfinished")),
}


@pytest.mark.parametrize(("body", "doubt"), BODIES.values(), ids=BODIES.keys())
def test_a_communicator_is_told_what_surprises_with_its_line(
    body: str, doubt: tuple[int, str]
) -> None:
    assert doubts(body=body) == [doubt]


@pytest.mark.parametrize(
    "body",
    [
        "[a](#partie) [b](/agenda/x/) [c](https://test.fr/x) [d](mailto:a@exemple.fr)",
        "Formation ouverte : inscriptions ouvertes le 2 février.",
        "<style>p {color: red}</style>",
        "Le test de recette est sur https://exemple.fr/recette/",
    ],
)
def test_ordinary_text_raises_no_doubt(body: str) -> None:
    assert doubts(body=body) == []


def test_a_picture_that_names_another_month_is_told() -> None:
    picture = "une-ou-diaporama:\n- image: /uploads/a.png\n  alternative-textuelle: Le {}\n"
    assert doubts(picture.format("28 janvier")) == [(5, "image-date-differs")]
    assert doubts(picture.format("1er mars 2027")) == []


def test_a_text_copied_from_another_stop_of_a_tour_is_told() -> None:
    place = "lieu: Mairie\nadresse: 1 place Kléber, 67000 Strasbourg\n"
    copied = "La rencontre aura lieu à la préfecture de la région Bretagne."
    assert doubts(place, copied) == [(7, "place-differs")]
    assert doubts(place, copied.replace("Bretagne", "Grand Est")) == []


def test_the_old_category_key_is_told_only_when_it_says_another_kind() -> None:
    both = "categories:\n- {}\ncategorie: '{} '\n"
    assert doubts(both.format("Forum emploi", "Forum virtuel")) == []
    assert doubts(both.format("Forum emploi", "Hackathon")) == [(6, "categories-disagree")]
    assert read(both.format("Forum emploi", "Hackathon")).categories == ("Forum emploi",)


SPELLINGS = {
    "Évènement": "other",
    "Événement": "other",
    "Webinaire": "webinar",
    "Webinaire d'information": "webinar",
    "Forum emploi": "forum",
    "Forum et forum virtuel": "forum",
    "Salon professionnel": "fair",
    " Meetup ": "meetup",
    "Journée d’échanges": "meetup",
    "Réunion d'information": "information",
    "Atelier de formation DesignGouv": "training",
    "Micro-conférences et ateliers": "conference",
    "HACKATHON": "hackathon",
    "Sommet": "conference",
    "": "other",
}


@pytest.mark.parametrize("category", SPELLINGS)
def test_a_visitor_finds_one_kind_under_all_its_spellings(category: str) -> None:
    assert jekyll.kind_of(category) == SPELLINGS[category]


LIMITS = {
    "Nombre de places limité à 40.": 40,
    "Ateliers limités à 2 places par administration.": None,
    "Intervention limitée à 30 minutes.": None,
    "Les équipes sont limitées à 5 personnes.": None,
    "Dans la limite de 50 places réservées aux agents.": None,
    "50 places sont réservées gratuitement aux agents publics.": None,
    "120 personnes maximum.": 120,
}


@pytest.mark.parametrize("sentence", LIMITS)
def test_a_share_or_a_duration_is_no_number_of_places(sentence: str) -> None:
    assert read(body=sentence).capacity == LIMITS[sentence]
