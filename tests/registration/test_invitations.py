"""Invitations: bound to their address, used once, past a deadline with a reason, gone on their date."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.audit.models import AuditEntry
from eventreg.events import services as events
from eventreg.events.models import Event
from eventreg.mailing.models import OutboxMessage
from eventreg.operations.invariants import all_findings
from eventreg.privacy import services as privacy
from eventreg.registration.models import Invitation, Registration
from eventreg.registration.services import invitations, preparing
from eventreg.registration.services.invitations import Guest, Terms
from eventreg.shared import clock
from eventreg.shared.addresses import canonical
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Invalid
from tests.conftest import NOW

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("now", "ctx")


def invite(
    *names: str, actor: str = "organiser:1", slug: str = "journee", **values: Any
) -> invitations.Sent:
    guests = [Guest(canonical(f"{name}@example.org"), name.title(), "Martin") for name in names]
    with transaction():
        return invitations.invite(events.locked(slug), guests, Terms(**values), actor=actor)


def links_of(name: str) -> list[str]:
    """The links to an invitation in the letters to somebody, as paths."""
    db.session.rollback()
    query = select(OutboxMessage.text).where(OutboxMessage.recipient == f"{name}@example.org")
    texts = db.session.execute(query.order_by(OutboxMessage.id)).scalars()
    return [
        p for text in texts for p in re.findall(r"http://localhost(/inscriptions/lien/i\S+)", text)
    ]


def open_link(client: FlaskClient, name: str) -> Any:
    answer = client.get(links_of(name)[-1])
    assert answer.status_code == 303
    return client.get(answer.location)


def answer_form(client: FlaskClient, page: Any, **typed: str) -> Any:
    """Follows « sign up » and sends the form as it was served, with what a person typed."""
    found = re.search(r'href="(/agenda/[^"]+/inscription/[^"]*)"', page.text)
    assert found is not None, page.text
    path = found[1].replace("&amp;", "&")
    form = client.get(path)
    values = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form.text))
    turned = re.findall(r'<input[^>]*value="([^"]*)"[^>]*name="([^"]+)"', form.text)
    values |= {name: value for value, name in turned}
    return client.post(path.partition("?")[0], data=values | typed)


def people() -> list[tuple[str, str, str]]:
    db.session.rollback()
    columns = (Registration.email_key, Registration.state, Registration.source)
    return [tuple(r) for r in db.session.execute(select(*columns).order_by(Registration.id))]


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.execute(select(Invitation.state).order_by(Invitation.id)).scalars())


def well() -> None:
    db.session.rollback()
    assert [f for f in all_findings(clock.utc_now()) if not f.ok] == []


def test_an_invited_person_signs_up_without_proving_the_address_again(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    make_event(capacity=5)
    assert invite("anne").invited == 1
    page = open_link(client, "anne")
    assert "vous êtes invité" in page.text.lower()
    answer = answer_form(client, page)
    assert answer.status_code == 303, answer.text
    assert people() == [("anne@example.org", "confirmed", "invitation")]
    assert states() == ["accepted"]
    again = client.get(links_of("anne")[-1], follow_redirects=True)
    assert "accepté cette invitation" in again.text
    well()


def test_an_invitation_bound_to_an_address_serves_nobody_else(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    make_event(capacity=5)
    invite("anne")
    answer = answer_form(client, open_link(client, "anne"), email="zoe@example.org")
    assert answer.status_code == 422
    assert "zoe@example.org" in answer.text  # what was typed stays
    assert (people(), states()) == ([], ["open"])


GUESTS = {"who": ["invited"]}
OR_LISTED = {"who": ["listed", "invited"], "accepted": ["partner.example"]}
OR_AGENTS = {"who": ["public_agents", "invited"]}


def try_the_form(client: FlaskClient, email: str) -> int:
    """Somebody without an invitation, on the ordinary form."""
    path = "/agenda/journee/inscription/"
    form = client.get(path)
    values = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form.text))
    typed = {"email": email, "given_name": "Zoé", "family_name": "Martin"}
    return client.post(path, data=values | typed).status_code


@pytest.mark.parametrize("policy", [GUESTS, OR_LISTED, OR_AGENTS])
def test_an_event_for_guests_takes_whom_the_organiser_invited_and_nobody_else(
    client: FlaskClient,
    make_event: Callable[..., Event],
    monkeypatch: pytest.MonkeyPatch,
    policy: dict[str, Any],
) -> None:
    make_event(audience="public_agents", policy=policy)
    invite("anne")
    assert try_the_form(client, "zoe@example.org") == 422
    borrowed = answer_form(client, open_link(client, "anne"), email="zoe@example.org")
    assert (borrowed.status_code, people()) == (422, [])
    assert answer_form(client, open_link(client, "anne")).status_code == 303
    assert people() == [("anne@example.org", "confirmed", "invitation")]
    kept = select(Registration.eligibility_outcome, Registration.eligibility_method)
    assert db.session.execute(kept).one() == ("eligible", "organiser")
    well()
    monkeypatch.setattr(preparing, "_is_chosen", lambda *_facts: True)  # the mutant
    assert try_the_form(client, "zoe@example.org") == 303


def test_an_invitation_does_not_open_what_the_event_refuses_by_name(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    make_event(audience="public_agents", policy=OR_AGENTS | {"refused": ["anne@example.org"]})
    invite("anne")
    assert answer_form(client, open_link(client, "anne")).status_code == 422
    assert people() == []


def test_one_that_is_not_bound_lets_a_colleague_come_who_proves_the_address(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    make_event(capacity=5)
    invite("anne", bound=False)
    assert answer_form(client, open_link(client, "anne"), email="z@example.org").status_code == 303
    assert people() == [("z@example.org", "unconfirmed", "invitation")]
    well()


def test_declining_takes_one_click_and_frees_the_quota(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    make_event(capacity=5, invitations_each=1)
    invite("anne")
    with pytest.raises(Invalid) as refusal:
        invite("bea")
    assert refusal.value.field == "guests"
    assert invite("bea", actor="organiser:2").invited == 1
    page = open_link(client, "anne")
    path = re.search(r'action="(/invitations/[^"]+/decliner/)"', page.text)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert path is not None
    assert token is not None
    done = client.post(path[1], data={"csrf_token": token[1]}, follow_redirects=True)
    assert "décliné cette invitation" in done.text
    assert states() == ["declined", "open"]
    assert invite("chloe").invited == 1


@pytest.mark.parametrize("late", [False, True])
def test_only_an_exception_opens_a_closed_event_and_only_until_its_own_end(
    client: FlaskClient, make_event: Callable[..., Event], late: bool
) -> None:
    make_event(capacity=1, closes_at=NOW + DAY)
    invite("anne", "bea", expires_at=NOW + 3 * DAY, skips_deadline=late, reason="Panne du site")
    with clock.frozen(NOW + DAY):
        page = open_link(client, "anne")
        assert ("inscription/?invitation=" in page.text) is late
        if late:
            assert answer_form(client, page).status_code == 303
            assert people() == [("anne@example.org", "confirmed", "invitation")]
        well()
    with clock.frozen(NOW + 3 * DAY):
        assert "inscription/?invitation=" not in open_link(client, "bea").text


def test_an_exception_needs_its_reason_and_is_traced_with_its_author(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=1)
    with pytest.raises(Invalid) as refusal:
        invite("anne", skips_deadline=True)
    assert refusal.value.field == "reason"
    with pytest.raises(Invalid):
        invite("anne", beyond_capacity=True, reason="Oratrice", bound=False)
    invite("anne", beyond_capacity=True, reason="Oratrice")
    trace = select(AuditEntry.actor).where(AuditEntry.action == "invited")
    assert db.session.execute(trace).scalars().all() == ["organiser:1"]


@pytest.mark.parametrize("beyond", [False, True])
def test_a_place_beyond_the_capacity_is_given_only_where_the_organiser_said_so(
    client: FlaskClient,
    make_event: Callable[..., Event],
    make_registration: Callable[..., Registration],
    beyond: bool,
) -> None:
    event = make_event(capacity=1)
    make_registration(event)
    invite("anne", beyond_capacity=beyond, reason="Oratrice" if beyond else "")
    page = open_link(client, "anne")
    if beyond:
        assert answer_form(client, page).status_code == 303
    else:
        assert "inscription/?invitation=" not in page.text
    assert len(people()) == 1 + beyond
    well()


def test_an_organiser_s_choice_may_skip_the_decision_and_the_rule_of_addresses(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    make_event(capacity=5, audience="public_agents", approval="manual")
    invite("anne", "bea", skips_approval=True)
    assert answer_form(client, open_link(client, "anne")).status_code == 303
    assert people() == [("anne@example.org", "confirmed", "invitation")]
    row = db.session.execute(select(Registration)).scalar_one()
    assert (row.eligibility_reason, row.eligibility_by) == ("organiser_decision", "organiser:1")
    well()


def test_without_that_choice_the_rule_of_addresses_stands(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    make_event(capacity=5, audience="public_agents")
    invite("anne")
    answer = answer_form(client, open_link(client, "anne"))
    assert (answer.status_code, states()) == (422, ["open"])


def test_a_list_is_invited_once_each_and_says_who_was_there_already(
    make_event: Callable[..., Event], make_registration: Callable[..., Registration]
) -> None:
    make_registration(make_event(capacity=5), email="bea@example.org")
    sent = invite("anne", "anne", "bea", "chloe")
    assert (sent.invited, sent.already_there) == (2, ("bea@example.org",))
    again = invite("anne", "dan")
    assert (again.invited, again.already_invited) == (1, ("anne@example.org",))


def test_a_reminder_leaves_once_three_days_before_and_never_after_an_answer(
    make_event: Callable[..., Event],
) -> None:
    make_event(capacity=5)
    invite("anne", "bea", expires_at=NOW + 10 * DAY)
    with transaction():
        query = select(Invitation).where(Invitation.email_key == "bea@example.org")
        invitations.withdraw(db.session.execute(query).scalar_one(), actor="organiser:1")
    for at in (NOW + 6 * DAY, NOW + 7 * DAY, NOW + 8 * DAY):
        invitations.tend(at)
    assert [len(links_of(name)) for name in ("anne", "bea")] == [2, 1]


def test_an_invitation_without_an_answer_ends_and_its_address_leaves_a_week_later(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    make_event(capacity=5)
    invite("anne", "bea", expires_at=NOW + DAY)
    answer_form(client, open_link(client, "bea"))
    with clock.frozen(NOW + DAY):
        invitations.tend(clock.utc_now())
        assert states() == ["expired", "accepted"]
        assert "a pris fin" in open_link(client, "anne").text
    privacy.erase_due(NOW + 8 * DAY - timedelta(seconds=1))
    assert states() == ["expired", "accepted"]
    privacy.erase_due(NOW + 8 * DAY)
    assert states() == ["accepted"]


def test_an_invitation_opens_with_its_own_link_alone(
    client: FlaskClient, make_event: Callable[..., Event]
) -> None:
    """A guessed or foreign id gives nobody the way in."""
    make_event(capacity=5, closes_at=NOW + DAY)
    invite("anne", skips_deadline=True, reason="Panne")
    public_id = db.session.execute(select(Invitation.public_id)).scalar_one()
    assert client.get(f"/invitations/{public_id}/").status_code == 410
    with clock.frozen(NOW + DAY):
        path = f"/agenda/journee/inscription/?invitation={public_id}"
        assert client.get(path).status_code == 410
