"""The only HTTP that leaves: to the configured issuer, bounded in size and time, no redirects."""

import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from eventreg.config import ProConnectClient
from eventreg.proconnect.errors import ProviderAway, SignInFailed
from eventreg.proconnect.rules import SCOPES, algorithms

CONNECT, READ, WHOLE = 3.05, 5.0, 8.0  # seconds
BODY_LIMIT = 256 * 1024
KEPT = 3600.0  # seconds that discovery and keys are believed
QUIET = 5.0  # seconds without asking again a provider that did not answer
KEYS_EVERY = 30.0  # seconds between two looks for a key that nobody knows
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class Bounded(HTTPAdapter):
    """Lets requests leave for one origin only, and reads so much and for so long."""

    def __init__(self, origin: tuple[str, str]) -> None:
        super().__init__(max_retries=0)
        self.origin = origin

    def send(self, request: PreparedRequest, *_args: Any, **kwargs: Any) -> Response:
        if origin(request.url or "") != self.origin:
            raise ProviderAway("host")
        until = time.monotonic() + WHOLE
        kwargs |= {"stream": True, "timeout": (CONNECT, READ)}
        response = super().send(request, **kwargs)
        with response:
            if 300 <= response.status_code < 400:
                raise ProviderAway("redirect")
            body = b""
            while chunk := response.raw.read1(16 * 1024, decode_content=True):
                body += chunk
                if len(body) > BODY_LIMIT or time.monotonic() > until:
                    raise ProviderAway("size or time")
        response._content = body
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


def origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


@dataclass(frozen=True)
class Tokens:
    """What a code was worth; lives as long as the request."""

    id_token: str
    access_token: str

    def __repr__(self) -> str:
        return "Tokens()"


class Provider:
    """One issuer as this process knows it: what it says of itself and its keys, kept an hour."""

    def __init__(self, settings: ProConnectClient) -> None:
        self.settings = settings
        self.origin = origin(settings.issuer)
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._metadata_until = self._keys_until = self._quiet_until = 0.0
        self._renew_at = 0.0

    def _session(self, **options: Any) -> OAuth2Session:
        session = OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the way to send it
            scope=SCOPES,
            code_challenge_method="S256",
            **options,
        )
        adapter = Bounded(self.origin)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def _get(self, url: str, *, token: str | None = None) -> Response:
        with self._session() as session:
            headers = {"Accept": "application/json, application/jwt"}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            try:
                # Authlib signs by itself unless told; a .netrc is nobody's business here.
                answer: Response = session.request(
                    "GET",
                    url,
                    withhold_token=True,
                    headers=headers,
                    auth=lambda request: request,
                    allow_redirects=False,
                )
            except (RequestException, HTTPError, OSError) as fault:
                raise ProviderAway(type(fault).__name__) from None
        if answer.status_code != 200:
            raise ProviderAway(f"status {answer.status_code}")
        return answer

    def metadata(self) -> dict[str, Any]:
        """What the issuer says of itself. Raises ProviderAway."""
        now = time.monotonic()
        if self._metadata and now < self._metadata_until:
            return self._metadata
        with self._lock:
            if self._metadata and time.monotonic() < self._metadata_until:
                return self._metadata  # another thread asked while this one waited
            if time.monotonic() < self._quiet_until:
                raise ProviderAway("quiet")
            try:
                url = f"{self.settings.issuer}/.well-known/openid-configuration"
                found = _object(self._get(url))
                self._check(found)
            except ProviderAway:
                self._quiet_until = time.monotonic() + QUIET
                raise
            self._metadata, self._metadata_until = found, time.monotonic() + KEPT
        return found

    def _check(self, found: dict[str, Any]) -> None:
        """Another issuer, or endpoints elsewhere, are not our provider."""
        issuer = found.get("issuer")
        if not isinstance(issuer, str) or issuer.rstrip("/") != self.settings.issuer:
            raise ProviderAway("issuer")
        optional = ["end_session_endpoint"] if found.get("end_session_endpoint") else []
        for name in (*ENDPOINTS, *optional):
            url = found.get(name)
            if not isinstance(url, str) or origin(url) != self.origin:
                raise ProviderAway(name)

    @property
    def algorithms(self) -> tuple[str, ...]:
        return algorithms(self.metadata().get("id_token_signing_alg_values_supported"))

    def keys(self, *, renewed: bool = False) -> KeySet:
        """The provider's public keys; `renewed` looks again, at most every half minute."""
        now = time.monotonic()
        kept = self._keys
        if kept is not None and now < (self._renew_at if renewed else self._keys_until):
            return kept
        if renewed:
            self._renew_at = now + KEYS_EVERY
        found = _object(self._get(str(self.metadata()["jwks_uri"]))).get("keys")
        usable = [
            key
            for key in (found if isinstance(found, list) else [])
            if isinstance(key, dict)
            and key.get("kty") in ("EC", "RSA")
            and key.get("use", "sig") == "sig"
        ]
        try:
            keys = KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError):
            raise ProviderAway("keys") from None
        with self._lock:
            self._keys, self._keys_until = keys, now + KEPT
        return keys

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        with self._session(redirect_uri=redirect_uri) as session:
            url, _ = session.create_authorization_url(
                self.metadata()["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return str(url)

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        """Raises SignInFailed for a code that is worth nothing, ProviderAway."""
        endpoint = self.metadata()["token_endpoint"]
        with self._session(redirect_uri=redirect_uri) as session:
            try:
                answer = session.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    allow_redirects=False,
                )
            except OAuthError as fault:
                raise SignInFailed(f"token: {str(fault.error)[:60]}") from None
            except (RequestException, HTTPError, OSError) as fault:
                raise ProviderAway(type(fault).__name__) from None
            except (ValueError, TypeError, AttributeError):
                raise ProviderAway("token") from None
        tokens = (answer.get("id_token"), answer.get("access_token"))
        if not all(isinstance(token, str) and token for token in tokens):
            raise SignInFailed("no token")
        return Tokens(*tokens)

    def userinfo(self, access_token: str) -> tuple[str, dict[str, Any] | str]:
        """(media type, claims or signed text)."""
        answer = self._get(str(self.metadata()["userinfo_endpoint"]), token=access_token)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type == "application/jwt":
            return media_type, answer.text.strip()
        return media_type, _object(answer)

    def logout_url(self, *, id_token: str, state: str, back: str) -> str | None:
        """Where the session over there ends; None when the provider has no such page."""
        endpoint = self.metadata().get("end_session_endpoint")
        if not endpoint:
            return None
        query = {"id_token_hint": id_token, "state": state, "post_logout_redirect_uri": back}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def _object(answer: Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        raise ProviderAway("json") from None
    if not isinstance(found, dict):
        raise ProviderAway("json")
    return found
