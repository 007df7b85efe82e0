"""A provider that can be told to lie: each lie is one attack or one mishap."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from werkzeug.serving import make_server

CLIENT_ID = "eventreg"
CLIENT_SECRET = "a secret of the tests only"
PERSON: dict[str, Any] = {
    "sub": "agent-1",
    "email": "camille.martin@wanadoo.fr",
    "given_name": "Camille",
    "usual_name": "Martin",
    "siret": "21750001600019",
    "organization_label": "Ville de Paris",
    "roles": ["agent_public", "agent_public_territorial"],
}


class Twin:
    """`lies` changes what is answered; `calls` counts requests by path."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.other = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.issuer = ""
        self.released = threading.Event()  # a silent provider stays so until then
        self.reset()

    def reset(self) -> None:
        self.lies: dict[str, Any] = {}
        self.calls: dict[str, int] = {}
        self.nonces: dict[str, str] = {}
        self.person = dict(PERSON)

    def lie(self, name: str, honest: Any) -> Any:
        return self.lies.get(name, honest)

    def claims(self, nonce: str) -> dict[str, Any]:
        at = int(time.time()) + self.lie("skew", 0)
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.person["sub"],
            "nonce": nonce,
            "iat": at,
            "exp": at + 60,
            "acr": "eidas1",
        } | self.lie("claims", {})
        return {name: value for name, value in claims.items() if value is not None}

    def signed(self, claims: dict[str, Any]) -> str:
        alg = self.lie("alg", "ES256")
        key: Any = self.other if self.lie("wrong key", False) else self.key
        if alg == "none":
            parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
            return ".".join(urlsafe_b64encode(p).decode().rstrip("=") for p in parts) + "."
        if alg == "HS256":
            key = OctKey.import_key(CLIENT_SECRET.encode())
        header = {"alg": alg, "kid": self.lie("kid", self.key.kid)}
        return jwt.encode(header, claims, key, algorithms=[alg])

    def app(self) -> Flask:  # noqa: C901 - one short page after the other
        app = Flask("twin")

        @app.before_request
        def count() -> None:
            self.calls[request.path] = self.calls.get(request.path, 0) + 1

        @app.get("/api/v2/.well-known/openid-configuration")
        def discovery() -> Any:
            if self.lie("silent", False):
                self.released.wait(10)
            if self.lie("down", False):
                return "", 502
            if self.lie("huge", False):
                return Response(b" " * 400_000, mimetype="application/json")
            if self.lie("redirect", ""):
                return redirect(self.lies["redirect"])
            base = self.issuer
            return jsonify(
                {
                    "issuer": self.lie("discovered issuer", base),
                    "authorization_endpoint": f"{base}/authorize",
                    "token_endpoint": self.lie("token endpoint", f"{base}/token"),
                    "userinfo_endpoint": f"{base}/userinfo",
                    "jwks_uri": f"{base}/jwks",
                    "end_session_endpoint": f"{base}/session/end",
                    "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
                    "authorization_response_iss_parameter_supported": self.lie("says iss", False),
                }
            )

        @app.get("/api/v2/jwks")
        def jwks() -> Any:
            return jsonify(keys=[self.key.as_dict(private=False)])

        @app.post("/api/v2/token")
        def token() -> Any:
            if self.lie("token error", ""):
                return jsonify(error=self.lies["token error"]), 400
            if self.lie("token html", False):
                return "<html>maintenance</html>", 200
            assert request.form["client_secret"] == CLIENT_SECRET
            assert request.form["code_verifier"]
            nonce = self.nonces[request.form["code"]]
            id_token = self.lie("id token", None) or self.signed(self.claims(nonce))
            return jsonify(access_token="opaque", token_type="Bearer", id_token=id_token)

        @app.get("/api/v2/userinfo")
        def userinfo() -> Any:
            assert request.headers["Authorization"] == "Bearer opaque"
            told = self.person | self.lie("userinfo", {})
            told = {name: value for name, value in told.items() if value is not None}
            if self.lie("signed userinfo", True):
                told = {"iss": self.issuer, "aud": self.lie("userinfo aud", CLIENT_ID)} | told
                return Response(self.signed(told), mimetype="application/jwt")
            return jsonify(told)

        @app.get("/api/v2/authorize")
        def authorize() -> Any:
            back = urlsplit(request.args["redirect_uri"])
            return redirect(f"{back.scheme}://{back.netloc}{self.come_back(request.url)}")

        @app.get("/api/v2/session/end")
        def end() -> Any:
            asked = request.args
            return redirect(f"{asked['post_logout_redirect_uri']}?state={asked['state']}")

        return app

    def come_back(self, location: str, **more: str) -> str:
        """The path that a browser is sent back to from the authorization page."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert len(asked["state"]) >= 32
        assert len(asked["nonce"]) >= 32
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.nonces)}"
        self.nonces[code] = asked["nonce"]
        answer = {"code": code, "state": asked["state"]} | more
        back = urlsplit(asked["redirect_uri"]).path
        return back + "?" + "&".join(f"{k}={v}" for k, v in answer.items() if v)


@contextmanager
def running() -> Iterator[Twin]:
    twin = Twin()
    server = make_server("127.0.0.1", 0, twin.app(), threaded=True)
    twin.issuer = f"http://127.0.0.1:{server.server_port}/api/v2"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield twin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
