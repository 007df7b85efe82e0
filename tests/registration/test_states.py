"""The page that draws the states says what the code does."""

import runpy

import pytest

from eventreg.config import ROOT
from eventreg.registration.rules import TABLE, TRANSITIONS

pytestmark = pytest.mark.any_database


def test_the_drawing_of_states_is_current() -> None:
    drawn = runpy.run_path(str(ROOT / "tools" / "states.py"))["drawn"]()
    assert (ROOT / "docs" / "states.md").read_text(encoding="utf-8") == drawn
    assert drawn.count(" --> ") == len(TABLE) + 4
    assert len(TRANSITIONS) == len(TABLE), "two lines for one act in one state"
