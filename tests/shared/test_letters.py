"""Letters: the same facts in text and HTML, in both languages; what people type stays text."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from jinja2 import UndefinedError

from eventreg.config import ROOT, Settings
from eventreg.mailing.services import Mail
from eventreg.organisers import mails as organiser_mails
from eventreg.registration import mails
from eventreg.registration.queries import SignupPage
from eventreg.registration.rules import SignupFacts, State
from eventreg.shared import i18n, letters

CAPTURED = re.compile(r"https?://\S+")
URL = "https://evenements.example.gouv.fr/inscriptions/lien/c.jeton"
LOCALES = ("fr", "en")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><a href="https://evil.example">cliquez</a>',
    "[cliquez](https://evil.example)",
    "https://evil.example/",
    "www.evil.example",
    "{{ 7 * 7 }}",
    "{% for x in y %}",
    "{subject} %(to)s ${x} $x",
    "x\n\nSubject: autre\nTitle: autre",
    "\x020\x02",
    "\x02\x02",
    "x\r\nBcc: victime@example.org",
    "\u2028\u2029\u202e\u2066",
    "a" * 5_000,
    "-- \nsignature",
]


@pytest.fixture
def writer() -> Iterator[Flask]:
    """Letters need settings and languages, no database and no request."""
    settings = Settings(secret_key="k" * 40, database_url="sqlite:///unused", env="testing")
    app = Flask("eventreg", root_path=str(ROOT / "eventreg"))
    app.extensions["settings"] = settings
    i18n.init_app(app, settings)
    letters.init_app(app, settings)
    with app.app_context():
        yield app


def page(**changes: Any) -> SignupPage:
    facts: dict[str, Any] = {
        "event_id": 1,
        "slug": "journee",
        "version": 1,
        "event_state": "published",
        "mode": "internal",
        "starts_at": datetime(2027, 1, 14, 8, tzinfo=UTC),
        "ends_at": datetime(2027, 1, 14, 16, 30, tzinfo=UTC),
        "timezone": "Europe/Paris",
        "opens_at": None,
        "closes_at": None,
        "pool_id": 1,
        "capacity": 50,
        "taken": 3,
    }
    shown: dict[str, Any] = {
        "title": "Journée de l’accessibilité",
        "venue": "Ségur",
        "address": "20 avenue de Ségur",
        "city": "Paris",
        "online": False,
        "day_only": False,
        "contact_email": "contact@example.gouv.fr",
        "retention_days": 92,
    }
    for name, value in changes.items():
        (shown if name in shown else facts)[name] = value
    return SignupPage(facts=SignupFacts(**facts), **shown)


def about(locale: str, **changes: Any) -> mails.About:
    return {
        "to": "camille@example.org",
        "locale": locale,
        "page": page(**changes),
        "public_id": "REF123",
        "url": URL,
    }


def every_letter(locale: str, reason: str = "Motif", **changes: Any) -> list[Mail]:
    facts = about(locale, **changes)
    title = str(changes.get("title", "Journée de l’accessibilité"))
    starts_at = datetime(2027, 1, 14, 8, tzinfo=UTC)
    recap: dict[str, Any] = {
        "title": title,
        "closes_at": starts_at,
        "timezone": "Europe/Paris",
        "figures": {"confirmed": 12, "pending": 2},
        "capacity": 50,
        "taken": 12,
        "may_still_confirm": 1,
        "until": starts_at,
    }
    to = facts["to"]
    return [
        mails.confirm_address(**facts, review=True),
        mails.confirmed(**facts),
        mails.pending(**facts),
        mails.accepted(**facts, reason=reason),
        mails.rejected(**facts, reason=reason),
        mails.cancelled(**facts, reason=reason),
        mails.already_registered(to=to, locale=locale, page=facts["page"], url=URL, unproven=False),
        mails.my_links(to=to, locale=locale, entries=[(title, starts_at, "Europe/Paris", URL)] * 2),
        mails.closing_recap(to=to, locale=locale, url=URL, **recap),
        mails.waiting(**facts, proves=True),
        mails.waiting(**facts, accepted=True),
        mails.offer(**facts, until=starts_at),
        mails.offer_ended(**facts),
        mails.offer_withdrawn(**facts, reason=reason),
        mails.undecided(
            to=to,
            locale=locale,
            url=URL,
            title=title,
            people=2,
            since=starts_at,
            timezone="Europe/Paris",
        ),
        organiser_mails.sign_in(to=to, locale=locale, url=URL, minutes=10),
    ]


class Page(HTMLParser):
    """Tags, links and text of an HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


ALLOWED_TAGS = {"html", "head", "meta", "title", "body", "table", "tr", "td", "p", "h1", "br"}
ALLOWED_TAGS |= {"a", "ul", "li"}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_letter_is_complete_in_both_parts(writer: Flask, locale: str) -> None:
    for mail in every_letter(locale):
        html = Page(mail.html)
        said = " ".join("".join(html.words).split())
        for line in mail.text.split("\n"):
            if line.strip() and line != "-- " and not line.endswith((":", "\u00a0:")):
                words = " ".join(line.removeprefix("- ").split())
                assert words in said, f"{mail.kind}: the HTML part does not say: {words}"
        assert set(html.tags) <= ALLOWED_TAGS
        assert len(mail.html) < 7_000
        assert f'lang="{locale}"' in mail.html
        assert "{{" not in mail.text + mail.html


def test_both_languages_say_the_same_facts(writer: Flask) -> None:
    numbers = re.compile(r"\d+")
    for french, english in zip(every_letter("fr"), every_letter("en"), strict=True):
        assert french.kind == english.kind
        assert set(CAPTURED.findall(french.text)) == set(CAPTURED.findall(english.text))
        assert len(french.attachments) == len(english.attachments)
        ours, theirs = (
            {n for n in numbers.findall(mail.text) if n not in {"17", "5"}}
            for mail in (french, english)
        )
        assert ours == theirs, f"{french.kind}: other numbers in the other language"


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("locale", LOCALES)
def test_hostile_words_of_an_organiser_stay_words(writer: Flask, locale: str, typed: str) -> None:
    plain = every_letter(locale)
    for ours, theirs in zip(plain, every_letter(locale, reason=typed, title=typed), strict=True):
        before, after = Page(ours.html), Page(theirs.html)
        assert set(after.tags) <= ALLOWED_TAGS
        assert sorted(set(after.links)) == sorted(set(before.links)), "a link made of typed text"
        assert sorted(set(after.attributes)) == sorted(set(before.attributes))
        assert "\n" not in theirs.subject
        assert len(theirs.subject) <= letters.SUBJECT_LIMIT
        assert "49" not in theirs.text
        assert "\x02" not in theirs.text + theirs.html + theirs.subject


def test_text_typed_by_the_person_is_in_no_letter(writer: Flask) -> None:
    """No letter takes a name: the functions have no argument for one (R24)."""
    names = {"name", "given_name", "family_name", "organisation", "justification", "answers"}
    for function in (
        mails.confirm_address,
        mails.confirmed,
        mails.pending,
        mails.already_registered,
        mails.my_links,
        mails.first_letter,
    ):
        assert not names & set(function.__annotations__)


def test_the_subject_says_what_and_when(writer: Flask) -> None:
    french, english = (mails.confirmed(**about(locale)).subject for locale in LOCALES)
    assert french.replace("\u00a0", " ") == (
        "Inscription confirmée : Journée de l’accessibilité, jeudi 14 janvier"
    )
    assert english.replace("\u00a0", " ") == (
        "Registration confirmed: Journée de l’accessibilité, Thursday 14 January"
    )


def test_a_very_long_title_leaves_the_date_in_the_subject(writer: Flask) -> None:
    subject = mails.confirmed(**about("fr", title="Une journée " * 40)).subject
    assert len(subject) <= letters.SUBJECT_LIMIT
    assert subject.replace("\u00a0", " ").endswith("…, jeudi 14 janvier")


def test_hours_come_with_their_zone_and_a_day_without_hours_has_none(writer: Flask) -> None:
    timed = mails.confirmed(**about("fr")).text.replace("\u00a0", " ")
    assert "Jeudi 14 janvier 2027, 9 h – 17 h 30 (" in timed
    whole = mails.confirmed(**about("fr", day_only=True)).text.replace("\u00a0", " ")
    assert "    Jeudi 14 janvier 2027\n" in whole
    away = mails.confirmed(**about("fr", timezone="Indian/Reunion")).text.replace("\u00a0", " ")
    assert "12 h – 20 h 30 (" in away
    assert "Indian/Reunion" in away


def test_an_event_without_a_date_has_a_letter_and_no_calendar_file(writer: Flask) -> None:
    mail = mails.confirmed(**about("fr", starts_at=None, ends_at=None))
    assert mail.attachments == ()
    assert "inscription.ics" not in mail.text
    assert mail.subject.endswith("Journée de l’accessibilité")


@pytest.mark.parametrize(
    ("state", "review", "kind"),
    [
        (State.UNCONFIRMED, False, "confirm_address"),
        (State.UNCONFIRMED, True, "confirm_address"),
        (State.CONFIRMED, False, "confirmed"),
        (State.PENDING, True, "pending"),
    ],
)
def test_the_first_letter_goes_by_the_state_reached(
    writer: Flask, state: State, kind: str, *, review: bool
) -> None:
    mail = mails.first_letter(state, review=review, **about("fr"))
    assert mail.kind == kind
    assert ("examinée" in mail.text) is (review or state is State.PENDING)


@pytest.mark.parametrize(
    ("hours", "french", "english"),
    [
        (24.0, "24 heures", "24 hours"),
        (48.0, "48 heures", "48 hours"),
        (1.0, "1 heure", "1 hour"),
        (1.5, "90 minutes", "90 minutes"),
        (0.5, "30 minutes", "30 minutes"),
        (0.02, "1 minute", "1 minute"),
        (0.002, "7 secondes", "7 seconds"),
        (0.0001, "1 seconde", "1 second"),
    ],
)
def test_a_hold_is_announced_no_longer_than_it_is(hours: float, french: str, english: str) -> None:
    assert mails.duration(hours, "fr").replace("\u00a0", " ") == french
    assert mails.duration(hours, "en").replace("\u00a0", " ") == english


def test_a_fact_that_is_missing_is_an_error_and_not_a_hole(writer: Flask) -> None:
    with pytest.raises(UndefinedError):
        letters.write("organisers/sign_in", "fr", url=URL)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil", "https://a b", "https://a\nb"])
def test_only_a_plain_web_address_becomes_a_link(writer: Flask, url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        letters.write("organisers/sign_in", "fr", url=url, minutes=10)


def test_nothing_in_a_letter_is_fetched_from_elsewhere(writer: Flask) -> None:
    for locale in LOCALES:
        for mail in every_letter(locale):
            html = Page(mail.html)
            assert "src" not in html.attributes
            assert not {"img", "link", "script", "style"} & set(html.tags)
            assert "url(" not in mail.html


def test_the_state_is_not_named_in_the_neutral_theme() -> None:
    settings = Settings(
        secret_key="k" * 40, database_url="sqlite:///unused", env="testing", theme="neutral"
    )
    app = Flask("eventreg", root_path=str(ROOT / "eventreg"))
    i18n.init_app(app, settings)
    letters.init_app(app, settings)
    with app.app_context():
        for mail in every_letter("fr"):
            assert "FRANÇAISE" not in (mail.text + mail.html).upper()


def test_french_has_its_no_break_spaces(writer: Flask) -> None:
    for mail in every_letter("fr"):
        assert not re.search(r" [:;?!»]|« ", mail.text + mail.subject), mail.kind


def test_every_template_exists_in_both_languages() -> None:
    folder = ROOT / "templates" / "mails"
    names = {str(path.relative_to(folder))[:-7] for path in folder.rglob("*.txt")}
    for name in names:
        for locale in LOCALES:
            assert (folder / f"{name}.{locale}.txt").is_file()
