"""Flask-Mail's connection, with a time limit, verified TLS, and our finished bytes."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from flask import current_app
from flask_mail import Connection, Message, email_dispatched

from eventreg.config import MailServer, Settings
from eventreg.mailing.rules import SENT, Outcome, Stage, Verdict, classify

TIMEOUT = 15.0  # seconds for one answer
PATIENCE = 60.0  # seconds for one letter, or one greeting: a server may drip single bytes
_COMMANDS = {"mail": Stage.SENDER, "rcpt": Stage.RECIPIENT, "data": Stage.DATA}


class Finished(Message):
    """A message whose bytes are made already; Flask-Mail asks it for its envelope only."""

    def __init__(self, *, sender: str, recipient: str, subject: str, content: bytes) -> None:
        # Not Message.__init__: it makes a new Message-ID, and asks the DNS for our name to do so.
        self.sender = sender
        self.to = recipient
        self.recipients = [recipient]
        self.cc: list[Any] = []
        self.bcc: list[Any] = []
        self.subject = subject
        self.reply_to = None
        self.date = 0.0
        self.rcpt_options: list[str] = []
        self.mail_options = [] if recipient.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
        self.content = content

    def as_bytes(self) -> bytes:
        return self.content


class Unreachable(Exception):
    """No usable connection; `outcome` says at which stage."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class SmtpConnection(Connection):
    """One connection to the mail server, opened when the first letter needs it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(current_app.extensions["mail"])
        self.sender = settings.mail_sender
        self.server = settings.mail_server
        self.hello = urlsplit(settings.base_url).hostname or "localhost"
        self.watch = Watch(PATIENCE)
        self.line: _Smtp | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.leave()
        self.watch.stop()

    def configure_host(self) -> "_Smtp":
        """Greets the server, insists on TLS when it is asked for. Raises Unreachable."""
        if self.server is None:
            raise RuntimeError("no mail server is configured")
        stage, host = Stage.CONNECT, client(self.server, self.hello)
        try:
            with self.watch.over(host):
                host.greet(self.server)
                if self.server.security == "starttls":
                    stage = Stage.TLS
                    host.starttls(context=ssl.create_default_context())
                    host.ehlo()
                if self.server.username:
                    stage = Stage.LOGIN
                    host.login(self.server.username, self.server.password or "")
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            host.close()
            raise Unreachable(classify(stage, code_of(fault), word_of(fault))) from fault
        return host

    def deliver(self, message: Finished) -> Outcome:
        """One attempt, with what the server answered. Raises Unreachable."""
        fresh = self.line is None
        outcome = self._attempt(message)
        if outcome.connection_lost and not fresh and outcome.reason.endswith(Stage.SENDER):
            # The server closed between two letters (its limit, its restart): nothing was tried.
            outcome = self._attempt(message)
        return outcome

    def _attempt(self, message: Finished) -> Outcome:
        host = self.line = self.host = self.line or self.configure_host()
        if message.mail_options and not host.has_extn("smtputf8"):
            return Outcome(Verdict.FAILED, "SMTPUTF8 is not offered")
        host.stage = Stage.SENDER
        try:
            with self.watch.over(host):
                self.send(message)
        except ValueError:  # CR or LF where a command is made
            return classify(Stage.BUILD, None, "command")
        except (smtplib.SMTPException, OSError) as fault:
            outcome = classify(host.stage, code_of(fault), word_of(fault))
            if outcome.connection_lost or host.sock is None:
                self.drop()
            else:
                host.reset()
            return outcome
        return SENT

    def send(self, message: Message, envelope_from: str | tuple[str, str] | None = None) -> None:
        """Flask-Mail's send without its rewriting of what we have built.

        The envelope's sender is always the bounce address. Raises what smtplib raises.
        """
        if envelope_from is not None or not isinstance(message, Finished):
            raise TypeError("only finished messages, from the bounce address")
        if self.line is not None:
            options = message.mail_options
            self.line.sendmail(self.sender, message.to, message.as_bytes(), options)
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # behind the proxy
        email_dispatched.send(app, message=message)
        self.num_emails += 1

    def drop(self) -> None:
        if self.line is not None:
            self.line.close()
        self.line = self.host = None

    def leave(self) -> None:
        """Says good bye; a server that does not listen is left all the same."""
        if self.line is not None:
            with suppress(smtplib.SMTPException, OSError), self.watch.over(self.line):
                self.line.quit()
        self.drop()


class _Smtp(smtplib.SMTP):
    """Knows which command the server had last, for a connection that breaks without an answer."""

    stage = Stage.CONNECT

    def greet(self, server: MailServer) -> None:
        self._host = server.host  # what the certificate must name
        code, words = self.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        self.ehlo_or_helo_if_needed()

    def putcmd(self, cmd: str, args: str = "") -> None:
        self.stage = _COMMANDS.get(cmd[:4].lower(), self.stage)
        super().putcmd(cmd, args)

    def reset(self) -> None:
        """Leaves the refused letter behind; the library forgets to after a refused DATA."""
        stage = self.stage
        with suppress(smtplib.SMTPException, OSError):
            self.rset()
        self.stage = stage


class _SmtpTls(_Smtp, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""


class Watch:
    """Breaks off a conversation that takes longer than `patience` in all."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._guard = threading.Condition()
        self._host: smtplib.SMTP | None = None
        self._until = 0.0
        self._thread: threading.Thread | None = None
        self._stopped = False

    @contextmanager
    def over(self, host: smtplib.SMTP) -> Iterator[None]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="mail-watch", daemon=True)
            self._thread.start()
        self._until, self._host = time.monotonic() + self.patience, host
        try:
            yield
        finally:
            self._host = None

    def stop(self) -> None:
        with self._guard:
            self._stopped = True
            self._guard.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        with self._guard:
            while not self._stopped:
                self._guard.wait(min(self.patience, 1.0))
                host = self._host
                if host is not None and host.sock is not None and time.monotonic() > self._until:
                    with suppress(OSError):
                        host.sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in it


def client(server: MailServer, hello: str) -> _Smtp:
    """A client that is not connected yet."""
    if server.security == "tls":
        context = ssl.create_default_context()
        return _SmtpTls(timeout=TIMEOUT, context=context, local_hostname=hello)
    return _Smtp(timeout=TIMEOUT, local_hostname=hello)


def code_of(fault: BaseException) -> int | None:
    """The server's code in an exception of smtplib, if it answered at all."""
    code: object = getattr(fault, "smtp_code", None)
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        code = next(iter(fault.recipients.values()))[0]
    return code if isinstance(code, int) and code > 0 else None


def word_of(fault: BaseException) -> str:
    """What happened when there is no code."""
    if isinstance(fault, smtplib.SMTPNotSupportedError):
        return "not offered"
    if isinstance(fault, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(fault, TimeoutError):
        return "timeout"
    return "connection"
