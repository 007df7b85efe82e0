"""The five seed documents and the corpus, read where the documents folder is at hand.

The texts are not ours to publish: they stay outside the repository, so these tests skip without.
"""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventreg.events import jekyll
from eventreg.shared import richtext

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = Path(os.environ.get("EVENTREG_TEST_DOCUMENTS") or ROOT.parent / "shared")
SEEDS = DOCUMENTS / "seeds"
CORPUS = DOCUMENTS / "events-corpus"
HERE = (SEEDS / "expected.yaml").is_file() and CORPUS.is_dir()
pytestmark = [
    pytest.mark.any_database,
    pytest.mark.skipif(not HERE, reason=f"no documents in {DOCUMENTS.name}/"),
]

# Facts of expected.yaml that have a key of the same name and form in the contract.
SAME = [
    "draft",
    "title",
    "document_date",
    "categories",
    "tags",
    "lead",
    "images",
    "start",
    "end",
    "timezone",
    "multi_day",
    "venue",
    "address",
    "postal_code",
    "city",
    "online",
    "info_fields",
    "capacity",
    "files",
]
# Sessions with an hour in the corpus, counted by hand in its README.
COUNTED = {
    "forum-emploi-tech-etat-2020": 30,
    "forum-emploi-tech-etat-2021": 26,
    "la-dinum-a-lopen-source-experience": 24,
    "journee-bluehats-dinum-paris-open-source-summit-2019": 13,
    "5eme-anniversaire-de-demarches-simplifiees": 8,
    "lancement-rejoignez-la-communaute-blue-hats-hackers-dinteret-general": 8,
    "la-dinum-en-action-lancement-de-la-feuille-de-route": 7,
    "sommet-des-govtech": 6,
    "1-an-du-programme-10-percent": 4,
    "appel-a-projets-eig-promotion-4-reunion-dinformation": 3,
    "guichet-adoption-du-cloud-computing-webinaire-dinformation": 2,
}


def expected() -> list[dict[str, Any]]:
    if not HERE:
        return []
    text = (SEEDS / "expected.yaml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)["documents"]
    return found


def files() -> list[Path]:
    paths = [*SEEDS.glob("*.md"), *CORPUS.glob("*.m*")] if HERE else []
    return sorted(path for path in paths if path.name != "README.md")


def named(path: Path) -> str:
    return path.name


def parsed(path: Path) -> jekyll.Document:
    return jekyll.parse(path.read_bytes(), path.name)


def facts(name: str) -> dict[str, Any]:
    document = parsed(SEEDS / name)
    assert document.content_hash
    return jekyll.as_json(document, file=name)


def without_notes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_notes(inner) for key, inner in value.items() if key != "note"}
    return [without_notes(inner) for inner in value] if isinstance(value, list) else value


def registration_of(seed: dict[str, Any]) -> dict[str, Any]:
    stated = {key: value for key, value in seed["registration"].items() if "_" not in key}
    if stated.get("mode", "").startswith("none yet"):
        stated["mode"] = "internal"
    return stated


@pytest.mark.parametrize("seed", expected(), ids=lambda seed: seed["file"])
def test_every_fact_of_a_seed_document_is_read_exactly(seed: dict[str, Any]) -> None:
    found = facts(seed["file"])
    assert found["kind"] == {"event": "event", "press release": "news"}[seed["kind"]]
    stated = {key: without_notes(seed[key]) for key in SAME if key in seed}
    assert {key: found[key] for key in stated} == stated
    assert (found["lead"] or "").startswith(seed.get("lead_starts", ""))
    registration = registration_of(seed) if "registration" in seed else {}
    assert {key: found["registration"][key] for key in registration} == registration
    audience = seed.get("audience", {"public_agents_only": False})
    assert found["audience"]["public_agents_only"] == audience["public_agents_only"]
    if "text" in audience:
        assert found["audience"]["text"] == audience["text"]
    for text in audience.get("texts", [])[:1]:
        assert found["audience"]["text"] == text.split(" (")[0]
    video = seed.get("embedded_video")
    videos = [{"provider": video["provider"], "id": video["id"]}] if video else []
    assert found["videos"] == videos
    buttons = [{"text": call["text"], "href": call["href"]} for call in seed["calls_to_action"]]
    assert found["calls_to_action"] == buttons
    assert found["press_contacts"] == contacts_of(seed)
    assert found["errors"] == []


def contacts_of(seed: dict[str, Any]) -> list[dict[str, Any]]:
    contact = seed.get("contact_presse")
    if not contact:
        return []
    return [{"name": contact["name"], "phones": contact["tel"], "email": contact["email"]}]


def sessions_of(seed: dict[str, Any]) -> list[tuple[str | None, list[dict[str, Any]]]]:
    programme = seed["programme"]
    if "days" in programme:
        return [(day["date"], day["sessions"]) for day in programme["days"]]
    blocks = programme.get("blocks", [])
    return [(blocks[0]["start"][:10], blocks)] if blocks else []


def whole(session: dict[str, Any]) -> dict[str, Any]:
    keys = ("start", "end", "track", "title", "organisations_text", "description")
    items = [
        {
            "title": item["title"],
            "speakers": item.get("speakers", []),
            "guest": item.get("guest"),
        }
        for item in session.get("items", [])
    ]
    return {**{key: session.get(key) for key in keys}, "items": items}


@pytest.mark.parametrize("seed", expected(), ids=lambda seed: seed["file"])
def test_every_session_of_a_seed_document_is_read_exactly(seed: dict[str, Any]) -> None:
    found = [
        (day["date"], [whole(session) for session in day["sessions"]])
        for day in facts(seed["file"])["programme"]["days"]
    ]
    stated = [(date, [whole(session) for session in day]) for date, day in sessions_of(seed)]
    assert found == stated
    assert sum(len(day) for _, day in found) == seed["programme"]["sessions_total"]


def test_a_placeholder_link_of_a_seed_warns_the_editor() -> None:
    codes = [
        w.code
        for w in parsed(SEEDS / "2023-05-12-dinum-en-action-feuille-de-route-brouillon.md").warnings
    ]
    assert codes == ["link-placeholder", "link-placeholder"]


@pytest.mark.parametrize("path", files(), ids=named)
def test_the_dry_run_object_of_a_real_document_has_the_keys_of_the_contract(path: Path) -> None:
    found = jekyll.as_json(parsed(path), file=path.name)
    refused = jekyll.refused_as_json([], file=path.name)
    assert list(found) == list(refused)


@pytest.mark.parametrize("path", files(), ids=named)
def test_no_word_of_a_real_document_is_lost_between_text_and_programme(path: Path) -> None:
    document = parsed(path)
    body = document.source.split("\n---", 1)[1]
    written = words(" ".join(block.text() for block in richtext.blocks(body)))
    shown = words(richtext.plain(document.body_html)) + words(programme_text(document))
    lost = {word for word in written - shown if not re.fullmatch(r"\d+h?\d*|[a-z]{1,3}", word)}
    # Hours and days become instants; these only say what kind of text follows.
    assert lost <= {
        *[
            "lundi",
            "mardi",
            "mercredi",
            "jeudi",
            "vendredi",
            "samedi",
            "novembre",
            "décembre",
            "mai",
            "avec",
            "par",
        ],
        *["invité", "invités", "intervenant", "programme", "déroulé", "1er", "à"],
    }


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def programme_text(document: jekyll.Document) -> str:
    parts: list[str | None] = [document.programme.title]
    for session in document.programme.sessions:
        parts += [session.track, session.title, session.organisations_text, session.description]
        parts += session.speakers
        for item in session.items:
            parts += [item.title, *item.speakers, item.guest]
    return " ".join(part or "" for part in parts)


@pytest.mark.parametrize("path", files(), ids=named)
def test_the_html_of_a_real_document_shows_no_mark_of_markdown_and_no_style(path: Path) -> None:
    html = parsed(path).body_html
    assert re.findall(r"\*\*|\{:|<style|<script|<iframe| style=| align=| class=|<h1", html) == []


@pytest.mark.parametrize("slug", COUNTED)
def test_the_sessions_of_the_corpus_are_as_many_as_counted_by_hand(slug: str) -> None:
    path = next(path for path in files() if jekyll.slug_of(path.name) == slug)
    timed = [session for session in parsed(path).programme.sessions if session.start]
    assert len(timed) == COUNTED[slug]


def test_the_other_documents_of_the_corpus_hold_no_session() -> None:
    corpus = [path for path in files() if path.parent == CORPUS]
    others = [path for path in corpus if jekyll.slug_of(path.name) not in COUNTED]
    found = {path.name: parsed(path).programme.sessions for path in others}
    assert found == {path.name: () for path in others}
    assert len(corpus) == 24
