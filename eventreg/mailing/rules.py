"""Outbox: states, kinds, what an SMTP answer means, when to try again. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GIVE_UP_AFTER = timedelta(hours=72)
LEASE = timedelta(seconds=30)
RENEW_AFTER = timedelta(seconds=10)
STEPS = (5, 15, 60, 120, 300, 600, 900)  # seconds, then 900 for ever
JITTER = 0.2
BUDGETS = ((timedelta(hours=1), 3), (timedelta(days=1), 10))  # R44
# Anybody can cause these by typing somebody else's address in a form.
UNPROVEN_KINDS = frozenset(
    {"confirm_address", "already_registered", "my_links", "place_offered", "address_asked"}
)
_ACTIVE = frozenset({"unconfirmed", "pending", "waiting", "offered", "confirmed"})
# A letter that would lie when it came late: it leaves only while the registration is still so.
TRUE_WHILE: dict[str, frozenset[str]] = {
    "confirm_address": frozenset({"unconfirmed"}),
    "pending": frozenset({"pending"}),
    "confirmed": frozenset({"confirmed"}),
    "accepted": frozenset({"confirmed", "unconfirmed"}),
    "cancelled": frozenset({"cancelled"}),
    "place_offered": frozenset({"confirmed"}),
    "offer": frozenset({"offered"}),
    "offer_withdrawn": frozenset({"waiting"}),
    "address_asked": _ACTIVE,
    "event_moved": _ACTIVE,
    "event_cancelled": _ACTIVE,
}


class MailState(StrEnum):
    """Where a letter stands (contract, section 5)."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    RETRYING = "retrying"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = (MailState.QUEUED, MailState.RETRYING)
CLAIMABLE = (*WAITING, MailState.SENDING)  # a lease that ended makes `sending` due again


class Stage(StrEnum):
    """Where in the conversation with the mail server something happened."""

    BUILD = "build"
    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


class Verdict(StrEnum):
    """What one attempt means for the letter."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt. `reason` holds codes only, never an address."""

    verdict: Verdict
    reason: str = ""
    connection_lost: bool = False  # the next letter needs a new connection
    server_away: bool = False  # nobody answers, or not as we must insist: stop this run


@dataclass
class Counts:
    """What one run of the delivery did."""

    sent: int = 0
    retrying: int = 0
    failed: int = 0
    cancelled: int = 0
    postponed: int = 0
    away: str = ""  # why the run ended early: the server does not answer as it must

    def add(self, verdict: Verdict) -> None:
        name = "retrying" if verdict is Verdict.RETRY else verdict.value
        setattr(self, name, getattr(self, name) + 1)

    @property
    def handled(self) -> int:
        return self.sent + self.retrying + self.failed + self.cancelled + self.postponed


SENT = Outcome(Verdict.SENT)


def classify(stage: Stage, code: int | None, word: str = "connection") -> Outcome:
    """The outcome of an answer `code` at `stage`; without a code, `word` says what happened.

    Source: RFC 5321 4.2.1 and R19. What goes wrong before the recipient is named is about this
    installation (greeting, TLS, password, sender), so nobody's mail is given up for it, but for
    a letter too large (552).
    """
    reason = f"{code or word} {stage}"
    if stage is Stage.BUILD:
        return Outcome(Verdict.FAILED, reason)
    if stage in {Stage.CONNECT, Stage.TLS, Stage.LOGIN}:
        return Outcome(Verdict.RETRY, reason, connection_lost=True, server_away=True)
    if code is None or code == 421:
        return Outcome(Verdict.RETRY, reason, connection_lost=True)
    permanent = 500 <= code < 600
    if permanent and (stage in {Stage.RECIPIENT, Stage.DATA} or code == 552):
        return Outcome(Verdict.FAILED, reason)
    return Outcome(Verdict.RETRY, reason)


def retry_at(*, attempts: int, now: datetime, chance: float) -> datetime:
    """When to try again after `attempts` tries; `chance` in [0, 1) spreads by +-20 %."""
    step = STEPS[min(max(attempts, 1), len(STEPS)) - 1]
    return now + timedelta(seconds=step * (1 - JITTER + 2 * JITTER * chance))


def gives_up(*, created_at: datetime, now: datetime) -> bool:
    """True 72 h after the letter was owed. Source: issue, point 6."""
    return now - created_at >= GIVE_UP_AFTER


def room_at(sent: list[datetime], *, now: datetime) -> datetime | None:
    """None when a letter may leave now, else when the recipient's budget has room again.

    `sent`: instants of what left, or is leaving, to this recipient for an unproven address.
    """
    latest = None
    for window, most in BUDGETS:
        within = sorted(at for at in sent if at > now - window)
        if len(within) >= most:
            free = within[-most] + window
            latest = free if latest is None else max(latest, free)
    return latest
