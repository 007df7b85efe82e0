"""Whether a provider's answer is to be believed: signature, claims, person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from eventreg.proconnect.errors import SignInFailed
from eventreg.proconnect.rules import SKEW, SUB_LIMIT


@dataclass(frozen=True)
class Expected:
    """What an answer must be about."""

    issuer: str
    client_id: str
    now: datetime
    algorithms: Sequence[str] = ("ES256",)

    def registry(self, **more: Any) -> jwt.JWTClaimsRegistry:
        wanted = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client_id},
            **more,
        }
        at = int(self.now.timestamp())
        return jwt.JWTClaimsRegistry(now=at, leeway=SKEW, **wanted)


def id_claims(token: str, keys: KeySet, *, expected: Expected, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that is ours, of now and of this very attempt.

    Raises SignInFailed; joserfc's InvalidKeyIdError goes through: the keys may have changed.
    """
    claims = _signed(token, keys, expected)
    registry = expected.registry(
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    _validated(registry.validate, claims)
    parties = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", expected.client_id if len(parties) == 1 else None) != expected.client_id:
        raise SignInFailed("azp")
    _sub(claims)
    return claims


def user_claims(
    media_type: str,
    body: Mapping[str, Any] | str,
    keys: KeySet,
    *,
    expected: Expected,
    sub: str,
) -> dict[str, Any]:
    """The claims of userinfo, signed or not, of the person that the ID token names."""
    if media_type == "application/jwt":
        claims = _signed(str(body), keys, expected)
        _validated(expected.registry().validate, claims)
    elif isinstance(body, Mapping):
        claims = dict(body)
    else:
        raise SignInFailed("userinfo")
    if _sub(claims) != sub:
        raise SignInFailed("sub")
    return claims


def _signed(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    decoded: jwt.Token = jwt.decode(token, keys, algorithms=list(expected.algorithms))
    return dict(decoded.claims)


def _validated(validate: Callable[[Any], None], claims: dict[str, Any]) -> None:
    try:
        validate(claims)
    except JoseError as fault:
        raise SignInFailed(str(getattr(fault, "claim", "") or fault.error)) from fault


def _sub(claims: Mapping[str, Any]) -> str:
    sub = claims.get("sub")
    if not isinstance(sub, str) or not sub.strip() or len(sub) > SUB_LIMIT:
        raise SignInFailed("sub")
    return sub
