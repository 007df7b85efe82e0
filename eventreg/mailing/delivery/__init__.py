"""The outbox leaves: claim (transaction), SMTP (none), note the outcome (transaction).

At least once: a letter whose outcome could not be noted is due again when its lease ends, with
the same Message-ID and Date, so that a receiver can tell the copy.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, current_app
from flask_mail import Mail

from eventreg.config import Settings
from eventreg.mailing import rules
from eventreg.mailing.delivery import claims, envelope
from eventreg.mailing.delivery.connection import Finished, SmtpConnection, Unreachable
from eventreg.mailing.delivery.envelope import Owed, Unbuildable
from eventreg.mailing.rules import SENT, Counts, Outcome, Stage, Verdict
from eventreg.shared import clock, letters
from eventreg.shared.db import db, transaction
from eventreg.shared.errors import Unavailable
from eventreg.shared.tokens import random_id

logger = logging.getLogger(__name__)
BATCH = 50
SLOW_SECONDS = 5.0  # an answer slower than this puts its domain aside for this run
MOST_REFUSALS = 3  # temporary refusals of one domain, or of the server, in one run
ASIDE = timedelta(seconds=60)
NOTE_TRIES = 3


def init_app(app: Flask, settings: Settings) -> None:
    """Prepares letters and Flask-Mail. Without a server (never in production), mail is kept."""
    letters.init_app(app, settings)
    server = settings.mail_server
    app.config.update(
        MAIL_SERVER=server.host if server else "",
        MAIL_PORT=server.port if server else 0,
        MAIL_USERNAME=server.username if server else None,
        MAIL_PASSWORD=server.password if server else None,
        MAIL_USE_TLS=bool(server and server.security == "starttls"),
        MAIL_USE_SSL=bool(server and server.security == "tls"),
        MAIL_DEFAULT_SENDER=settings.mail_sender,
        MAIL_SUPPRESS_SEND=server is None,
    )
    Mail(app)


def drain(
    *,
    now: datetime | None = None,
    batch: int = BATCH,
    owner: str | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Counts:
    """Sends what is due at `now` (the database's instant by default), lane 0 first.

    Ends when nothing is due, when the server does not answer, or, after the letter being sent,
    when `stop()` is true. Needs an application context. Raises Unavailable when the database is away.
    """
    settings: Settings = current_app.extensions["settings"]
    with SmtpConnection(settings) as connection:
        run = _Run(settings, connection, now=now, batch=batch, owner=owner or random_id(12))
        try:
            run.go(stop)
        finally:
            db.session.remove()
    return run.counts


class _Run:
    """One run: one owner of leases, one connection, one memory of what was slow or refused."""

    def __init__(
        self,
        settings: Settings,
        connection: SmtpConnection,
        *,
        now: datetime | None,
        batch: int,
        owner: str,
    ) -> None:
        self.settings = settings
        self.connection = connection
        self.now = now
        self.batch = batch
        self.owner = owner
        self.counts = Counts()
        self.refusals: Counter[str] = Counter()  # by domain
        self.trouble = 0  # letters in a row for which the server itself was in the way
        self.leased_at = 0.0

    def go(self, stop: Callable[[], bool]) -> None:
        while not stop():
            self.leased_at = time.monotonic()
            claim = claims.take(
                owner=self.owner,
                batch=self.batch,
                now=self.now,
                budgets=self.settings.rate_limits,
            )
            db.session.remove()
            self.counts.cancelled += claim.cancelled
            self.counts.postponed += claim.postponed
            if not claim.taken or not self._send(claim.letters, stop):
                return

    def _send(self, waiting: list[Owed], stop: Callable[[], bool]) -> bool:
        """False when the run ends here; what was not tried is given back."""
        while waiting:
            if stop() or self.trouble >= MOST_REFUSALS:
                self._release(waiting)
                return False
            waiting = self._still_ours(waiting)
            if not waiting:
                return True
            owed, *waiting = waiting
            if self.refusals[owed.domain] >= MOST_REFUSALS:
                self._release([owed], aside=True)
                self.counts.postponed += 1
                continue
            outcome = self._attempt(owed)
            self._note(owed, outcome)
            if outcome.server_away:
                self.counts.away = outcome.reason
                self._release(waiting)
                return False
        return True

    def _still_ours(self, waiting: list[Owed]) -> list[Owed]:
        """Renews the lease in time, and reads the registrations again while it is there."""
        if time.monotonic() - self.leased_at < rules.RENEW_AFTER.total_seconds():
            return waiting
        self.leased_at = time.monotonic()
        claim = claims.renew([o.id for o in waiting], owner=self.owner, now=self.now)
        db.session.remove()
        self.counts.cancelled += claim.cancelled
        return claim.letters

    def _attempt(self, owed: Owed) -> Outcome:
        """Never raises: one bad letter must not hold up the others."""
        started = time.monotonic()
        try:
            content = envelope.as_bytes(owed, self.settings)
            outcome = self._hand_over(owed, content)
        except Unbuildable as fault:
            return rules.classify(Stage.BUILD, None, str(fault))
        except Unreachable as fault:
            outcome = fault.outcome
        except Exception as fault:
            logger.exception("mail %s: bug while sending", owed.id)
            self.connection.drop()
            outcome = Outcome(Verdict.RETRY, f"bug {type(fault).__name__}", connection_lost=True)
        self._remember(owed, outcome, time.monotonic() - started)
        return outcome

    def _hand_over(self, owed: Owed, content: bytes) -> Outcome:
        if self.settings.mail_server is None:
            return SENT
        message = Finished(
            sender=self.settings.mail_sender,
            recipient=owed.recipient,
            subject=owed.subject,
            content=content,
        )
        return self.connection.deliver(message)

    def _remember(self, owed: Owed, outcome: Outcome, seconds: float) -> None:
        if outcome.verdict is Verdict.RETRY:
            self.refusals[owed.domain] += 1
            at_sender = outcome.reason.endswith(Stage.SENDER)
            self.trouble += bool(outcome.connection_lost or at_sender)
        else:
            self.trouble = 0
        if seconds > SLOW_SECONDS:
            self.refusals[owed.domain] = MOST_REFUSALS

    def _note(self, owed: Owed, outcome: Outcome) -> None:
        chance = random.random()  # noqa: S311 - spreads retries, nothing secret
        for attempt in range(1, NOTE_TRIES + 1):
            try:
                verdict = claims.note(owed, outcome, owner=self.owner, now=self.now, chance=chance)
                break
            except Unavailable:  # a second copy would follow: worth another ten seconds
                if attempt == NOTE_TRIES:
                    raise
        self.counts.add(verdict)
        if verdict is not Verdict.SENT:
            logger.warning("mail %s: %s (%s)", owed.id, verdict.value, outcome.reason)

    def _release(self, waiting: list[Owed], *, aside: bool = False) -> None:
        due_at = None
        if aside:
            with transaction() as session:
                now = self.now or clock.deciding_instant(session)
            due_at = now + ASIDE * (1 + random.random())  # noqa: S311 - spreads retries
        elif self.now is not None:
            due_at = self.now
        claims.release([o.id for o in waiting], owner=self.owner, due_at=due_at)
