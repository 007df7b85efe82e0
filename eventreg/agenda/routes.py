"""The public site: agenda, event pages, calendar files, the pages the State owes."""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, url_for
from flask import request as current_request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from eventreg.agenda import feeds, queries, rules, shown, words
from eventreg.agenda.queries import Card
from eventreg.config import Settings
from eventreg.events import notices
from eventreg.registration import queries as signups
from eventreg.registration.rules import SignupFacts
from eventreg.shared import clock, pagecache, urls
from eventreg.shared.access import PUBLIC, access
from eventreg.shared.errors import NotFound
from eventreg.shared.i18n import LOCALES, current_locale

bp = Blueprint("agenda", __name__)
pages = Blueprint("pages", __name__)
CARDS = 12
CARD_LEAD = 150  # characters


@bp.record_once
def _keep_pages(state: BlueprintSetupState) -> None:
    pagecache.init_app(cast("Flask", state.app), rules.canonical_query)


@bp.get("/", endpoint="home")
@bp.get("/agenda/", endpoint="index")
@access(PUBLIC)
def agenda() -> ResponseReturnValue:
    filters = rules.filters(current_request.query_string.decode("latin-1"))

    def look_up() -> queries.AgendaPage:
        now = clock.utc_now()
        return queries.agenda(filters, now=now, today=_today(now), size=CARDS)

    now = clock.utc_now()
    page = look_up()
    if filters.page > page.pages:
        return redirect(f"{url_for('.index')}?{replace(filters, page=1).query}")
    instants = [rules.changes_at(card.facts, over_at(card), now) for card in _all(page)]
    pagecache.keep(page, look_up, until=min((i for i in instants if i), default=None))
    return render_template(
        "agenda/index.html",
        filters=filters,
        page=page,
        upcoming=[_shown(card, now) for card in page.upcoming],
        past=[_shown(card, now) for card in page.past],
        kind_options=[(kind, kind) for kind in queries.kinds()],
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
    def look_up() -> list[tuple[int, int]]:
        now = clock.utc_now()
        rows = queries.calendar_version(now=now, today=_today(now))
        return [(row.id, row.version) for row in rows]

    now = clock.utc_now()
    pagecache.keep(look_up(), look_up, until=None)
    events = queries.calendar(now=now, today=_today(now))
    return _calendar(events, filename="agenda.ics", name=_settings().service_name)


def _page(path: str, name: str, template: str) -> None:
    """A page of words only. Its look depends on nothing that changes while we run."""

    @pages.get(path, endpoint=name)
    @access(PUBLIC)
    def page() -> ResponseReturnValue:
        html = render_template(f"pages/{template}.html", **_addresses(f"pages.{name}"))
        response = Response(html, mimetype="text/html")
        response.headers["Cache-Control"] = "public, max-age=60"
        return response


for _path, _name, _template in (
    ("/accessibilite/", "accessibility", "accessibilite"),
    ("/mentions-legales/", "legal", "mentions-legales"),
    ("/donnees-personnelles/", "privacy", "donnees-personnelles"),
    ("/plan-du-site/", "sitemap", "plan-du-site"),
    ("/gestion-des-cookies/", "cookies", "cookies"),
    ("/ecoconception/", "ecodesign", "ecoconception"),
    ("/aide/", "help", "aide"),
):
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


def _all(page: queries.AgendaPage) -> list[Card]:
    return [*page.upcoming, *page.past]


def _shown(card: Card, now: datetime) -> dict[str, Any]:
    """A card's words; a template only places them."""
    facts, over = card.facts, over_at(card)
    zone = ZoneInfo(facts.timezone)
    starts_at = (facts.starts_at or now).astimezone(zone)
    phase = rules.phase(
        event_state=facts.event_state, starts_at=facts.starts_at, over=over, now=now
    )
    return {
        "slug": facts.slug,
        "title": card.title,
        "lead": rules.shorten(card.lead, CARD_LEAD),
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


def _today(now: datetime) -> datetime:
    zone = _settings().timezone
    return rules.day_start(now.astimezone(ZoneInfo(zone)).date(), zone)


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
