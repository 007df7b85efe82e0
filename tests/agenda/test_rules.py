"""What a visitor is shown of an event, without an application."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from eventreg.agenda import programme, rules
from eventreg.agenda.filtering import Filters, filters
from eventreg.agenda.rules import InfoField, Phase
from eventreg.registration.rules import SignupFacts

START = datetime(2027, 1, 14, 8, 0, tzinfo=UTC)
END = datetime(2027, 1, 14, 16, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def facts(**values: object) -> SignupFacts:
    known = {
        "event_id": 1,
        "slug": "journee",
        "version": 1,
        "event_state": "published",
        "mode": "internal",
        "starts_at": START,
        "ends_at": END,
        "timezone": "Europe/Paris",
        "opens_at": None,
        "closes_at": None,
        "pool_id": 1,
        "capacity": None,
        "taken": 0,
    }
    return SignupFacts(**{**known, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", Filters()),
        ("q=%20+caf%C3%A9%20+design&page=3", Filters(words="café design", page=3)),
        ("type=Salon&participation=en-ligne", Filters(kind="fair", place="en-ligne")),
        ("page=0&utm_source=lettre", Filters()),
        ("type=inconnu&theme=x&public=y&mois=2027-13&periode=z", Filters()),
        ("lieu=Aix en Provence", Filters(place="aix-en-provence")),
        ("lieu=%00%22%3E&type=%27--", Filters()),
        (
            "theme=donnees&public=agents-publics&mois=2027-01&periode=passes",
            Filters(theme="data", audience="public_agents", month="2027-01", period="passes"),
        ),
        ("page=99999", Filters()),
        ("page=-1&page=2", Filters()),
        ("q=a%00b%0Ac", Filters(words="a b c")),
        ("&".join(f"a{n}=1" for n in range(50)), Filters()),
    ],
)
def test_what_a_visitor_asks_is_read_or_left_out(query: str, asked: Filters) -> None:
    assert filters(query) == asked


def test_campaign_parameters_do_not_make_another_page_of_an_event() -> None:
    assert rules.canonical_query("/agenda/journee/", "utm_source=lettre") == ""


@pytest.mark.parametrize(
    "path",
    ["/organisation/", "/agenda/journee/inscription/", "/inscriptions/x.ics", "/agenda/a/b.ics"],
)
def test_pages_about_people_are_never_shared(path: str) -> None:
    assert rules.canonical_query(path, "") is None


@pytest.mark.parametrize(
    ("ends_at", "day_only", "over"),
    [
        (END, False, END),
        (None, False, datetime(2027, 1, 14, 23, 0, tzinfo=UTC)),
        (datetime(2027, 1, 15, 22, 59, tzinfo=UTC), True, datetime(2027, 1, 15, 23, 0, tzinfo=UTC)),
        (None, True, datetime(2027, 1, 14, 23, 0, tzinfo=UTC)),
    ],
)
def test_an_event_without_an_hour_lasts_until_its_day_is_over(
    ends_at: datetime | None, day_only: bool, over: datetime
) -> None:
    found = rules.over_at(starts_at=START, ends_at=ends_at, day_only=day_only, zone="Europe/Paris")
    assert found == over


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (START - SECOND, Phase.UPCOMING),
        (START, Phase.ONGOING),
        (END - SECOND, Phase.ONGOING),
        (END, Phase.PAST),
    ],
)
def test_phases_change_on_the_instant(at: datetime, expected: Phase) -> None:
    found = rules.phase(event_state="published", starts_at=START, over=END, now=at)
    assert found is expected


def test_an_archived_event_is_past_whatever_its_date() -> None:
    before = START - timedelta(days=9)
    found = rules.phase(event_state="archived", starts_at=START, over=END, now=before)
    assert found is Phase.PAST


def test_the_page_changes_next_at_the_nearest_instant_ahead() -> None:
    known = facts(opens_at=START - timedelta(days=9), closes_at=START - timedelta(days=2))
    instants = [
        rules.changes_at(known, END, known.opens_at - SECOND),  # type: ignore[operator]
        rules.changes_at(known, END, known.opens_at),  # type: ignore[arg-type]
        rules.changes_at(known, END, known.closes_at),  # type: ignore[arg-type]
        rules.changes_at(known, END, START),
        rules.changes_at(known, END, END),
    ]
    assert instants == [known.opens_at, known.closes_at, START, END, None]


def test_another_site_sells_until_the_event_is_over_unless_a_deadline_is_stated() -> None:
    site = {"mode": "external", "external_url": "https://billets.example.org/"}
    answers = [
        rules.takes_sign_ups(facts(**site), END, END - SECOND),
        rules.takes_sign_ups(facts(**site), END, END),
        rules.takes_sign_ups(facts(**site, closes_at=START), END, START),
        rules.takes_sign_ups(facts(**site, event_state="cancelled"), END, START),
        rules.takes_sign_ups(facts(mode="external"), END, START),
        rules.takes_sign_ups(facts(mode="none"), END, START - SECOND),
    ]
    assert answers == [True, False, False, False, False, False]


@pytest.mark.parametrize(("taken", "few"), [(89, False), (90, True), (99, True), (100, False)])
def test_few_places_are_worth_a_badge(taken: int, few: bool) -> None:
    assert rules.few_left(facts(capacity=100, taken=taken)) is few


@pytest.mark.parametrize(
    "text", ["lien à ajouter", "Lien à venir…", "à compléter", "null", "#", "???", "xxx"]
)
def test_words_that_hold_a_place_are_no_information(text: str) -> None:
    assert rules.info_fields([{"label": "Inscription", "value": text, "link": None}]) == []


@pytest.mark.parametrize("text", ["Programme à venir chercher", "9h-18h", "Lien Sud"])
def test_real_information_is_not_taken_for_a_placeholder(text: str) -> None:
    assert rules.info_fields([{"label": "A", "value": text, "link": None}]) == [
        InfoField("A", text, "")
    ]


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "lien à ajouter", "file:///C:/x", "//evil.example", "/uploads/a"],
)
def test_a_link_that_nobody_should_follow_is_shown_as_text(link: str) -> None:
    shown = rules.info_fields([{"label": "Plus :", "value": "Le site", "link": link}])
    assert shown == [InfoField("Plus", "Le site", "")]


def _session(**values: object) -> SimpleNamespace:
    known = {
        "day": None,
        "starts_at": None,
        "ends_at": None,
        "track": "",
        "title": "",
        "organisations_text": "",
        "description": "",
        "speakers": [],
        "items": [],
    }
    return SimpleNamespace(**{**known, **values})


def test_the_programme_is_cut_by_day_in_the_hours_of_the_place() -> None:
    late = datetime(2027, 1, 14, 23, 30, tzinfo=UTC)
    sessions = [
        _session(title="a", starts_at=START, day=date(2027, 1, 14)),
        _session(title="b", starts_at=late),
        _session(title="c", day=date(2027, 1, 15)),
    ]
    days = programme.by_day(sessions, "Europe/Paris")
    found = [
        (day.date, [(line.title, line.start and line.start.hour) for line in day.sessions])
        for day in days
    ]
    assert found == [
        (date(2027, 1, 14), [("a", 9)]),
        (date(2027, 1, 15), [("b", 0), ("c", None)]),
    ]


def test_a_long_lead_is_cut_at_a_word() -> None:
    assert rules.shorten("un deux  trois, quatre", 16) == "un deux trois…"
