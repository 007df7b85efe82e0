"""Links mailed to registrants: signed, of one purpose, revoked by a new nonce in the row."""

from dataclasses import dataclass
from datetime import timedelta

from eventreg.shared import tokens, urls

COOKIE = "inscription"  # of the browser that opened a mailed link: its grants
# Of a registration; of a proposal: take a place over, prove a new address, stop its change.
PURPOSES = ("confirm", "manage", "take", "address", "stop", "invitation")
OF_PROPOSALS = frozenset({"take", "address", "stop"})
AGE = timedelta(days=400)  # the nonce revokes earlier; no registration is kept longer
GRANT_AGE = timedelta(hours=2)
MOST_GRANTS = 5


@dataclass(frozen=True)
class Grant:
    """What a browser may do for two hours after it opened a mailed link."""

    public_id: str
    nonce: str
    purpose: str


def url(purpose: str, *, public_id: str, nonce: str, locale: str) -> str:
    """The absolute address to put in a mail."""
    token = tokens.sign(f"registration.{purpose}", [public_id, nonce])
    return urls.absolute("registration.link", locale, token=f"{purpose[0]}.{token}")


def read(token: str) -> Grant | None:
    """The grant that a mailed token gives, or None: altered, too old, or of another purpose."""
    letter, _, signed = token.partition(".")
    for purpose in PURPOSES:
        if letter == purpose[0]:
            payload = tokens.read(f"registration.{purpose}", signed, max_age=AGE)
            if payload and len(payload) == 2 and all(isinstance(p, str) for p in payload):
                return Grant(payload[0], payload[1], purpose)
    return None


def pack(grants: list[Grant]) -> str:
    """The cookie's value: the latest grants of this browser."""
    latest = grants[-MOST_GRANTS:]
    return tokens.sign("registration.grants", [[g.public_id, g.nonce, g.purpose] for g in latest])


def unpack(cookie: str | None) -> list[Grant]:
    """The grants of a cookie; none when it is altered or too old."""
    if not cookie:
        return []
    payload = tokens.read("registration.grants", cookie, max_age=GRANT_AGE)
    return [Grant(*entry) for entry in payload or [] if isinstance(entry, list) and len(entry) == 3]


def with_grant(grants: list[Grant], new: Grant) -> list[Grant]:
    """The list with `new` in place of an older grant for the same registration."""
    return [g for g in grants if g.public_id != new.public_id] + [new]
