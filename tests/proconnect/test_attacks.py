"""Whatever the provider or a stranger answers: a page with its code, nobody enters, no 500."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from eventreg.proconnect import client as http
from eventreg.proconnect import verifying
from eventreg.proconnect.models import ProConnectAttempt, ProConnectVisit
from eventreg.shared import clock
from eventreg.shared.db import db
from tests.proconnect.conftest import connect
from tests.proconnect.provider import CLIENT_ID, Twin

REFUSED, AWAY = (403, "proconnect_refused"), (503, "proconnect_unavailable")
ATTACKS: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "alg none": ({"alg": "none"}, REFUSED),
    "shared secret": ({"alg": "HS256"}, REFUSED),
    "wrong key under the right name": ({"wrong key": True}, REFUSED),
    "unknown key": ({"kid": "nobody's"}, REFUSED),
    "not a token": ({"id token": "a.b.c"}, REFUSED),
    "no nonce": ({"claims": {"nonce": None}}, REFUSED),
    "another nonce": ({"claims": {"nonce": "n" * 43}}, REFUSED),
    "no sub": ({"claims": {"sub": None}}, REFUSED),
    "blank sub": ({"claims": {"sub": " "}, "userinfo": {"sub": " "}}, REFUSED),
    "sub that is no text": ({"claims": {"sub": 7}, "userinfo": {"sub": 7}}, REFUSED),
    "another audience": ({"claims": {"aud": "somebody else"}}, REFUSED),
    "two audiences, no party": ({"claims": {"aud": [CLIENT_ID, "other"]}}, REFUSED),
    "another party": ({"claims": {"azp": "other"}}, REFUSED),
    "another issuer": ({"claims": {"iss": "https://evil.example"}}, REFUSED),
    "no expiry": ({"claims": {"exp": None}}, REFUSED),
    "expired": ({"skew": -300}, REFUSED),
    "of tomorrow": ({"skew": 86_400}, REFUSED),
    "userinfo of another": ({"userinfo": {"sub": "agent-2"}}, REFUSED),
    "userinfo of nobody": ({"userinfo": {"sub": None}}, REFUSED),
    "plain userinfo of another": (
        {"signed userinfo": False, "userinfo": {"sub": "agent-2"}},
        REFUSED,
    ),
    "userinfo for another service": ({"userinfo aud": "other"}, REFUSED),
    "code refused": ({"token error": "invalid_grant"}, REFUSED),
    "page instead of tokens": ({"token html": True}, AWAY),
    "down": ({"down": True}, AWAY),
    "endless": ({"huge": True}, AWAY),
    "leads elsewhere": ({"redirect": "http://localhost:9/"}, AWAY),
    "says to be another": ({"discovered issuer": "https://evil.example"}, AWAY),
    "token page elsewhere": ({"token endpoint": "https://evil.example/token"}, AWAY),
}


def refused(answer: Any, status: int, code: str) -> bool:
    return answer.status_code == status and f'data-refusal="{code}"' in answer.text


def visits() -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(ProConnectVisit)).scalar_one())


@pytest.mark.parametrize("name", ATTACKS)
def test_a_lie_of_the_provider_lets_nobody_in(
    app: Flask, ctx: None, client: FlaskClient, twin: Twin, sign_in: Callable[..., Any], name: str
) -> None:
    lies, (status, code) = ATTACKS[name]
    twin.lies = dict(lies)
    answer = sign_in(client, "?pour=organisation")
    assert refused(answer, status, code), (answer.status_code, answer.text[:300])
    assert visits() == 0
    assert client.get("/organisation/").status_code == 303


def test_the_way_back_must_be_this_browsers_this_attempts_and_this_providers(
    app: Flask, ctx: None, client: FlaskClient, twin: Twin, sign_in: Callable[..., Any]
) -> None:
    gone = (410, "proconnect_expired")
    assert refused(client.get("/proconnect/retour/"), *gone)
    assert refused(client.get("/proconnect/retour/?code=x&state=unknown"), *gone)
    path = twin.come_back(client.get("/proconnect/connexion/").location)
    assert refused(app.test_client().get(path), *gone)  # somebody else's browser
    assert client.get(path).status_code == 303
    assert refused(client.get(path), *gone)  # replayed
    assert refused(sign_in(client, iss="https://evil.example"), *REFUSED)
    assert refused(sign_in(client, error="access_denied", code=""), 409, "proconnect_cancelled")
    assert refused(sign_in(client, error="server_error", code=""), *REFUSED)
    assert refused(sign_in(client, error="Y500015", code=""), 403, "proconnect_public_only")
    assert refused(sign_in(client, code=""), *REFUSED)
    path = twin.come_back(client.get("/proconnect/connexion/").location)
    with clock.frozen(clock.utc_now() + timedelta(minutes=16)):
        assert refused(client.get(path), *gone)
    twin.lies = {"says iss": True}
    connect(app, twin.issuer)
    assert refused(sign_in(client), *REFUSED)
    assert sign_in(client, iss=twin.issuer).status_code == 303
    db.session.rollback()
    assert db.session.execute(select(ProConnectAttempt)).scalars().all() == []


def test_clocks_that_differ_by_less_than_a_minute_and_new_keys_are_no_lies(
    client: FlaskClient, twin: Twin, sign_in: Callable[..., Any]
) -> None:
    for skew in (-100, 50):  # a token lives for 60 seconds, and 60 are forgiven
        twin.lies = {"skew": skew}
        assert sign_in(client).status_code == 303, skew
    twin.lies = {}
    before = twin.calls["/api/v2/jwks"]
    kept = twin.key
    twin.key = type(kept).generate_key("P-256", {"kid": "two", "use": "sig"})
    try:
        assert sign_in(client).status_code == 303  # rotated: looked up once
        twin.lies = {"kid": "three"}
        for _ in range(3):
            assert refused(sign_in(client), *REFUSED)
    finally:
        twin.key = kept
    assert twin.calls["/api/v2/jwks"] == before + 1  # strangers cannot make us ask all day


def test_a_provider_that_is_down_is_not_asked_again_at_once(
    client: FlaskClient, twin: Twin, sign_in: Callable[..., Any]
) -> None:
    twin.lies = {"down": True}
    for _ in range(3):
        assert refused(sign_in(client), *AWAY)
    assert twin.calls["/api/v2/.well-known/openid-configuration"] == 1


def test_a_provider_that_says_nothing_does_not_keep_people_waiting(
    client: FlaskClient, twin: Twin, sign_in: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ", 0.05)
    twin.lies = {"silent": True}
    try:
        assert refused(sign_in(client), *AWAY)
    finally:
        twin.released.set()


@pytest.mark.parametrize("lie", ["no nonce", "another nonce", "userinfo of another"])
def test_mutants_without_the_check_of_nonce_or_sub_are_seen(
    client: FlaskClient,
    twin: Twin,
    sign_in: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    lie: str,
) -> None:
    """The same lies enter once the check is taken out: the tests above watch that very check."""
    if "nonce" in lie:
        registry = verifying.Expected.registry

        def blind(self: Any, **more: Any) -> Any:
            more.pop("nonce", None)
            return registry(self, **more)

        monkeypatch.setattr(verifying.Expected, "registry", blind)
    else:
        monkeypatch.setattr(verifying, "_sub", lambda _: "agent-1")
    twin.lies = dict(ATTACKS[lie][0])
    assert sign_in(client).status_code == 303
