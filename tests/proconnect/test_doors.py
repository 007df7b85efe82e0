"""ProConnect as the second door of a sign-up and as an organiser's sign-in, on a real database."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from eventreg.mailing.models import OutboxMessage
from eventreg.organisers import services as organisers
from eventreg.organisers.models import Organiser
from eventreg.organisers.rules import Role
from eventreg.proconnect.models import OrganiserIdentity, ProConnectVisit
from eventreg.registration.models import Registration
from eventreg.shared import clock
from eventreg.shared.db import db, transaction
from tests.proconnect.conftest import connect
from tests.proconnect.provider import PERSON, Twin

FORM = "/agenda/journee/inscription/"
HIDDEN = re.compile(r'name="(csrf_token|idempotency_key)" value="([^"]*)"')


def post(client: FlaskClient, path: str, page: str | None = None, **fields: str) -> Any:
    hidden = dict(HIDDEN.findall(client.get(page or path).text))
    return client.post(path, data={**hidden, **fields})


def account(email: str) -> Organiser:
    with transaction():
        return organisers.create(
            email, name="Nadia", role=Role.OWNER, event_slug=None, now=clock.utc_now()
        )


def one(model: type[Any]) -> Any:
    db.session.rollback()
    return db.session.execute(select(model)).scalar_one()


def test_a_town_hall_on_an_isp_mailbox_enters_by_proconnect_and_not_without(
    client: FlaskClient, make_event: Any, twin: Twin, sign_in: Callable[..., Any]
) -> None:
    make_event(audience="public_agents")
    who = {"email": PERSON["email"], "given_name": "Camille", "family_name": "Martin"}
    refused = post(client, FORM, **who)
    assert refused.status_code == 422
    button = re.search(r'class="fr-connect" href="([^"]+)"', refused.text)
    assert button is not None
    assert parse_qs(urlsplit(button[1]).query) == {"next": [FORM]}
    answer = sign_in(client, f"?next={FORM}")
    assert (answer.status_code, answer.location) == (303, FORM)
    page = client.get(FORM).text
    assert 'data-proconnect="used"' in page
    assert re.search(r'value="camille.martin@wanadoo.fr"[^>]* readonly', page)
    assert 'value="Camille"' in page
    assert post(client, FORM, **who).status_code == 303
    kept = one(Registration)
    assert (kept.state, kept.eligibility_outcome) == ("unconfirmed", "eligible")  # mailbox to prove
    assert (kept.eligibility_method, kept.eligibility_siret) == ("proconnect", PERSON["siret"])
    assert (kept.eligibility_roles, kept.eligibility_acr) == (PERSON["roles"], "eidas1")


def test_an_identity_serves_an_hour_one_browser_and_its_own_address(
    app: Flask, client: FlaskClient, make_event: Any, twin: Twin, sign_in: Callable[..., Any]
) -> None:
    make_event(audience="public_agents")
    sign_in(client)
    who = {"email": PERSON["email"], "given_name": "Camille", "family_name": "Martin"}
    assert post(app.test_client(), FORM, **who).status_code == 422
    assert post(client, FORM, **(who | {"email": "friend@wanadoo.fr"})).status_code == 303
    assert one(Registration).eligibility_outcome == "review"  # nobody lends theirs
    with clock.frozen(clock.utc_now() + timedelta(minutes=61)):
        assert post(client, FORM, **who).status_code == 422
    answer = post(client, "/proconnect/oublier/", page=FORM, next=FORM)
    assert answer.location.startswith(f"{twin.issuer}/session/end?")
    query = parse_qs(urlsplit(answer.location).query)
    assert query["id_token_hint"][0].count(".") == 2
    assert query["post_logout_redirect_uri"] == ["http://localhost/proconnect/deconnecte/"]
    back = client.get("/proconnect/deconnecte/?state=" + query["state"][0])
    assert (back.status_code, back.location) == (303, FORM)
    assert client.get("/proconnect/deconnecte/?state=other").status_code == 200
    assert post(client, FORM, **who).status_code == 422


def test_nothing_the_provider_sent_can_be_read_in_the_database_or_the_log(
    ctx: None, client: FlaskClient, twin: Twin, sign_in: Callable[..., Any], caplog: Any
) -> None:
    for signed in (True, False):
        twin.lies = {"signed userinfo": signed}
        assert sign_in(client).status_code == 303
    twin.lies = {"userinfo": {"sub": "agent-2"}}
    sign_in(client)
    sealed = one(ProConnectVisit).sealed
    for text in (sealed, caplog.text):
        assert not any(word in text for word in ("wanadoo", "Camille", "agent-1", "eyJ", "opaque"))


def test_an_organiser_links_after_the_mailbox_is_proven_and_then_enters(
    app: Flask, ctx: None, client: FlaskClient, twin: Twin, sign_in: Callable[..., Any]
) -> None:
    account(PERSON["email"])
    answer = sign_in(client, "?pour=organisation")
    assert answer.location == "/proconnect/rattacher/"
    assert client.get("/organisation/").status_code == 303  # not in yet
    assert post(client, answer.location).location == "/organisation/connexion/envoyee/"
    mail = one(OutboxMessage)
    link = re.search(r"http://localhost(/organisation/connexion/[\w-]+)", mail.text)
    assert link is not None
    assert post(client, link.group(1)).location == "/proconnect/rattacher/"
    assert post(client, "/proconnect/rattacher/").location == "/organisation/"
    assert (one(OrganiserIdentity).issuer, one(OrganiserIdentity).sub) == (twin.issuer, "agent-1")
    twin.person["email"] = "renamed@example.org"  # the account is known by issuer and sub
    other = app.test_client()
    assert sign_in(other, "?pour=organisation&next=/organisation/").location == "/organisation/"
    assert other.get("/organisation/").status_code == 200
    signed_out = post(other, "/organisation/deconnexion/", page="/organisation/mes-sessions/")
    assert signed_out.location.startswith(f"{twin.issuer}/session/end?")
    assert other.get("/organisation/").status_code == 303
    with transaction():
        db.session.execute(select(Organiser)).scalar_one().active = False
    assert sign_in(app.test_client(), "?pour=organisation").status_code == 403


@pytest.mark.parametrize(
    ("claims", "status"),
    [({"email_verified": True}, 303), ({"email_verified": "true"}, 200), ({}, 200)],
)
def test_only_an_address_that_the_provider_proves_is_linked_without_a_letter(
    client: FlaskClient, ctx: None, twin: Twin, sign_in: Any, claims: dict[str, Any], status: int
) -> None:
    account(PERSON["email"])
    twin.person |= claims
    sign_in(client, "?pour=organisation")
    answer = post(client, "/proconnect/rattacher/")
    linked = db.session.execute(select(OrganiserIdentity)).scalars().all()
    assert bool(linked) is (status == 303)
    assert answer.status_code == 303


def test_somebody_without_account_is_told_so(
    client: FlaskClient, ctx: None, twin: Twin, sign_in: Callable[..., Any]
) -> None:
    answer = sign_in(client, "?pour=organisation")
    assert answer.status_code == 403
    assert 'data-refusal="proconnect_no_account"' in answer.text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's own
def test_a_published_provider_signs_in(app: Flask, client: FlaskClient, make_event: Any) -> None:
    from oidc_provider_mock import run_server_in_thread  # noqa: PLC0415 - it warns when imported

    make_event(audience="public_agents")
    with run_server_in_thread(require_nonce=True) as server:
        base = f"http://localhost:{server.server_port}"
        requests.put(f"{base}/users/agent", json=PERSON | {"sub": "agent"}, timeout=5)
        connect(app, base)
        try:
            left = client.get(f"/en/proconnect/connexion/?next=/en{FORM}").location
            answer = requests.post(left, data={"sub": "agent"}, allow_redirects=False, timeout=5)
            back = urlsplit(answer.headers["Location"])
            answer = client.get(f"{back.path}?{back.query}")
            assert answer.location == f"/en{FORM}", answer.text
        finally:
            app.extensions["proconnect"] = app.extensions["sign_out_elsewhere"] = None


def test_without_settings_there_is_no_button_and_no_page(
    client: FlaskClient, make_event: Any
) -> None:
    make_event()
    assert "fr-connect" not in client.get(FORM).text + client.get("/organisation/connexion/").text
    for path in ("connexion", "retour", "deconnecte", "rattacher"):
        assert client.get(f"/proconnect/{path}/").status_code == 404
