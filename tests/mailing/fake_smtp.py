"""A mail server that misbehaves to order."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

CUT = "cut"  # close the connection instead of answering
CUT_AFTER = "cut after"  # take the whole letter, then close without a word
ENDLESS = "endless"  # an answer whose last line never comes
OK = "250 ok"


@dataclass
class Script:
    """What the server answers; a callable gets the argument of the command."""

    greeting: str = "220 fake"
    extensions: tuple[str, ...] = ("8BITMIME", "SMTPUTF8")
    mail: str | Callable[[str], str] = OK
    rcpt: str | Callable[[str], str] = OK
    data: str | Callable[[str], str] = "354 go on"
    body: str | Callable[[str], str] = OK
    tls: ssl.SSLContext | None = None
    most: int = 10_000  # letters per connection, then 421
    commands: list[str] = field(default_factory=list)
    copies: list[tuple[str, bytes]] = field(default_factory=list)  # (recipient, bytes) ever taken
    connections: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, name: str, argument: str) -> str:
        reply = getattr(self, name)
        return reply(argument) if callable(reply) else reply


class Conversation(socketserver.StreamRequestHandler):
    timeout = 10

    def setup(self) -> None:
        super().setup()
        self.script: Script = self.server.script  # type: ignore[attr-defined]

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        with self.script.guard:
            self.script.connections += 1
        try:
            self.talk()
        except (OSError, ValueError):
            return

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.rfile.close()
        self.request.close()

    def talk(self) -> None:
        """One method per verb; it answers False to hang up."""
        self.recipient, self.taken, self.letter_open = "", 0, False
        if self.script.greeting == CUT:
            return
        self.say(self.script.greeting)
        while line := self.rfile.readline().decode():
            with self.script.guard:
                self.script.commands.append(line.strip())
            verb, _, rest = line.strip().partition(" ")
            if not getattr(self, f"do_{verb.lower()}", self.do_rset)(rest):
                return

    def do_rset(self, _rest: str) -> bool:
        self.letter_open = False
        self.say(OK)
        return True

    def do_ehlo(self, _rest: str) -> bool:
        for extension in ("fake", *self.script.extensions):
            self.say(f"250-{extension}")
        self.say("250 HELP")
        return True

    def do_starttls(self, _rest: str) -> bool:
        if self.script.tls is None:
            self.say("502 no")
            return True
        self.say("220 go")
        self.request = self.script.tls.wrap_socket(self.request, server_side=True)
        self.rfile.close()
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        return True

    def do_mail(self, rest: str) -> bool:
        if self.taken >= self.script.most:
            self.say("421 enough")
            return False
        if self.letter_open:
            self.say("503 the letter before was not left behind")
            return True
        self.letter_open = True
        return self.reply("mail", rest)

    def do_rcpt(self, rest: str) -> bool:
        self.recipient = rest[rest.index("<") + 1 : rest.index(">")]
        return self.reply("rcpt", self.recipient)

    def do_data(self, _rest: str) -> bool:
        reply = self.script.answer("data", self.recipient)
        self.say(reply)
        self.taken += 1
        return self.take(self.recipient) if reply.startswith("354") else True

    def do_quit(self, _rest: str) -> bool:
        self.say("221 bye")
        return False

    def reply(self, name: str, argument: str) -> bool:
        reply = self.script.answer(name, argument)
        if reply == CUT:
            return False
        while reply == ENDLESS:  # until the client has had enough
            self.say("250-more to come")
        self.say(reply)
        return not reply.startswith("421")

    def take(self, recipient: str) -> bool:
        reply = self.script.answer("body", recipient)
        if reply == CUT:
            self.rfile.readline()
            self.request.shutdown(socket.SHUT_RDWR)
            return False
        content = b""
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            content += line[1:] if line.startswith(b"..") else line
        self.letter_open = False
        if reply == CUT_AFTER or reply.startswith("250"):
            with self.script.guard:
                self.script.copies.append((recipient, content))
        if reply == CUT_AFTER:
            return False
        self.say(reply)
        return True


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 50

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.script = script
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
