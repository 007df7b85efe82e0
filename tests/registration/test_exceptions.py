"""A refused person asks for an exception in one step; it reaches the organiser's queue."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.audit.models import AuditEntry
from eventreg.mailing.models import OutboxMessage
from eventreg.registration import links, queries, services
from eventreg.registration.models import Registration
from eventreg.registration.services import self_service
from eventreg.shared.db import db, transaction

PATH = "/agenda/journee/inscription/"
WHY = "Agente de la mairie de Bourg, sans adresse professionnelle."


def send(client: FlaskClient, email: str, **more: str) -> Any:
    page = client.get(PATH).text
    hidden = dict(re.findall(r'name="(csrf_token|idempotency_key)" value="([^"]+)"', page))
    person = {"email": email, "given_name": "Camille", "family_name": "Martin"}
    return client.post(PATH, data=hidden | person | more)


def rows() -> list[Registration]:
    db.session.rollback()
    return list(db.session.execute(select(Registration)).scalars())


def test_refused_then_asked_then_in_the_queue(
    client: FlaskClient, make_event: Callable, organiser_client: Callable
) -> None:
    make_event("journee", audience="public_agents")
    assert 'name="justification"' not in client.get(PATH).text
    refused = send(client, "camille.martin@gmail.com")
    assert refused.status_code == 422
    assert 'data-refusal="not_eligible"' in refused.text
    assert 'name="justification"' in refused.text
    assert rows() == []
    asked = send(client, "camille.martin@gmail.com", justification=WHY)
    assert asked.status_code == 303, asked.text
    (row,) = rows()
    assert (row.state, row.eligibility_outcome) == ("unconfirmed", "review")
    assert (row.eligibility_reason, row.eligibility_rule) == (
        "free_or_isp_mailbox",
        "event.exception",
    )
    assert row.justification == WHY
    with transaction():
        self_service.confirm(self_service.held(row.public_id, row.nonce))
    assert rows()[0].state == "pending", "a person decides, once the address is proven"
    owner = organiser_client()
    file = owner.get(f"/organisation/evenements/journee/inscriptions/{row.public_id}/")
    assert WHY in unescape(file.text)
    queue = unescape(owner.get("/organisation/evenements/journee/demandes/").text)
    assert (WHY in queue, "demande une exception" in queue) == (True, True)
    traces = db.session.execute(select(AuditEntry.details)).scalars().all()
    assert not any("Bourg" in str(details) for details in traces), (
        "the trace holds no words of theirs"
    )


def test_words_of_a_recognised_person_change_nothing(
    client: FlaskClient, make_event: Callable
) -> None:
    make_event("journee", audience="public_agents")
    assert send(client, "agent@insee.fr", justification=WHY).status_code == 303
    (row,) = rows()
    assert (row.eligibility_outcome, row.eligibility_rule) == ("eligible", "3.registry")


@pytest.mark.parametrize(
    ("email", "policy"),
    [
        ("x@yopmail.com", None),
        ("x@gmail.com", {"who": ["public_agents"], "on_review": "refuse"}),
        ("x@gmail.com", {"who": ["public_agents"], "refused": ["gmail.com"]}),
    ],
)
def test_some_refusals_are_final(
    client: FlaskClient, make_event: Callable, email: str, policy: dict[str, Any] | None
) -> None:
    make_event("journee", audience="public_agents", policy=policy)
    answer = send(client, email, justification=WHY)
    assert (answer.status_code, rows()) == (422, [])
    assert WHY in unescape(answer.text), "what was typed is kept"
    assert db.session.execute(select(OutboxMessage.id)).scalars().all() == []


def test_a_long_or_invisible_explanation_is_a_fault_beside_its_field(
    client: FlaskClient, make_event: Callable
) -> None:
    make_event("journee", audience="public_agents")
    for text in ("x" * 501, "a\u202eb"):
        answer = send(client, "x@gmail.com", justification=text)
        assert (answer.status_code, rows()) == (422, [])
        assert 'id="justification"' in answer.text


def test_refusals_of_a_list_speak_of_the_list(client: FlaskClient, make_event: Callable) -> None:
    make_event(
        "journee", audience="public_agents", policy={"who": ["invited"], "invited": ["a@b.example"]}
    )
    answer = unescape(send(client, "agent@insee.fr").text)
    assert "n’a pas été invitée" in answer
    assert "agent public" not in answer.partition("<h2")[2].partition("</div>")[0]
    assert send(client, "A@B.example").status_code == 303
    page = unescape(client.get("/agenda/journee/").text)
    assert ("invite ou attend" in page, "agents publics" in page) == (True, False)


def test_a_doubtful_person_explains_once_their_link_opens_the_page(
    client: FlaskClient, make_event: Callable, organiser_client: Callable
) -> None:
    make_event("journee", audience="public_agents")
    assert send(client, "mairie.bourg@wanadoo.fr").status_code == 303
    (row,) = rows()
    path = f"/inscriptions/{row.public_id}/expliquer/"
    assert client.get(path).status_code == 410, "a stranger's browser"
    client.get(
        urlsplit(links.url("confirm", public_id=row.public_id, nonce=row.nonce, locale="fr")).path
    )
    assert "expliquer/" in client.get(f"/inscriptions/{row.public_id}/").text

    def explain(text: str) -> Any:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]
        return client.post(path, data={"csrf_token": token, "justification": text})

    for wrong in ("", "x" * 501, "a\u202eb"):
        assert explain(wrong).status_code == 422, wrong
    assert rows()[0].justification == ""
    assert explain(WHY).status_code == 303
    assert rows()[0].justification == WHY
    nonce = rows()[0].nonce
    with transaction():
        services.confirm(self_service.held(row.public_id, nonce))
    owner = organiser_client()
    assert WHY in unescape(owner.get("/organisation/evenements/journee/demandes/").text)
    with transaction():
        held = queries.by_public_id(row.public_id, lock=True)
        services.decide(held, accept=True, reason="", actor="organiser:1")
    (decided,) = rows()
    assert (decided.state, decided.eligibility_outcome) == ("confirmed", "review")
    assert (decided.eligibility_method, decided.eligibility_by) == ("organiser", "organiser:1")
    assert client.get(path).status_code >= 400, "once decided there is nothing left to explain"
    traces = db.session.execute(select(AuditEntry)).scalars().all()
    assert "explained" in {trace.action for trace in traces}
    assert not any("Bourg" in str(trace.details) for trace in traces)
