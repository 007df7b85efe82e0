"""The public site: agenda, event pages, calendar files, the pages the State owes."""

from dataclasses import replace
from datetime import datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, url_for
from flask import request as current_request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from eventreg.agenda import (
    catalogue,
    choosing,
    feeds,
    filtering,
    queries,
    rules,
    shown,
    syndication,
    words,
)
from eventreg.agenda.filtering import Filters
from eventreg.agenda.queries import Card
from eventreg.config import Settings
from eventreg.events import notices
from eventreg.registration import queries as signups
from eventreg.registration.rules import SignupFacts
from eventreg.shared import clock, pagecache, urls
from eventreg.shared.access import PUBLIC, access
from eventreg.shared.errors import NotFound
from eventreg.shared.i18n import LOCALES, current_locale
from eventreg.shared.richtext import plain

bp = Blueprint("agenda", __name__)
pages = Blueprint("pages", __name__)
CARDS = 12
CARD_LEAD = 150  # characters
FED = 200  # events of a feed
MAPPED = 20_000  # events in a site map: well below the 50,000 that search engines take
PAGES = {
    "accessibility": ("/accessibilite/", "accessibilite"),
    "legal": ("/mentions-legales/", "mentions-legales"),
    "privacy": ("/donnees-personnelles/", "donnees-personnelles"),
    "sitemap": ("/plan-du-site/", "plan-du-site"),
    "cookies": ("/gestion-des-cookies/", "cookies"),
    "ecodesign": ("/ecoconception/", "ecoconception"),
    "help": ("/aide/", "aide"),
}


@bp.record_once
def _keep_pages(state: BlueprintSetupState) -> None:
    pagecache.init_app(cast("Flask", state.app), rules.canonical_query)


@bp.get("/", endpoint="home")
@bp.get("/agenda/", endpoint="index")
@access(PUBLIC)
def agenda() -> ResponseReturnValue:
    filters, now = _asked(), clock.utc_now()
    match = catalogue.match(filters, now)
    pages = match.pages(CARDS)
    if filters.page > pages:
        first = replace(filters, page=1).query
        return redirect(url_for(".index") + (f"?{first}" if first else ""))
    ids = match.page(filters.page, CARDS)
    cards = catalogue.cards(*ids, match.stamp)
    instants = [rules.changes_at(card.facts, over_at(card), now) for card in _all(cards)]
    until = min((i for i in (*instants, match.found.until) if i), default=None)
    # While no event has changed, the same ones are found: only their places are looked up.
    pagecache.keep(cards, lambda: catalogue.cards(*ids), until=until)
    counts = match.found.counts
    return render_template(
        "agenda/index.html",
        filters=filters,
        counts=counts,
        number=filters.page,
        pages=pages,
        upcoming=[_shown(card, now) for card in cards.upcoming],
        past=[_shown(card, now) for card in cards.past],
        choices=choosing.selects(counts, filters, month=f"{now.astimezone(_zone()):%Y-%m}"),
        in_force=choosing.in_force(counts, filters),
        feed_arguments=replace(filters, page=1).arguments(),
        **_addresses("agenda.index", filters.query),
    )


@bp.get("/agenda/<slug>/")
@access(PUBLIC)
def event(slug: str) -> ResponseReturnValue:
    now = clock.utc_now()
    facts = _facts(slug)
    found = queries.event(facts.event_id)
    move = notices.latest_move(found.id, now)
    until = shown.until(found, facts, move, now)
    pagecache.keep(_version(facts), lambda: _version_of(slug), until=until)
    page = shown.context(found, facts, now=now, move=move, track=shown.asked_track())
    return render_template("agenda/event.html", **page, **_addresses("agenda.event", slug=slug))


@bp.get("/agenda/<slug>.ics")
@access(PUBLIC)
def event_ics(slug: str) -> ResponseReturnValue:
    facts = _facts(slug)
    if facts.starts_at is None:
        raise NotFound
    pagecache.keep(_version(facts), lambda: _version_of(slug), until=None)
    return _calendar([queries.event(facts.event_id)], filename=f"{slug}.ics")


@bp.get("/agenda.ics")
@access(PUBLIC)
def calendar_ics() -> ResponseReturnValue:
    filters = _asked()
    events = _listed(filters)
    name = choosing.feed_title(_settings().service_name, filters)
    return _calendar(events, filename="agenda.ics", name=name)


@bp.get("/agenda/flux.xml")
@access(PUBLIC)
def atom() -> ResponseReturnValue:
    filters = _asked()
    locale, query = current_locale(), filters.query
    tail = f"?{query}" if query else ""
    feed = syndication.Feed(
        title=choosing.feed_title(_settings().service_name, filters),
        own=urls.absolute("agenda.atom", locale) + tail,
        page=urls.absolute("agenda.index", locale) + tail,
        since=datetime.combine(clock.utc_now().astimezone(_zone()), time(), _zone()),
    )
    body = syndication.atom(_listed(filters), feed, _settings(), locale=locale)
    return Response(body, content_type="application/atom+xml; charset=utf-8")


@bp.get("/sitemap.xml")
@access(PUBLIC)
def sitemap() -> ResponseReturnValue:
    pagecache.keep(queries.stamp(), queries.stamp, until=None)
    rows = queries.addresses(MAPPED)
    body = syndication.sitemap(
        rows, current_locale(), ("agenda.home", *map("pages.{}".format, PAGES))
    )
    return Response(body, content_type="application/xml; charset=utf-8")


@bp.get("/robots.txt")
@access(PUBLIC)
def robots() -> ResponseReturnValue:
    response = Response(syndication.robots(LOCALES), mimetype="text/plain")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _page(path: str, name: str, template: str) -> None:
    """A page of words only. Its look depends on nothing that changes while we run."""

    @pages.get(path, endpoint=name)
    @access(PUBLIC)
    def page() -> ResponseReturnValue:
        html = render_template(f"pages/{template}.html", **_addresses(f"pages.{name}"))
        response = Response(html, mimetype="text/html")
        response.headers["Cache-Control"] = "public, max-age=60"
        return response


for _name, (_path, _template) in PAGES.items():
    _page(_path, _name, _template)


def over_at(event: Any) -> datetime | None:
    """When an event, or the event of a card, belongs to the past."""
    dates = event.facts if isinstance(event, Card) else event
    return rules.over_at(
        starts_at=dates.starts_at,
        ends_at=dates.ends_at,
        day_only=event.day_only,
        zone=dates.timezone,
    )


def _asked() -> Filters:
    """The filters of the address of the request."""
    return filtering.filters(current_request.query_string.decode("latin-1"))


def _listed(filters: Filters) -> Any:
    """The events of a feed, which is kept until one of them changes or is over.

    The next ones, cancelled ones included; the last ones when the past is asked for.
    """
    match = catalogue.match(filters, clock.utc_now())
    pagecache.keep(match.stamp, queries.stamp, until=match.found.until)
    found = match.found.past if filters.period == filtering.GONE else match.found.upcoming
    return queries.listed(found[:FED])


def _all(page: catalogue.Cards) -> list[Card]:
    return [*page.upcoming, *page.past]


def _shown(card: Card, now: datetime) -> dict[str, Any]:
    """A card's words; a template only places them."""
    facts, over, locale = card.facts, over_at(card), current_locale()
    zone = ZoneInfo(facts.timezone)
    starts_at = (facts.starts_at or now).astimezone(zone)
    phase = rules.phase(
        event_state=facts.event_state, starts_at=facts.starts_at, over=over, now=now
    )
    return {
        "slug": facts.slug,
        "title": rules.said(card.title, card.title_en, locale),
        "lead": rules.said(
            rules.shorten(card.lead, CARD_LEAD),
            rules.shorten(plain(card.lead_en), CARD_LEAD) if card.lead_en else "",
            locale,
        ),
        "day": starts_at,
        "datetime": (starts_at.date() if card.day_only else starts_at).isoformat(),
        "day_only": card.day_only,
        "facts": facts,
        "place": words.place_of(card),
        "badges": words.badges(facts, card.kind, phase=phase, over=over, now=now),
    }


def _facts(slug: str) -> SignupFacts:
    """Raises NotFound for a draft as for an event that does not exist."""
    facts = signups.signup_facts(slug)
    if facts is None or facts.event_state == "draft":
        raise NotFound
    return facts


def _version(facts: SignupFacts | None) -> SignupFacts | None:
    """What decides how a page looks: not how many came, where places are not limited."""
    return replace(facts, taken=0) if facts and facts.capacity is None else facts


def _version_of(slug: str) -> SignupFacts | None:
    return _version(signups.signup_facts(slug))


def _zone() -> ZoneInfo:
    return ZoneInfo(_settings().timezone)


def _calendar(events: Any, *, filename: str, name: str = "") -> Response:
    body = feeds.calendar_file(events, _settings(), locale=current_locale(), name=name)
    response = Response(body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _addresses(endpoint: str, query: str = "", **values: Any) -> dict[str, Any]:
    """The page's own address, its mirrors, and the link to the other language.

    The link is written here, not from the request, because many visitors share the page.
    """
    tail = f"?{query}" if query else ""
    mirrors = {locale: urls.absolute(endpoint, locale, **values) + tail for locale in LOCALES}
    locale = current_locale()
    other = next(name for name in LOCALES if name != locale)
    return {
        "canonical_url": mirrors[locale],
        "mirrors": mirrors,
        "other_locale_url": urls.path(endpoint, other, **values) + tail,
    }


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
