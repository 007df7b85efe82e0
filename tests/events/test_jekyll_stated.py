"""`reglages`: facts stated outright win over the text, and their faults are told by line."""

import pytest

from eventreg.events import jekyll

pytestmark = pytest.mark.any_database

HEAD = "---\ntitle: Essai\nevent_start_date: 2027-03-01 09:00:00 +01:00\nreglages:\n"


def read(settings: str, body: str = "") -> jekyll.Document:
    lines = "".join(f"  {line}\n" for line in settings.split("\n"))
    return jekyll.parse(f"{HEAD}{lines}---\n{body}".encode(), "essai.md")


def refused(settings: str) -> list[tuple[int | None, str]]:
    with pytest.raises(jekyll.DocumentError) as refusal:
        read(settings)
    return [(problem.line, problem.code) for problem in refusal.value.problems]


def test_a_communicator_states_what_no_sentence_says() -> None:
    found = jekyll.as_json(
        read("inscription: ici\nplaces: 120\ncloture: 2027-02-20 18:00\npublic: Agents publics"),
        "essai.md",
    )
    assert found["registration"]["mode"] == "internal"
    assert found["registration"]["deadline"] == "2027-02-20T18:00:00+01:00"
    assert (found["capacity"], found["audience"]["public_agents_only"]) == (120, True)
    assert found["warnings"] == []


def test_what_is_stated_wins_and_the_difference_is_told() -> None:
    document = read("places: 30\ncloture: aucune", "Inscription limitée à 20 participants.")
    assert document.capacity == 30
    assert [(w.line, w.code) for w in document.warnings] == [(5, "settings-win")]


def test_an_empty_value_states_nothing_and_quotes_state_an_empty_text() -> None:
    body = "Événement réservé aux agents publics."
    assert read("places:\nmention_public:", body).audience.text == body
    assert read("mention_public: ''", body).audience.text is None


def test_a_stated_start_makes_a_page_without_a_date_certain() -> None:
    raw = b"---\ntitle: Essai\nreglages:\n  debut: 2027-03-01 09:00\n---\n"
    document = jekyll.parse(raw, "essai.md")
    assert (document.kind, document.draft, document.warnings) == ("event", False, ())


FAULTS = {
    "places: beaucoup": 5,
    "places: -1": 5,
    "inscription: ailleurs\npublic: personne": 6,
    "cloture: demain": 5,
    "jours_conservation: 5000": 5,
    "contact_courriel: pas une adresse": 5,
    "adresse_inscription: javascript:alert(1)": 5,
    "heures_confirmation: nan": 5,
    "titre: ' '": 5,
    "fuseau: ../../etc": 5,
    "places: [1]": 5,
}


@pytest.mark.parametrize("settings", FAULTS)
def test_a_value_that_cannot_be_used_is_refused_with_its_line(settings: str) -> None:
    assert refused(settings) == [(FAULTS[settings], "setting-unusable")]


def test_an_unknown_setting_is_kept_and_told() -> None:
    document = read("couleur: bleu")
    assert [(w.line, w.code) for w in document.warnings] == [(5, "unknown-key")]
    assert document.settings == {"couleur": "bleu"}


def test_a_listed_programme_is_read_in_full_and_its_faults_by_line() -> None:
    listed = "programme:\n- jour: 2027-03-01\n  debut: 2027-03-01 09:00:00 +01:00\n  titre: Un"
    document = read(listed, "* **9h : Autre**\n* **10h : Encore**\n")
    assert [session.title for session in document.programme.sessions] == ["Un"]
    assert "Encore" in document.body
    assert refused("programme:\n- jour: demain\n- [a]") == [
        (6, "session-unusable"),
        (7, "session-unusable"),
    ]
