"""The dates of the sample documents."""

from datetime import UTC, datetime

import pytest

from eventreg.demo.rules import fill_dates

WEDNESDAY = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ day +21 }}", "16 décembre 2026"),
        ("{{ day +6 }}", "1er décembre 2026"),
        ("{{ weekday +45tue }}", "mardi 12 janvier 2027"),
        ("{{ weekday +0wed }}", "mercredi 25 novembre 2026"),
        ("{{ day +45tue+3 }}", "15 janvier 2027"),
        ("{{ stamp +1 09:00 }}", "2026-11-26 09:00:00 +01:00"),
        ("{{ stamp +200 18:30 }}", "2027-06-13 18:30:00 +02:00"),
        ("{{ day -1 }}", "24 novembre 2026"),
    ],
)
def test_a_date_is_written_as_a_document_of_that_day_would(text: str, written: str) -> None:
    assert fill_dates(f"a {text} b", WEDNESDAY) == f"a {written} b"


def test_the_day_is_the_one_in_paris_late_in_the_evening() -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    assert fill_dates("{{ day +0 }}", late) == "26 novembre 2026"


@pytest.mark.parametrize("text", ["{{ year +1 }}", "{{ day 1 }}", "{{day +1}}"])
def test_a_mistyped_placeholder_stops_the_loading(text: str) -> None:
    with pytest.raises(ValueError, match="not a date"):
        fill_dates(text, WEDNESDAY)
