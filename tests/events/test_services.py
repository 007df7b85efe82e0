"""Events: what may be set, and what an organiser is told when it may not."""

from datetime import UTC, datetime, timedelta

import pytest

from eventreg.audit.models import AuditEntry
from eventreg.events import queries, rules, services
from eventreg.events.errors import BadValue, SlugTaken, UnknownEvent
from eventreg.events.rules import SignupFacts, SignupState, signup_state
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Stale

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def facts(**changes) -> SignupFacts:
    base = {
        "event_id": 1,
        "slug": "journee",
        "version": 1,
        "event_state": "published",
        "mode": "internal",
        "starts_at": NOW + timedelta(days=9),
        "ends_at": None,
        "timezone": "Europe/Paris",
        "opens_at": None,
        "closes_at": NOW,
        "pool_id": 1,
        "capacity": 10,
        "taken": 3,
    }
    return SignupFacts(**(base | changes))


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOW - SECOND, SignupState.OPEN),
        (NOW - timedelta(microseconds=1), SignupState.OPEN),
        (NOW, SignupState.CLOSED),
        (NOW + SECOND, SignupState.CLOSED),
    ],
)
def test_sign_ups_close_at_the_instant_itself(now, expected):
    assert signup_state(facts(), now) is expected


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOW - timedelta(microseconds=1), SignupState.NOT_OPEN),
        (NOW, SignupState.OPEN),
    ],
)
def test_sign_ups_open_at_the_instant_itself(now, expected):
    assert signup_state(facts(opens_at=NOW, closes_at=NOW + SECOND), now) is expected


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"closes_at": None}, SignupState.OPEN),
        ({"closes_at": None, "starts_at": NOW}, SignupState.CLOSED),
        ({"closes_at": None, "starts_at": None}, SignupState.NONE),
        ({"taken": 10}, SignupState.FULL),
        ({"taken": 12}, SignupState.FULL),
        ({"capacity": None, "taken": 10_000}, SignupState.OPEN),
        ({"capacity": 0, "taken": 0}, SignupState.FULL),
        ({"mode": "external"}, SignupState.EXTERNAL),
        ({"mode": "none"}, SignupState.NONE),
        ({"event_state": "draft"}, SignupState.NONE),
        ({"event_state": "cancelled"}, SignupState.CLOSED),
    ],
)
def test_sign_up_state_of(changes, expected):
    assert (
        signup_state(
            facts(closes_at=NOW + SECOND)
            if not changes
            else facts(**({"closes_at": NOW + SECOND} | changes)),
            NOW,
        )
        is expected
    )


@pytest.mark.any_database
def test_a_page_changes_at_the_next_instant_only():
    one = facts(opens_at=NOW + SECOND, closes_at=NOW + 2 * SECOND)
    assert rules.next_change(one, NOW) == NOW + SECOND
    assert rules.next_change(one, NOW + SECOND) == NOW + 2 * SECOND
    assert rules.next_change(one, NOW + timedelta(days=9)) is None


def test_two_events_never_share_an_address(make_event):
    make_event("journee")
    with pytest.raises(SlugTaken), transaction():
        services.create("journee", title="Autre", starts_at=NOW, actor="operator", now=NOW)


@pytest.mark.parametrize("slug", ["", "Journée", "a b", "../etc", "a--b", "-a", "a" * 201, "a/b"])
def test_an_address_that_people_cannot_type_is_refused(ctx, slug):
    with pytest.raises(BadValue) as refusal, transaction():
        services.create(slug, title="Titre", starts_at=NOW, actor="operator", now=NOW)
    assert refusal.value.field == "slug"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("closes_at", "demain"),
        ("closes_at", "2027-13-01T10:00"),
        ("closes_at", "2026-03-29T02:30"),  # clocks go forward: it does not exist
        ("closes_at", "2026-10-25T02:30"),  # clocks go back: which of the two?
        ("starts_at", "none"),
        ("capacity", "-1"),
        ("capacity", "douze"),
        ("capacity", "1.5"),
        ("audience", "agents"),
        ("approval", "maybe"),
        ("confirmation_hours", "-1"),
        ("confirmation_hours", "nan"),
        ("contact_email", "not an address"),
        ("external_url", "javascript:alert(1)"),
        ("title", ""),
        ("title", "a\x00b"),
        ("timezone", "Mars/Olympus"),
        ("unknown_key", "x"),
    ],
)
def test_a_bad_setting_is_refused_beside_its_key(make_event, key, text):
    make_event("journee")
    with pytest.raises(BadValue) as refusal, transaction():
        services.change_from_text(
            services.locked("journee"), {key: text}, actor="operator", now=NOW
        )
    assert refusal.value.field == key


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"starts_at": "2027-02-01T10:00", "ends_at": "2027-02-01T09:00"}, "ends_at"),
        ({"opens_at": "2027-01-20T10:00", "closes_at": "2027-01-20T10:00"}, "closes_at"),
        ({"ends_at": "2027-02-01T10:00", "closes_at": "2027-02-02T10:00"}, "closes_at"),
        ({"opens_at": "2027-06-01T10:00"}, "opens_at"),
        ({"audience": "public_agents", "confirmation_hours": "0"}, "confirmation_hours"),
    ],
)
def test_settings_that_cannot_go_together_are_refused(make_event, texts, field):
    make_event("journee", starts_at=NOW + timedelta(days=20))
    with pytest.raises(BadValue) as refusal, transaction():
        services.change_from_text(services.locked("journee"), texts, actor="operator", now=NOW)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-12T18:00", datetime(2027, 1, 12, 17, 0, tzinfo=UTC)),
        ("2027-01-12T18:00:00.250", datetime(2027, 1, 12, 17, 0, 0, 250_000, tzinfo=UTC)),
        ("2027-01-12T18:00+05:00", datetime(2027, 1, 12, 13, 0, tzinfo=UTC)),
        ("2026-10-25T02:30+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("none", None),
    ],
)
def test_a_deadline_is_read_in_the_zone_of_the_event(make_event, text, expected):
    make_event("journee")
    with transaction():
        services.change_from_text(
            services.locked("journee"), {"closes_at": text}, actor="operator", now=NOW
        )
    db.session.expire_all()
    assert queries.by_slug("journee").closes_at == expected


def test_a_change_bumps_the_version_and_is_traced(make_event):
    event = make_event("journee")
    before = event.version
    with transaction():
        changed = services.change_from_text(
            services.locked("journee"),
            {"capacity": "12", "title": "Nouveau titre"},
            actor="operator",
            now=NOW,
        )
    assert sorted(changed) == ["capacity", "title"]
    assert queries.by_slug("journee").version == before + 1
    assert queries.pool(event.id).capacity == 12
    traces = db.session.query(AuditEntry).filter_by(action="event_changed").all()
    assert [trace.details for trace in traces] == [{"keys": ["capacity", "title"]}]


def test_nothing_is_bumped_when_nothing_changes(make_event):
    event = make_event("journee", title="Titre")
    before = event.version
    with transaction():
        changed = services.change_from_text(
            services.locked("journee"), {"title": "Titre"}, actor="operator", now=NOW
        )
    assert changed == []
    assert queries.by_slug("journee").version == before


def test_a_stale_form_is_refused(make_event):
    event = make_event("journee")
    with pytest.raises(Stale), transaction():
        services.change(
            services.locked("journee"),
            {"title": "Autre"},
            actor="operator",
            now=NOW,
            version=event.version - 1,
        )


def test_an_event_without_a_date_is_not_published(make_event):
    make_event("journee", state="draft", starts_at=None)
    with pytest.raises(BadValue) as refusal, transaction():
        services.publish(services.locked("journee"), actor="operator", now=NOW)
    assert refusal.value.field == "starts_at"


def test_an_unknown_event_is_named(ctx):
    with pytest.raises(UnknownEvent), transaction():
        services.locked("nulle-part")


def test_an_event_that_moves_to_another_town_is_found_there(ctx, make_event):
    event = make_event(address="3 rue du Port, 44000 Nantes", postal_code="44000", city="Nantes")
    with transaction():
        services.change_from_text(
            services.locked(event.slug),
            {"address": "12 rue d’Alsace, 69001 Lyon"},
            actor="organiser:1",
            now=NOW,
        )
    moved = queries.by_slug(event.slug)
    assert (moved.postal_code, moved.city) == ("69001", "Lyon")
