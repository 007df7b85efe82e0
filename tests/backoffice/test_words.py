"""Organisers read words, never the codes that are stored."""

import ast
from pathlib import Path

import pytest

from eventreg.backoffice import words
from eventreg.config import ROOT
from eventreg.events.importing import facts
from eventreg.events.jekyll import parse
from eventreg.mailing.rules import MailState
from eventreg.registration.rules import Act, State

pytestmark = pytest.mark.any_database
SOURCES = sorted((ROOT / "eventreg").rglob("*.py"))


def recorded(path: Path) -> set[str]:
    """The actions that a module gives to `audit.record` as they stand."""
    return {
        call.args[0].value
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) == "audit.record"
        and isinstance(call.args[0], ast.Constant)
    }


def test_each_trace_has_words() -> None:
    acts = {act.value for act in Act}
    written = set().union(*map(recorded, SOURCES)) | acts
    assert written - set(words.ACTIONS) == set()


def test_each_fact_of_a_document_has_words_and_is_told_once() -> None:
    document = parse(b"---\ntitle: Une\n---\n", "une.md")
    keys = [*facts(document), "programme", "state"]
    known = set(words.SETTINGS) | set(words.DOCUMENT_FACTS)
    assert [key for key in keys if key not in known] == []


def test_a_list_of_changes_names_each_thing_once(ctx: None) -> None:
    assert words.changes(["body", "body_html", "starts_at"]) == "Présentation, Début"


def test_each_state_has_words() -> None:
    assert set(words.BADGES) == {state.value for state in State}
    assert set(words.MAIL_STATES) == {state.value for state in MailState}
