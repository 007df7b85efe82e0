"""A whole instance for the journeys: sample events, web server, worker, and our own events."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from eventreg.demo.loading import ORGANISER_EMAIL
from eventreg.shared import clock
from tests.reliability.servers import Instance

_HIDDEN = re.compile(r'name="(csrf_token|idempotency_key)" value="([^"]*)"')


@dataclass
class Site(Instance):
    """`theme` is what its web server shows; commands run in this process, on the same database."""

    theme: str = "state"

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "EVENTREG_THEME": self.theme}

    def command(self, *arguments: str) -> str:
        """What `eventreg ARGUMENTS` writes to stdout; it must succeed."""
        done = self.app.test_cli_runner().invoke(args=list(arguments))
        assert done.exit_code == 0, f"{arguments}: {done.output} {done.exception}"
        return done.stdout

    def create(self, slug: str, title: str, *settings: str, days: float = 70) -> str:
        """A published event that starts in `days`; returns its slug."""
        start = (clock.utc_now() + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        given = ("--title", title, "--starts-at", start.isoformat(), *settings)
        self.command("events", "create", slug, *given)
        self.command("events", "publish", slug)
        return slug

    @staticmethod
    def moment(**ahead: float) -> str:
        """An instant as the command line takes it: `moment(seconds=2)`."""
        return (clock.utc_now() + timedelta(**ahead)).isoformat()

    def sign_in_path(self) -> str:
        """Where a printed one-time link of the sample organiser leads."""
        return urlsplit(self.command("organisers", "link", ORGANISER_EMAIL).strip()).path

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """The letters to an address, oldest first, with their text, HTML and links."""
        rows = json.loads(self.command("mails", "list", "--json"))
        keys = [row["id"] for row in rows if row["recipient"] == address]
        return [json.loads(self.command("mails", "show", str(key), "--json")) for key in keys]

    def link_of(self, address: str, kind: str) -> str:
        """The path of the personal link in the latest letter of a kind to an address."""
        letter = next(m for m in reversed(self.mails_to(address)) if m["kind"] == kind)
        return urlsplit(next(u for u in letter["links"] if "/inscriptions/lien/" in u)).path

    def sign_up(self, slug: str, address: str, *, confirmed: bool = False) -> str:
        """Somebody signs up without a browser; returns the path of the result page."""
        path = f"/agenda/{slug}/inscription/"
        person = {"email": address, "given_name": "Camille", "family_name": "Martin"}
        answer = self.post(self.app.test_client(), path, **person)
        if confirmed:
            self.act(self.link_of(address, "confirm_address"), "confirmer")
        return answer

    def act(self, link: str, act: str) -> None:
        """Somebody follows a personal link and presses a button."""
        person = self.app.test_client()
        own = urlsplit(person.get(link).location).path
        self.post(person, own, action=f"{own}{act}/")

    def my_links(self, address: str) -> None:
        """Somebody asks for their links."""
        person = self.app.test_client()
        hidden = dict(_HIDDEN.findall(person.get("/mes-inscriptions/").text))
        answer = person.post("/mes-inscriptions/", data={**hidden, "email": address})
        assert answer.status_code == 200, answer.text

    def organiser(self) -> FlaskClient:
        """An organiser's browser without windows, signed in."""
        made = self.app.test_client()
        self.post(made, self.sign_in_path())
        return made

    def ask_sign_in(self, address: str) -> None:
        """An organiser asks for a sign-in letter (three an hour at most)."""
        self.post(self.app.test_client(), "/organisation/connexion/", email=address)

    @staticmethod
    def post(client: FlaskClient, page: str, *, action: str = "", **fields: str) -> str:
        """Sends the form of `page` with its hidden fields; returns the path it leads to."""
        hidden = dict(_HIDDEN.findall(client.get(page).text))
        answer = client.post(action or page, data={**hidden, **fields})
        assert answer.status_code == 303, answer.text
        return urlsplit(answer.location).path
