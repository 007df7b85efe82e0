"""What an event page says once it moved, is cancelled or archived; its languages, tracks, preview."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from eventreg.agenda import programme, rules
from eventreg.events import services
from eventreg.events.models import Event, ProgrammeSession
from eventreg.shared import clock
from eventreg.shared.db import transaction

PAGE = "/agenda/journee/"
PREVIEW = "/organisation/evenements/journee/apercu/page/"
DAY = timedelta(days=1)
MakeEvent = Callable[..., Event]


@pytest.fixture(autouse=True)
def _checked_each_time(app: Flask) -> Any:
    cache = app.extensions["pagecache"]
    before, cache.interval = cache.interval, 0
    yield
    cache.interval = before


def words(page: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", page.text)
    return " ".join(text.replace("&#39;", "'").replace("’", "'").split())


def change(at: datetime, **values: Any) -> None:
    with clock.frozen(at), transaction():
        services.change(services.locked("journee"), values, actor="operator", now=at)


def test_a_moved_event_says_what_was_announced_for_thirty_days(
    now: datetime, client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event(venue="Lieu A", starts_at=now + 60 * DAY, published_at=now - DAY)
    change(now, venue="Lieu B", starts_at=now + 61 * DAY)
    page = words(client.get(PAGE))
    assert "Attention : la date et le lieu ont changé" in page
    assert "Nouveau lieu Lieu B Annoncé auparavant : Lieu A" in page
    english = words(client.get(f"/en{PAGE}"))
    assert "the date and the place have changed" in english
    with clock.frozen(now + 30 * DAY - timedelta(seconds=1)):
        assert "ont changé" in words(client.get(PAGE))
    with clock.frozen(now + 30 * DAY):
        assert "ont changé" not in words(client.get(PAGE))


def test_what_moved_before_anybody_read_it_is_not_told(
    now: datetime, client: FlaskClient, make_event: MakeEvent, make_registration: Any
) -> None:
    make_registration(make_event(venue="A", state="draft", published_at=None))
    change(now, venue="B")
    with clock.frozen(now + DAY), transaction():
        services.publish(services.locked("journee"), actor="operator", now=now + DAY)
    with clock.frozen(now + DAY):
        assert "changé" not in words(client.get(PAGE))


def test_a_cancelled_event_says_why_and_takes_nobody(
    now: datetime, client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event()
    with transaction():
        found = services.locked("journee")
        services.cancel(found, message="Grève.\n<b>Désolés</b>", actor="operator", now=now)
    page = client.get(PAGE)
    assert "Grève." in page.text
    assert "<b>Désolés" not in page.text
    assert 'data-refusal="closed"' in page.text
    assert "/inscription/" not in page.text
    assert b"STATUS:CANCELLED" in client.get("/agenda/journee.ics").data


def test_an_archived_event_says_that_it_is_kept_for_the_record(
    client: FlaskClient, make_event: MakeEvent, now: datetime
) -> None:
    make_event(state="archived")
    page = words(client.get(PAGE))
    assert "cet événement est archivé" in page
    assert "/inscription/" not in page


def test_english_stands_beside_french_and_the_fallback_is_marked(
    now: datetime, client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event(
        title="Journée",
        title_en="Day",
        lead="Chapeau.",
        lead_html="<p>Chapeau.</p>",
        body_html="<p>Texte.</p>",
        body_en_html="<p>Text.</p>",
        venue="La Halle",
        venue_en="The Hall",
    )
    french, english = client.get(PAGE).text, client.get(f"/en{PAGE}").text
    assert "<h1>Journée</h1>" in french
    assert "<title>Day – " in english
    assert "<h1>Day</h1>" in english
    assert '<p class="fr-text--lead" lang="fr">Chapeau.</p>' in english
    assert '<div class="app-text"><p>Text.</p></div>' in english
    assert "The Hall" in english
    assert "The Hall" not in french


def test_places_left_are_told_only_where_the_organisers_say_so(
    now: datetime, client: FlaskClient, make_event: MakeEvent, make_registration: Any
) -> None:
    event = make_event(capacity=3, show_places=False)
    make_registration(event)
    for path in (PAGE, "/agenda/"):
        page = client.get(path)
        assert "2 places" not in words(page)
        assert "app-gauge" not in page.text
    assert '"maximumAttendeeCapacity"' not in client.get(PAGE).text
    change(now, capacity=1)
    assert "Toutes les places sont prises." in words(client.get(PAGE))


def test_the_other_site_is_named_as_organisers_name_it(
    now: datetime, client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event(
        registration_mode="external",
        external_url="https://tickets.example.org/x",
        external_name="La billetterie",
    )
    assert "L'inscription se fait sur un autre site : La billetterie." in words(
        client.get(PAGE)
    ).replace("\u00a0", " ")


def test_the_message_of_a_closed_event_appears_on_its_instant(
    now: datetime, client: FlaskClient, make_event: MakeEvent
) -> None:
    make_event(
        closes_at=now + DAY, closed_message="Voir la vidéo.", closed_message_from=now + 2 * DAY
    )
    for at, shown in ((now, False), (now + DAY, False), (now + 2 * DAY, True)):
        with clock.frozen(at):
            for path in (PAGE, f"{PAGE}inscription/"):
                assert ("Voir la vidéo." in words(client.get(path))) is shown, (path, at)


def sessions(event: Event, *tracks: str, **values: Any) -> None:
    with transaction() as session:
        session.add_all(
            ProgrammeSession(
                event_id=event.id, position=n, title=f"Session {n}", track=track, **values
            )
            for n, track in enumerate(tracks)
        )


def test_a_visitor_chooses_a_track_without_a_script(
    now: datetime, client: FlaskClient, make_event: MakeEvent
) -> None:
    sessions(make_event(), "Données", "Design & co", "", "Données")
    page = client.get(PAGE).text
    assert 'href="/agenda/journee/?piste=donnees#programme"' in page
    chosen = client.get(f"{PAGE}?piste=donnees")
    assert [f"Session {n}" in chosen.text for n in range(4)] == [True, False, True, True]
    assert re.search(r'piste=donnees#programme" aria-current="true"', chosen.text)
    assert "<title>Journée du service public – Données" in chosen.text
    unknown = client.get(f"{PAGE}?piste=autre")
    assert unknown.text.count("Session ") == 4


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("piste=donnees&utm_source=x", "piste=donnees"),
        ("piste=Donn%C3%A9es", ""),
        ("piste=" + "a" * 500, "piste=" + "a" * 100),
        ("piste=%00", ""),
        ("utm_source=x", ""),
    ],
)
def test_only_a_track_makes_another_page_of_an_event(query: str, kept: str) -> None:
    assert rules.canonical_query("/agenda/journee/", query) == kept


def test_one_track_alone_is_no_choice() -> None:
    assert programme.track_key("Salle A – Données") == "salle-a-donnees"
    assert programme.tracks([]) == []


class Elements(HTMLParser):
    count = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - HTMLParser's own
        self.count += 1


def test_a_page_of_fifty_eight_sessions_stays_light(
    now: datetime, client: FlaskClient, make_event: MakeEvent
) -> None:
    """Budget of the design: 600 elements; with every part that a session of such a page has."""
    event = make_event(body_html="<p>Texte.</p>" * 20, capacity=50)
    sessions(
        event,
        *["Scène", "Studio"] * 29,
        organisations_text="Direction interministérielle",
        starts_at=event.starts_at,
    )
    page = Elements()
    page.feed(client.get(PAGE).text)
    assert page.count <= 600


def test_only_organisers_of_an_event_preview_it(
    now: datetime, client: FlaskClient, organiser_client: Any, make_event: MakeEvent
) -> None:
    make_event(state="draft", title="Projet", capacity=10)
    make_event("autre", state="draft")
    assert client.get(PAGE).status_code == 404
    assert (
        client.get(PREVIEW).status_code == client.get(PREVIEW.replace("journee", "x")).status_code
    )
    assert "Projet" not in client.get(PREVIEW, follow_redirects=True).text
    foreign = organiser_client("b@example.org", role="owner", slug="autre")
    pages = [foreign.get(PREVIEW.replace("journee", slug)) for slug in ("journee", "inconnu")]
    assert [page.status_code for page in pages] == [404, 404]
    bare = [re.sub(r"[\w-]{20,}|journee|inconnu", "", page.text) for page in pages]
    assert bare[0] == bare[1]
    mine = organiser_client(role="reader", slug="journee").get(PREVIEW)
    assert mine.status_code == 200
    assert mine.headers["Cache-Control"] == "no-store"
    assert "Aperçu – Projet" in mine.text
    assert 'content="noindex"' in mine.text
    assert client.get(PREVIEW).status_code != 200, "nothing was kept for others"


def test_the_preview_of_a_draft_is_the_page_once_published(
    now: datetime, client: FlaskClient, organiser_client: Any, make_event: MakeEvent
) -> None:
    make_event(state="draft", capacity=10, body_html="<p>Texte.</p>")
    preview = organiser_client().get(PREVIEW).text
    with transaction():
        services.publish(services.locked("journee"), actor="operator", now=now)
    public = client.get(PAGE).text

    def main(page: str) -> str:
        return page.partition("<main")[2].partition("</main>")[0]

    assert main(preview) == main(public)
