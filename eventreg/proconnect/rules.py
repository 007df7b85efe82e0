"""How long things last, and what is taken from a provider's answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from eventreg.eligibility.rules import Identity

ATTEMPT_LIFE = timedelta(minutes=15)  # from the button to the way back
FRESH = timedelta(hours=1)  # how long an identity answers for somebody who signs up
VISIT_LIFE = timedelta(hours=12)  # ProConnect's own session: until then it can be ended there
SKEW = 60  # seconds that two clocks may differ by
SCOPES = "openid email given_name usual_name siret organization_label roles"
ALGORITHMS = ("ES256", "RS256")  # never none, never a shared secret
TEXT_LIMIT = 200
SUB_LIMIT = 255
MOST_ROLES = 20
REGISTRANT, ORGANISER, LOGOUT = "registrant", "organiser", "logout"
CANCELLED = frozenset({"access_denied", "login_required", "interaction_required"})


@dataclass(frozen=True)
class Visit:
    """What is kept, sealed, of one sign-in. `id_token` only serves to sign out over there."""

    identity: Identity
    given_name: str
    family_name: str
    at: datetime
    id_token: str = field(repr=False)

    def fresh(self, now: datetime) -> bool:
        return self.at <= now < self.at + FRESH


def algorithms(supported: object) -> tuple[str, ...]:
    """ES256, and RS256 when the provider says that it uses it."""
    said = supported if isinstance(supported, list) else ["ES256"]
    return tuple(name for name in ALGORITHMS if name in said)


def visit_of(
    id_claims: Mapping[str, Any], claims: Mapping[str, Any], *, id_token: str, now: datetime
) -> Visit:
    """The facts that serve, each of its type and length; the rest is forgotten here."""
    roles = claims.get("roles")
    siret = "".join(_text(claims, "siret").split())
    return Visit(
        Identity(
            issuer=str(id_claims["iss"]),
            sub=str(id_claims["sub"]),
            email=_text(claims, "email", 320),
            email_verified=claims.get("email_verified") is True,
            siret=siret if len(siret) == 14 and siret.isascii() and siret.isdecimal() else "",
            roles=tuple(r[:64] for r in roles[:MOST_ROLES] if isinstance(r, str))
            if isinstance(roles, list)
            else (),
            acr=_text(id_claims, "acr"),
            organisation_label=_text(claims, "organization_label"),
        ),
        given_name=_text(claims, "given_name"),
        family_name=_text(claims, "usual_name") or _text(claims, "family_name"),
        at=now,
        id_token=id_token,
    )


def _text(claims: Mapping[str, Any], name: str, limit: int = TEXT_LIMIT) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value).strip()[:limit]
