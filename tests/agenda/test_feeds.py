"""What programs read, each read back by a library that did not write it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.robotparser import RobotFileParser

import extruct
import feedparser
import pytest
import vobject
from flask.testing import FlaskClient
from lxml import etree, html

from eventreg.events.models import Event
from eventreg.shared import clock
from eventreg.shared.db import transaction
from tests.agenda.conftest import NOW

DAY = timedelta(days=1)
MAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
MakeEvent = Callable[..., Event]
pytestmark = pytest.mark.usefixtures("at_once_in_january")


@pytest.fixture
def events(make_event: MakeEvent) -> dict[str, Event]:
    """Two to come, one of them cancelled; one over; a draft."""
    return {
        "salon": make_event(
            "salon",
            title="Données & « design » <b>",
            title_en="Data & design",
            lead="Un salon.",
            kind="Salon",
            tags=["données"],
            starts_at=NOW + DAY,
            ends_at=NOW + DAY + timedelta(hours=2),
            city="Lyon",
            venue="Halle",
        ),
        "annule": make_event(
            "annule", title="Atelier", kind="Atelier", starts_at=NOW + 2 * DAY, state="cancelled"
        ),
        "hier": make_event("hier", title="Hier", kind="Salon", starts_at=NOW - DAY),
        "secret": make_event("secret", title="Secret", state="draft", starts_at=NOW + DAY),
    }


def feed(client: FlaskClient, path: str) -> Any:
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (200, "application/atom+xml")
    read = feedparser.parse(response.data)
    assert (read.version, bool(read.bozo)) == ("atom10", False)
    return read


def ids(client: FlaskClient, path: str) -> list[str]:
    return sorted(entry.id for entry in feed(client, path).entries)


def test_the_feed_holds_what_is_coming_and_says_what_is_cancelled(
    client: FlaskClient, events: dict[str, Event]
) -> None:
    read = feed(client, "/agenda/flux.xml")
    titles = {entry.title for entry in read.entries}
    assert titles == {"Données & « design » <b>", "Annulé\xa0: Atelier"}
    links = {(link.rel, link.href) for link in read.feed.links}
    assert links == {
        ("self", "http://localhost/agenda/flux.xml"),
        ("alternate", "http://localhost/agenda/"),
    }
    assert {entry.link for entry in read.entries} == {
        "http://localhost/agenda/salon/",
        "http://localhost/agenda/annule/",
    }
    assert "Halle, Lyon" in next(e.summary for e in read.entries if "salon" in e.link)


def test_entries_keep_their_identity_and_tell_their_change(
    client: FlaskClient, events: dict[str, Event]
) -> None:
    before = feed(client, "/agenda/flux.xml?type=salon").entries[0]
    with clock.frozen(NOW + timedelta(hours=1)), transaction() as session:
        found = session.get_one(Event, events["salon"].id)
        found.slug, found.title, found.version = "foire", "Foire", found.version + 1
        found.updated_at = NOW + timedelta(hours=1)
    after = feed(client, "/agenda/flux.xml?type=salon")
    assert (after.entries[0].id, after.entries[0].title) == (before.id, "Foire")
    assert before.updated < after.entries[0].updated == after.feed.updated == "2027-01-04T10:00:00Z"


def test_feeds_respect_filters_and_their_language(
    client: FlaskClient, events: dict[str, Event]
) -> None:
    prefix = "tag:localhost,2026:evenement-"
    expected = {
        "?type=salon": ["salon"],
        "?theme=donnees&lieu=lyon": ["salon"],
        "?q=DONNEES": ["salon"],
        "?periode=passes": ["hier"],
        "?q=secret": [],
        "?type=%00&mois=x": ["annule", "salon"],
    }
    for query, names in expected.items():
        wanted = sorted(f"{prefix}{events[name].id}" for name in names)
        assert ids(client, f"/agenda/flux.xml{query}") == wanted, query
        calendar = vobject.readOne(client.get(f"/agenda.ics{query}").text)
        found = {
            str(entry.url.value).split("/")[-2] for entry in calendar.contents.get("vevent", [])
        }
        assert found == set(names), query
    english = feed(client, "/en/agenda/flux.xml?type=salon")
    assert english.entries[0].title == "Data & design"
    assert english.feed.links[0].href == "http://localhost/en/agenda/flux.xml?type=salon"


def test_calendars_are_read_by_another_library_and_tell_cancellations(
    client: FlaskClient, events: dict[str, Event]
) -> None:
    calendar = vobject.readOne(client.get("/agenda.ics").text)
    assert [(str(e.uid.value), e.status.value, e.dtstart.value) for e in calendar.vevent_list] == [
        (f"evenement-{events['salon'].id}@localhost", "CONFIRMED", NOW + DAY),
        (f"evenement-{events['annule'].id}@localhost", "CANCELLED", NOW + 2 * DAY),
    ]
    (alone,) = vobject.readOne(client.get("/agenda/annule.ics").text).vevent_list
    assert alone.status.value == "CANCELLED"
    assert client.get("/agenda/secret.ics").status_code == 404


def test_an_event_page_describes_itself_to_search_engines_and_networks(
    client: FlaskClient, events: dict[str, Event]
) -> None:
    response = client.get("/agenda/salon/")
    read = extruct.extract(response.text, syntaxes=["json-ld", "opengraph"])
    (block,) = read["json-ld"]
    assert (block["@type"], block["name"]) == ("Event", "Données & « design » <b>")
    assert block["startDate"] == "2027-01-05T10:00:00+01:00"
    assert block["location"][0]["address"]["addressLocality"] == "Lyon"
    graph = dict(read["opengraph"][0]["properties"])
    assert graph["og:title"] == "Données & « design » <b>"
    assert graph["og:url"] == "http://localhost/agenda/salon/"
    # The block is data, not a script: nothing inline is allowed, and it cannot end early.
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "<b>" not in response.text
    cancelled = extruct.extract(client.get("/agenda/annule/").text, syntaxes=["json-ld"])
    assert cancelled["json-ld"][0]["eventStatus"] == "https://schema.org/EventCancelled"


def test_feeds_of_what_is_shown_are_announced(
    client: FlaskClient, events: dict[str, Event]
) -> None:
    page = html.fromstring(client.get("/agenda/?type=Salon&page=1").text)
    announced = {
        link.get("type"): link.get("href") for link in page.xpath("//link[@rel='alternate'][@type]")
    }
    assert announced == {
        "text/calendar": "/agenda.ics?type=salon",
        "application/atom+xml": "/agenda/flux.xml?type=salon",
    }
    followed = set(page.xpath("//main//a/@href"))
    assert set(announced.values()) <= followed
    assert client.get("/plan-du-site/").text.count("/agenda/flux.xml") == 1


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_site_map_lists_what_is_shown(
    client: FlaskClient, events: dict[str, Event], prefix: str
) -> None:
    response = client.get(f"{prefix}/sitemap.xml")
    root = etree.fromstring(response.data)
    home = f"http://localhost{prefix}"
    places = root.xpath("s:url/s:loc/text()", namespaces=MAP)
    shown = [place for place in places if "/agenda/" in place]
    assert shown == [f"{home}/agenda/{name}/" for name in ("annule", "salon", "hier")]
    assert f"{home}/accessibilite/" in places
    assert len(root.xpath("s:url/s:lastmod", namespaces=MAP)) == 3
    for place in places:
        assert client.get(place.removeprefix("http://localhost")).status_code == 200, place


def test_robots_read_events_and_leave_people_alone(client: FlaskClient) -> None:
    response = client.get("/robots.txt")
    assert response.mimetype == "text/plain"
    read = RobotFileParser()
    read.parse(response.text.splitlines())
    asked = ("/agenda/", "/agenda/salon/", "/inscriptions/x/", "/en/inscriptions/x/")
    answers = [read.can_fetch("*", f"http://localhost{path}") for path in asked]
    assert answers == [True, True, False, False]
    assert read.site_maps() == ["http://localhost/sitemap.xml", "http://localhost/en/sitemap.xml"]


def test_a_repeated_fetch_costs_one_look_and_a_known_copy_no_file(
    client: FlaskClient, events: dict[str, Event], count_queries: Callable[[], Any]
) -> None:
    for path in ("/agenda/flux.xml?q=donnees", "/agenda.ics", "/sitemap.xml"):
        first = client.get(path)
        with count_queries() as asked:
            again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), path
        assert len([s for s in asked if s.startswith("SELECT")]) == 1, path
