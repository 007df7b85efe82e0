"""Use cases of ProConnect: leave, come back, link, sign out. Network outside the transactions."""

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from joserfc.errors import InvalidKeyIdError, JoseError
from sqlalchemy import delete, insert

from eventreg.audit import services as audit
from eventreg.eligibility.rules import Identity
from eventreg.organisers import queries as organisers
from eventreg.organisers import services as accounts
from eventreg.organisers.models import Organiser
from eventreg.organisers.services import Entered
from eventreg.proconnect import queries, verifying
from eventreg.proconnect.client import Provider, Tokens
from eventreg.proconnect.errors import Cancelled, NoAccount, PublicOnly, SignInFailed, Spent
from eventreg.proconnect.models import OrganiserIdentity, ProConnectAttempt, ProConnectVisit
from eventreg.proconnect.rules import (
    ATTEMPT_LIFE,
    CANCELLED,
    LOGOUT,
    VISIT_LIFE,
    Visit,
    visit_of,
)
from eventreg.shared.db import db
from eventreg.shared.tokens import digest, random_id
from eventreg.shared.tokens import secret as application_secret

SECRET_BYTES = 32  # 43 characters: the provider wants 32 at least
VERIFIER_BYTES = 48


@dataclass(frozen=True)
class Attempt:
    """What was noted before somebody left."""

    purpose: str
    next_path: str | None
    locale: str
    alive: bool
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Leaving:
    """The secrets of one attempt: the row keeps what the way back needs."""

    state: str = field(default_factory=lambda: random_id(SECRET_BYTES), repr=False)
    nonce: str = field(default_factory=lambda: random_id(SECRET_BYTES), repr=False)
    verifier: str = field(default_factory=lambda: random_id(VERIFIER_BYTES), repr=False)


def note(
    leaving: Leaving,
    *,
    browser: str,
    purpose: str,
    next_path: str | None,
    locale: str,
    now: datetime,
) -> None:
    """Notes an attempt of the browser that holds the secret `browser`; old ones leave."""
    db.session.execute(
        delete(ProConnectAttempt).where(ProConnectAttempt.expires_at <= now - ATTEMPT_LIFE)
    )
    db.session.execute(
        insert(ProConnectAttempt).values(
            state_hash=digest(leaving.state),
            browser_hash=digest(browser),
            nonce=leaving.nonce,
            verifier=leaving.verifier,
            purpose=purpose,
            next_path=next_path,
            locale=locale,
            expires_at=now + ATTEMPT_LIFE,
        )
    )


def take(state: str, *, browser: str | None, now: datetime) -> Attempt | None:
    """The attempt of this browser, once: the first to come back takes it away."""
    if not state or not browser:
        return None
    row = db.session.execute(
        delete(ProConnectAttempt)
        .where(
            ProConnectAttempt.state_hash == digest(state),
            ProConnectAttempt.browser_hash == digest(browser),
        )
        .returning(
            ProConnectAttempt.purpose,
            ProConnectAttempt.next_path,
            ProConnectAttempt.locale,
            ProConnectAttempt.expires_at,
            ProConnectAttempt.nonce,
            ProConnectAttempt.verifier,
        )
    ).one_or_none()
    if row is None:
        return None
    return Attempt(
        row.purpose, row.next_path, row.locale, now < row.expires_at, row.nonce, row.verifier
    )


def refuse_answer(provider: Provider, args: dict[str, str], attempt: Attempt | None) -> str:
    """The code of an answer to this attempt; raises a SignInFailed for any other answer."""
    if attempt is None or not attempt.alive or attempt.purpose == LOGOUT:
        raise Spent("state")
    issuer = args.get("iss")
    promised = provider.metadata().get("authorization_response_iss_parameter_supported") is True
    if (issuer is None and promised) or (
        issuer is not None and issuer.rstrip("/") != provider.settings.issuer
    ):
        raise SignInFailed("iss")  # another provider's answer: its code goes nowhere
    error = args.get("error")
    if error is not None:
        if "Y500015" in f"{error} {args.get('error_description', '')}":
            raise PublicOnly("Y500015")
        raise Cancelled(error[:60]) if error in CANCELLED else SignInFailed("error")
    if not args.get("code"):
        raise SignInFailed("code")
    return args["code"]


def verified(
    provider: Provider, attempt: Attempt, code: str, *, redirect_uri: str, now: datetime
) -> Visit:
    """Who came back, by signed answers to this attempt. No transaction may be open.

    Raises SignInFailed or one of its kinds, whatever the provider answers.
    """
    tokens = provider.exchange(code, redirect_uri=redirect_uri, verifier=attempt.verifier)
    try:
        return _read(provider, attempt, tokens, now)
    except SignInFailed:
        raise
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as fault:
        raise SignInFailed(type(fault).__name__) from None


def _read(provider: Provider, attempt: Attempt, tokens: Tokens, now: datetime) -> Visit:
    expected = verifying.Expected(
        str(provider.metadata()["issuer"]), provider.settings.client_id, now, provider.algorithms
    )
    try:
        told = verifying.id_claims(
            tokens.id_token, provider.keys(), expected=expected, nonce=attempt.nonce
        )
    except (InvalidKeyIdError, ValueError):  # a key that nobody knew an hour ago
        told = verifying.id_claims(
            tokens.id_token, provider.keys(renewed=True), expected=expected, nonce=attempt.nonce
        )
    media_type, body = provider.userinfo(tokens.access_token)
    claims = verifying.user_claims(
        media_type, body, provider.keys(), expected=expected, sub=told["sub"]
    )
    return visit_of(told, claims, id_token=tokens.id_token, now=now)


def keep(visit: Visit, *, replaces: str | None, now: datetime) -> str:
    """Seals a visit; answers the new secret for the browser's cookie. Old visits leave."""
    forget(replaces)
    db.session.execute(delete(ProConnectVisit).where(ProConnectVisit.expires_at <= now))
    secret = random_id(SECRET_BYTES)
    told = asdict(visit) | {"at": visit.at.isoformat()}
    db.session.execute(
        insert(ProConnectVisit).values(
            secret_hash=digest(secret),
            sealed=_box(secret).encrypt(json.dumps(told).encode()).decode(),
            expires_at=now + VISIT_LIFE,
        )
    )
    return secret


def kept(secret: str, *, now: datetime) -> Visit | None:
    """The visit of the browser that holds `secret`."""
    sealed = queries.sealed(digest(secret), now=now)
    if sealed is None:
        return None
    try:
        told = json.loads(_box(secret).decrypt(sealed.encode()))
    except (InvalidToken, ValueError):  # the application's key was changed meanwhile
        return None
    identity = told.pop("identity")
    identity["roles"] = tuple(identity["roles"])
    at = datetime.fromisoformat(told.pop("at"))
    return Visit(Identity(**identity), at=at, **told)


def forget(secret: str | None) -> None:
    """The visit of a browser ends here."""
    if secret:
        db.session.execute(
            delete(ProConnectVisit).where(ProConnectVisit.secret_hash == digest(secret))
        )


def _box(secret: str) -> Fernet:
    """Two halves make the key: the application's, and the one that only the cookie holds."""
    key = hmac.new(application_secret(), f"proconnect:{secret}".encode(), hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(key.digest()))


def enter(
    identity: Identity, *, browser: str, replaces: str | None, next_path: str | None, now: datetime
) -> Entered | None:
    """A session of the organiser whose account is linked; None when it has to be linked first.

    Raises NoAccount for a stranger and for an account that was switched off.
    """
    organiser = queries.organiser_of(identity)
    if organiser is None:
        if linkable(identity) is None:
            raise NoAccount
        return None
    if not organiser.active:
        raise NoAccount
    return _open(organiser, browser=browser, replaces=replaces, next_path=next_path, now=now)


def linkable(identity: Identity) -> Organiser | None:
    """The active account that has the address of this identity."""
    found = organisers.by_email(identity.address) if identity.address else None
    return found if found is not None and found.active else None


def candidate(identity: Identity, account_email: str | None) -> Organiser | None:
    """The account signed in here, else the one that has the identity's address."""
    return organisers.by_email(account_email) if account_email else linkable(identity)


def may_link(identity: Identity, organiser: Organiser, *, signed_in_as: int | None) -> bool:
    """The address must be proven: by the provider's word, or by our own link to that mailbox."""
    return organiser.active and (identity.email_verified or signed_in_as == organiser.id)


def link(
    identity: Identity, organiser: Organiser, *, browser: str, replaces: str | None, now: datetime
) -> Entered:
    """Links for good what `may_link` allows, and signs in. Raises NoAccount when it is another's."""
    holder = queries.organiser_of(identity)
    if holder is None:
        db.session.execute(
            insert(OrganiserIdentity).values(
                organiser_id=organiser.id,
                issuer=identity.issuer,
                sub=identity.sub,
                linked_at=now,
            )
        )
        audit.record(
            "proconnect_linked", at=now, actor=f"organiser:{organiser.id}", organiser=organiser.id
        )
    elif holder.id != organiser.id:
        raise NoAccount
    return _open(organiser, browser=browser, replaces=replaces, next_path=None, now=now)


def _open(
    organiser: Organiser,
    *,
    browser: str,
    replaces: str | None,
    next_path: str | None,
    now: datetime,
) -> Entered:
    return accounts.open_session(
        organiser.id,
        browser=browser,
        replaces=replaces,
        next_path=next_path,
        now=now,
        method="proconnect",
    )
