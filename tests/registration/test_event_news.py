"""A moved or cancelled event: everybody signed up gets one letter, whatever happens to the worker."""

import json
from datetime import timedelta

import icalendar
import pytest

from eventreg.events import services as events
from eventreg.events.models import Notice
from eventreg.mailing import delivery
from eventreg.mailing.models import OutboxMessage
from eventreg.mailing.services import queue
from eventreg.operations import invariants
from eventreg.registration import services
from eventreg.registration.models import Registration
from eventreg.registration.services import notices
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from eventreg.shared.letters import Attachment

MINUTE = timedelta(minutes=1)


def letters():
    rows = db.session.query(OutboxMessage).order_by(OutboxMessage.recipient, OutboxMessage.id)
    return [row for row in rows if row.kind.startswith("event_")]


def move(now, **values):
    with transaction():
        events.change(events.locked("journee"), values, actor="operator", now=now)


def cancel(now, message=""):
    with transaction():
        events.cancel(events.locked("journee"), message=message, actor="operator", now=now)


def entry(letter):
    file = Attachment.from_json(letter.attachments[0])
    (found,) = icalendar.Calendar.from_ical(file.content).events
    return file, found


@pytest.fixture
def people(now, make_event, make_registration):
    """One person in each state that counts, and one who gave the place back."""
    event = make_event(venue="Lieu A", contact_email="equipe@example.org")
    for state in ("confirmed", "pending", "unconfirmed", "waiting", "cancelled"):
        make_registration(event, f"{state}@example.org", state=state)
    make_registration(event, "english@example.org", locale="en")
    return event


def test_everybody_active_is_told_of_a_move_once_and_in_their_words(now, people):
    move(now, venue="Lieu B", starts_at=people.starts_at + timedelta(days=1))
    assert services.tell_due(now) == 5
    assert services.tell_due(now + MINUTE) == 0
    told = {letter.recipient.partition("@")[0]: letter for letter in letters()}
    assert set(told) == {"confirmed", "pending", "unconfirmed", "waiting", "english"}
    mine = told["confirmed"]
    assert (mine.kind, mine.lane) == ("event_moved", 1)
    assert "Lieu B" in mine.text
    assert "Lieu A" in mine.text
    assert "reste valable" in mine.text
    assert "reste à confirmer" in told["unconfirmed"].text
    assert "The date and place of your event change" in told["english"].text
    assert mine.subject.startswith("Changement de date\u00a0: ")
    file, calendar = entry(mine)
    assert (file.filename, file.parameters["method"]) == ("inscription.ics", "REQUEST")
    assert calendar["LOCATION"] == "Lieu B"
    assert told["pending"].attachments == []  # nothing of theirs stands in a calendar yet
    (notice,) = db.session.query(Notice)
    assert (notice.told, notice.done_at) == (5, now + MINUTE)


def test_english_readers_get_the_english_words_and_the_same_news(
    now, make_event, make_registration
):
    event = make_event(venue="La Halle", venue_en="The Hall", title_en="A day")
    make_registration(event, locale="en")
    move(now, starts_at=event.starts_at + timedelta(hours=1))
    services.tell_due(now)
    (letter,) = letters()
    assert letter.subject.startswith("New hours: A day")
    assert "The Hall" in letter.text
    assert "The hours of your event change" in letter.text
    assert entry(letter)[1]["SUMMARY"] == "A day"


def test_a_cancelled_event_leaves_calendars_and_nobody_loses_their_row(now, people):
    cancel(now, "Grève des transports.\nNous vous écrirons.")
    with clock.frozen(now + MINUTE):
        assert services.tell_due(now + MINUTE) == 5
    mine = next(letter for letter in letters() if letter.recipient == "confirmed@example.org")
    assert mine.kind == "event_cancelled"
    assert "Grève des transports." in mine.text
    file, calendar = entry(mine)
    assert (file.parameters["method"], calendar["STATUS"]) == ("CANCEL", "CANCELLED")
    assert db.session.query(Registration).filter_by(state="confirmed").count() == 2
    assert invariants.seats_match_rows().ok


def test_a_worker_that_dies_between_two_batches_repeats_nothing(
    now, make_event, make_registration, monkeypatch
):
    event = make_event(venue="A")
    for number in range(7):
        make_registration(event, f"p{number}@example.org")
    move(now, venue="B")
    monkeypatch.setattr(notices, "BATCH", 2)
    left = [3]

    def failing(mail, *, now):
        if not left[0]:
            raise RuntimeError("killed")
        left[0] -= 1
        return queue(mail, now=now)

    monkeypatch.setattr(notices.mailing, "queue", failing)
    with pytest.raises(RuntimeError):
        services.tell_due(now)
    assert len(letters()) == 2  # the batch that was broken off left nothing
    left[0] = 100
    services.tell_due(now + MINUTE)
    assert [one.recipient for one in letters()] == [f"p{n}@example.org" for n in range(7)]


def test_who_signs_up_for_the_new_date_is_not_told_of_the_old(now, make_event, make_registration):
    event = make_event(venue="A")
    move(now, venue="B")
    make_registration(event, "late@example.org", registered_at=now + 11 * timedelta(seconds=1))
    make_registration(event, "during@example.org", registered_at=now + timedelta(seconds=2))
    assert services.tell_due(now) == 1
    assert [one.recipient for one in letters()] == ["during@example.org"]


def test_a_sign_up_that_was_under_way_at_the_change_is_still_told(
    now, make_event, make_registration
):
    """Its row appears after the first look: the notice stays open until it must be there."""
    event = make_event(venue="A")
    move(now, venue="B")
    assert services.tell_due(now) == 0
    make_registration(event, registered_at=now)
    assert services.tell_due(now + MINUTE) == 1


def test_letters_of_a_move_that_moved_again_are_withdrawn(now, people):
    move(now, venue="Lieu B")
    services.tell_due(now)
    move(now, venue="Lieu C")
    services.tell_due(now)
    waiting = [one for one in letters() if one.state == "queued"]
    assert len(waiting) == 5
    assert all("Lieu C" in one.text and "Lieu B" not in one.text for one in waiting)


def test_who_cancelled_before_the_letter_left_is_left_alone(now, people):
    move(now, venue="Lieu B")
    services.tell_due(now)
    with transaction() as session:
        person = session.query(Registration).filter_by(email_key="confirmed@example.org").one()
        person.state = "cancelled"
    taken = delivery.claims.take(owner="me", batch=50, now=now, budgets=False)
    assert taken.cancelled == 1


def test_ten_people_cost_one_transaction_and_few_statements(
    now, make_event, make_registration, count_queries
):
    event = make_event(venue="A")
    for number in range(10):
        make_registration(event, f"p{number}@example.org")
    move(now, venue="B")
    with count_queries() as seen:
        services.tell_due(now + MINUTE)
    inserts = [one for one in seen if one.startswith("INSERT INTO outbox")]
    assert len(inserts) == 10
    assert len(seen) - len(inserts) < 20, json.dumps(seen, indent=1)


def test_the_page_of_a_person_says_that_the_event_is_cancelled(now, client, people):
    cancel(now, "Grève.")
    services.tell_due(now)
    letter = next(one for one in letters() if one.recipient == "confirmed@example.org")
    link = letter.text.split("Voir mon inscription\u00a0:\n")[1].splitlines()[0]
    page = client.get(link.partition("localhost")[2], follow_redirects=True)
    assert page.status_code == 200
    assert 'data-state="confirmed"' in page.text
    assert "cet événement est annulé" in page.text
    assert "Grève." in page.text
    assert "/annuler/" not in page.text
    calendar = icalendar.Calendar.from_ical(client.get(page.request.path.rstrip("/") + ".ics").data)
    assert calendar.events[0]["STATUS"] == "CANCELLED"
