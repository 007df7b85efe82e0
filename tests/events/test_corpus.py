"""What each real document says, read by a person and written down as facts, never as sentences.

The texts are not ours to publish: they stay outside the repository (EVENTREG_TEST_DOCUMENTS), so
these tests say why they skip where the folder is absent.
"""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from eventreg.events import jekyll

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = Path(os.environ.get("EVENTREG_TEST_DOCUMENTS") or ROOT.parent / "shared")
HERE = (DOCUMENTS / "events-corpus").is_dir() and (DOCUMENTS / "seeds").is_dir()
pytestmark = [
    pytest.mark.any_database,
    pytest.mark.skipif(
        not HERE,
        reason="the real documents are not at hand: name their folder in EVENTREG_TEST_DOCUMENTS",
    ),
]
MAIL = "mailto"


class Facts(NamedTuple):
    """A row of the table; `signup` is the mode and the hosts of its links, in order."""

    start: str | None
    end: str | None
    place: tuple[str | None, bool | None]  # city, online
    signup: tuple[str, ...]
    deadline: str | None = None
    agents_only: bool = False
    capacity: int | None = None
    fields: int = 0
    sessions: int = 0
    warnings: tuple[str, ...] = ()
    draft: bool = False


TABLE = {
    "1-an-du-programme-10-percent": Facts(
        "2023-05-25T14:00:00+02:00",
        "2023-05-25T18:00:00+02:00",
        ("Paris", False),
        ("none",),
        agents_only=True,
        fields=3,
        sessions=4,
        draft=True,
    ),
    "5eme-anniversaire-de-demarches-simplifiees": Facts(
        "2023-03-13T09:00:00+01:00",
        None,
        ("Paris", False),
        ("external", "www.demarches-simplifiees.fr"),
        fields=1,
        sessions=12,
    ),
    "accessibilite-numerique-et-design": Facts(
        "2023-11-28T09:00:00+01:00",
        None,
        (None, None),
        ("external", "design.numerique.gouv.fr"),
        agents_only=True,
        capacity=20,
        warnings=("end-before-start",),
        draft=True,
    ),
    "appel-a-candidatures-entrepreneurs-dinteret-general-webinaire-dinformation": Facts(
        "2021-03-30",
        "2021-03-30",
        (None, True),
        ("external", "app.livestorm.co"),
        fields=1,
        warnings=("field-empty",),
    ),
    "appel-a-projets-cas-dusages-de-lenvironnement-de-travail-numerique-de-lagent"
    "-sessions-dinformation-ouvertes": Facts(
        "2019-07-24T14:00:00+02:00",
        "2019-07-24T17:00:00+02:00",
        ("Paris", True),
        ("external", MAIL),
        fields=2,
        warnings=("unknown-key", "text-date-differs"),
    ),
    "appel-a-projets-eig-promotion-4-reunion-dinformation": Facts(
        "2020-02-05T14:30:00+01:00",
        "2020-02-05T16:45:00+01:00",
        ("Paris", False),
        ("external", "aap-eig4.eventbrite.fr"),
        fields=1,
        sessions=3,
        warnings=("date-implausible", "date-from-text"),
        draft=True,
    ),
    "cafe-de-la-transfo-number-2-le-numerique-au-service-des-politiques-publiques"
    "-de-jeunesse": Facts(
        "2021-10-12T16:00:00+02:00",
        "2021-10-12T17:30:00+02:00",
        ("Paris", True),
        ("external", "www.eventbrite.fr"),
        agents_only=True,
        fields=2,
        warnings=("hours-disagree",),
    ),
    "campus-du-numerique-regards-francophones-sur-les-evolutions-du-numerique-public": Facts(
        None, None, (None, None), ("none",), warnings=("date-missing",), draft=True
    ),
    "design-public-meetup-2": Facts(
        "2019-12-18T17:30:00+01:00",
        "2019-12-18T21:30:00+01:00",
        ("Paris", False),
        ("external", "www.eventbrite.fr"),
        fields=3,
        warnings=("hours-disagree", "hours-disagree"),
    ),
    "designgouv-formation-accessibilite-numerique": Facts(
        "2021-11-18T10:00:00+01:00",
        "2021-11-18T12:00:00+01:00",
        (None, True),
        ("external", "design.numerique.gouv.fr"),
        fields=4,
        warnings=("link-repaired",),
    ),
    "designgouv-la-formation-a-laccessibilite-gratuite": Facts(
        "2021-11-18T10:12:00+01:00",
        None,
        (None, True),
        ("external", "design.numerique.gouv.fr"),
        warnings=("hour-unusual", "end-before-start"),
    ),
    "ethique-et-intelligence-artificielle-presentation-des-lignes-directrices-du-high-level"
    "-expert-group-et-des-actions-de-la-commission-europeenne": Facts(
        "2019-07-08T09:30:00+02:00",
        "2019-07-08T12:00:00+02:00",
        ("Paris", False),
        ("external", "www.eventbrite.fr"),
        fields=2,
        warnings=("link-under-odd-key",),
    ),
    "evenements-2": Facts(
        "2018-10-18", None, (None, None), ("none",), warnings=("unfinished",), draft=True
    ),
    "forum-emploi-tech-etat-2020": Facts(
        "2020-11-30",
        "2020-12-09",
        (None, True),
        ("external", "app.seekube.com"),
        deadline="2020-11-27T14:00:00+01:00",
        fields=2,
        sessions=30,
    ),
    "forum-emploi-tech-etat-2021": Facts(
        "2021-11-29T09:00:00+01:00",
        "2021-12-16T18:00:00+01:00",
        ("Paris", True),
        ("external", "app.seekube.com", "event.bienvenue.pro"),
        deadline="2021-12-02T14:00:00+01:00",
        capacity=700,
        fields=1,
        sessions=26,
        warnings=("several-registrations", "several-deadlines"),
    ),
    "guichet-adoption-du-cloud-computing-webinaire-dinformation": Facts(
        "2023-03-28T11:45:00+02:00",
        "2023-03-28T12:30:00+02:00",
        (None, True),
        ("external", MAIL),
        fields=4,
        sessions=2,
        warnings=("image-date-differs",),
    ),
    "hackathon-declaration-sociale-nominative-dsn": Facts(
        "2024-05-14",
        "2024-05-15",
        ("Paris", False),
        ("external", "www.demarches-simplifiees.fr"),
        deadline="2024-05-07",
        fields=1,
        warnings=(
            "deadline-read-from-text",
            "deadline-before",
            "selection-announced",
            "sign-ups-said-closed",
        ),
    ),
    "journee-bluehats-dinum-paris-open-source-summit-2019": Facts(
        "2019-12-11T09:00:00+01:00",
        "2019-12-11T18:00:00+01:00",
        ("Aubervilliers", False),
        ("external", "framaforms.org"),
        fields=2,
        sessions=13,
    ),
    "la-dinum-a-lopen-source-experience": Facts(
        "2023-12-06T09:00:00+01:00",
        "2023-12-07T18:00:00+01:00",
        ("Paris", False),
        ("external", "www.opensource-experience.com"),
        fields=5,
        sessions=24,
    ),
    "la-dinum-en-action-lancement-de-la-feuille-de-route": Facts(
        "2023-06-01T14:00:00+02:00",
        None,
        ("Paris", False),
        ("internal",),
        deadline="2023-05-26T18:00:00+02:00",
        agents_only=True,
        fields=3,
        sessions=7,
        warnings=("link-placeholder", "link-placeholder"),
    ),
    "lancement-rejoignez-la-communaute-blue-hats-hackers-dinteret-general": Facts(
        "2018-12-06T09:00:00+01:00",
        "2018-12-06T17:00:00+01:00",
        ("Aubervilliers", False),
        ("external", "www.opensourcesummit.paris"),
        fields=2,
        sessions=8,
        warnings=("session-empty", "session-empty"),
    ),
    "meetup-tech-beta-dot-gouv-dot-fr-x-latitudes": Facts(
        "2019-04-11T19:00:00+02:00",
        "2019-04-11T21:30:00+02:00",
        ("Paris", False),
        ("external", "www.eventbrite.fr"),
        fields=2,
        warnings=("link-under-odd-key",),
        draft=True,
    ),
    "sommet-des-govtech": Facts(
        "2018-11-12",
        None,
        ("Paris", False),
        ("external", "www.weezevent.com"),
        fields=1,
        sessions=6,
        warnings=("dates-disagree",),
        draft=True,
    ),
    "tour-de-france-des-produits-numeriques-interministeriels-etape-occitanie": Facts(
        "2023-06-06T09:30:00+02:00",
        "2023-06-06T17:00:00+02:00",
        ("Toulouse", False),
        ("external", "www.demarches-simplifiees.fr"),
        fields=3,
        warnings=("date-from-text", "place-differs", "link-broken"),
        draft=True,
    ),
    "dinum-en-action-feuille-de-route-brouillon": Facts(
        "2023-06-01T14:00:00+02:00",
        None,
        ("Paris", False),
        ("internal",),
        deadline="2023-05-26T18:00:00+02:00",
        agents_only=True,
        fields=3,
        sessions=3,
        warnings=("link-placeholder", "link-placeholder"),
        draft=True,
    ),
    "vivatechnology-2024": Facts(
        "2024-05-22T09:00:00+02:00",
        "2024-05-25T18:00:00+02:00",
        ("Paris", False),
        ("external", "vivatechnology.com"),
        fields=4,
        sessions=58,
    ),
}


def files() -> dict[str, Path]:
    """Every document with an event, by its short name."""
    found = [*(DOCUMENTS / "events-corpus").glob("*.m*"), *(DOCUMENTS / "seeds").glob("*.md")]
    return {
        jekyll.slug_of(path.name): path
        for path in found
        if path.name != "README.md" and "communique" not in path.name
    }


def host(address: str | None) -> str:
    parts = urlsplit(address or "")
    return MAIL if parts.scheme == MAIL else parts.netloc


def read(path: Path) -> Facts:
    document = jekyll.parse(path.read_bytes(), path.name)
    found = jekyll.as_json(document, file=path.name)
    signup = document.registration
    return Facts(
        found["start"],
        found["end"],
        (found["city"], found["online"]),
        (signup.mode, *(host(link.href) for link in signup.links)),
        found["registration"]["deadline"],
        found["audience"]["public_agents_only"],
        found["capacity"],
        len(found["info_fields"]),
        sum(len(day["sessions"]) for day in found["programme"]["days"]),
        tuple(warning.code for warning in document.warnings),
        found["draft"],
    )


@pytest.mark.parametrize("slug", TABLE)
def test_a_communicator_s_document_is_read_as_a_person_reads_it(slug: str) -> None:
    assert read(files()[slug]) == TABLE[slug]


def test_the_table_speaks_of_every_document() -> None:
    assert set(files()) == set(TABLE)
    assert len(TABLE) == 26


@pytest.mark.parametrize("slug", TABLE)
def test_every_category_in_use_belongs_to_a_kind_that_exists(slug: str) -> None:
    path = files()[slug]
    for category in jekyll.parse(path.read_bytes(), path.name).categories:
        assert jekyll.kind_of(category) in jekyll.KINDS
