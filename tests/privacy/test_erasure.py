"""Personal data leaves on its date, once, with a receipt, and nothing else leaves with it."""

from datetime import timedelta

import pytest

from eventreg.audit.models import AuditEntry
from eventreg.eligibility import queries as eligibility_queries
from eventreg.eligibility import services as eligibility
from eventreg.eligibility.rules import read_list
from eventreg.events import queries as events
from eventreg.events.models import Event
from eventreg.mailing.models import OutboxMessage
from eventreg.operations import invariants
from eventreg.organisers import services as organisers
from eventreg.organisers.models import Organiser, OrganiserRole
from eventreg.organisers.rules import Role
from eventreg.privacy import queries, services
from eventreg.privacy.models import ErasureReceipt
from eventreg.registration.models import Registration
from eventreg.shared.db import Base, db, transaction

DAY = timedelta(days=1)


def kept() -> list[str]:
    return [
        row.email_key for row in db.session.query(Registration).order_by(Registration.email_key)
    ]


@pytest.mark.parametrize(
    ("state", "after", "gone"),
    [
        ("confirmed", timedelta(days=91), False),
        ("confirmed", timedelta(days=92), True),
        ("pending", timedelta(days=92), True),
        ("cancelled", timedelta(days=30), False),
        ("cancelled", timedelta(days=31), True),
        ("rejected", timedelta(days=31), True),
    ],
)
def test_a_person_leaves_on_their_date(now, make_event, make_registration, state, after, gone):
    event = make_event(starts_at=now + DAY, ends_at=now + 2 * DAY)
    make_registration(event, state=state, ended_at=now)
    services.erase_due(now + 2 * DAY + after - timedelta(seconds=1 if not gone else 0))
    assert kept() == ([] if gone else ["camille@example.org"])


def test_a_request_never_confirmed_leaves_two_days_after_its_hold(
    now, make_event, make_registration
):
    event = make_event(starts_at=now + 30 * DAY)
    make_registration(event, state="expired", ended_at=now)
    services.erase_due(now + 2 * DAY - timedelta(seconds=1))
    assert kept() == ["camille@example.org"]
    services.erase_due(now + 2 * DAY)
    assert kept() == []


def test_erasing_twice_changes_nothing_and_seats_still_add_up(now, make_event, make_registration):
    event = make_event(starts_at=now + DAY, capacity=5)
    make_registration(event, "a@example.org")
    make_registration(event, "b@example.org")
    later = now + 200 * DAY
    assert services.erase_due(later)["registrations"] == 2
    assert services.erase_due(later) == {}
    receipts = db.session.query(ErasureReceipt).filter_by(category="registrations").all()
    assert [receipt.counts for receipt in receipts] == [{"rows": 2}]
    assert events.pool(event.id).taken == 0
    assert [f for f in invariants.all_findings(later) if not f.ok] == []


def test_the_number_of_an_erased_person_is_never_given_again(now, make_event, make_registration):
    """On SQLite the next person would inherit the history of the one who left."""
    event = make_event(starts_at=now + DAY)
    first = make_registration(event, "a@example.org").id
    services.erase_due(now + 200 * DAY)
    assert make_registration(event, "b@example.org").id > first


def test_an_account_that_sleeps_for_a_year_leaves_with_its_roles(now, ctx):
    with transaction():
        organisers.create(
            "dort@example.org", name="Nadia", role=Role.OWNER, event_slug=None, now=now
        )
    services.erase_due(now + 364 * DAY)
    assert db.session.query(Organiser).count() == 1
    services.erase_due(now + 365 * DAY)
    assert (db.session.query(Organiser).count(), db.session.query(OrganiserRole).count()) == (0, 0)


def test_traces_leave_after_a_year_unless_their_person_is_still_there(
    now, make_event, make_registration
):
    event = make_event(starts_at=now + 360 * DAY)
    make_registration(event)
    services.erase_due(now + 366 * DAY)
    left = db.session.query(AuditEntry).all()
    assert [entry.action for entry in left] == ["made"]


def test_the_contacts_of_an_event_leave_a_year_after_it(now, make_event):
    make_event(
        starts_at=now + DAY,
        contact_name="Nadia Roussel",
        contact_email="nadia@example.org",
        press_contacts=[{"name": "Nadia", "phones": [], "email": None}],
        source_text="texte",
        policy={"who": ["invited"], "invited": ["camille@example.org"]},
    )
    services.erase_due(now + 365 * DAY)
    assert events.by_slug("journee").contact_name == "Nadia Roussel"
    services.erase_due(now + 366 * DAY)
    db.session.expire_all()
    event = db.session.query(Event).one()
    named = (event.contact_name, event.contact_email, event.press_contacts, event.source_text)
    assert (named, event.policy) == (("", "", [], None), None)
    assert services.erase_due(now + 366 * DAY) == {}


def test_the_lists_of_an_event_leave_with_its_registrations(now, make_event):
    event = make_event(starts_at=now + DAY, retention_days=30)
    with transaction():
        read = read_list("camille@example.org\nexample.org")
        eligibility.import_list(event.id, read, verdict="accepted", by="operator", now=now)
    assert "list_entries" not in services.erase_due(now + 30 * DAY)
    assert eligibility_queries.list_counts(event.id) == {"accepted": 2}
    assert services.erase_due(now + 31 * DAY)["list_entries"] == 2
    assert eligibility_queries.list_counts(event.id) == {}


def letter(now, **values):
    base = {
        "kind": "my_links",
        "state": "sent",
        "locale": "fr",
        "recipient": "camille@example.org",
        "recipient_key": "k" * 64,
        "subject": "Vos liens",
        "text": "bonjour",
        "html": "<p>bonjour</p>",
        "message_id": "<1@example.org>",
        "dated_at": now,
        "created_at": now,
        "due_at": now,
        "sent_at": now,
    }
    with transaction() as session:
        session.add(OutboxMessage(**(base | values)))


def test_the_text_of_a_letter_leaves_a_week_after_it_was_sent(now, ctx):
    letter(now)
    services.erase_due(now + 7 * DAY - timedelta(seconds=1))
    assert db.session.query(OutboxMessage).one().text == "bonjour"
    services.erase_due(now + 7 * DAY)
    db.session.expire_all()
    row = db.session.query(OutboxMessage).one()
    assert (row.text, row.html, row.recipient, row.subject) == ("", "", "", "(effacé)")
    services.erase_due(now + 31 * DAY)
    assert db.session.query(OutboxMessage).count() == 0


def test_a_letter_still_owed_keeps_its_text(now, ctx):
    letter(now, state="retrying", sent_at=None)
    services.erase_due(now + 40 * DAY)
    assert db.session.query(OutboxMessage).one().text == "bonjour"


def undeclared() -> list[str]:
    """Text and JSON columns that do not say whether they are about a person."""
    return [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if "keep" not in column.info
        and not column.primary_key
        and str(column.type).split("(")[0] in {"TEXT", "VARCHAR", "JSON"}
    ]


@pytest.mark.any_database
def test_every_text_column_says_whether_it_is_about_a_person():
    assert undeclared() == []


@pytest.mark.any_database
def test_a_column_that_says_nothing_is_found(monkeypatch):
    column = Base.metadata.tables["registrations"].columns["phone"]
    monkeypatch.setattr(column, "info", {})
    assert undeclared() == ["registrations.phone"]


@pytest.mark.any_database
def test_the_inventory_names_the_person_s_columns():
    found = queries.inventory()["registrations"]
    assert {"email", "given_name", "family_name", "phone", "answers", "search"} <= set(found)
