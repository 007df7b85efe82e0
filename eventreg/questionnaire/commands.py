"""`eventreg events form`: a form as a file, in and out."""

import sys
from pathlib import Path

import click

from eventreg.events import services as events
from eventreg.events.commands.group import ACTOR
from eventreg.events.commands.group import cli as events_group
from eventreg.questionnaire import documents, services
from eventreg.questionnaire.documents import File
from eventreg.questionnaire.errors import BadForm
from eventreg.shared.cli import shown_refusals
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import N_
from eventreg.shared.i18n import force_locale, say

__all__ = ["events_group"]

FORM_CHANGED = N_("form: version %(version)s")
FORM_SAME = N_("form: nothing changed, version %(version)s")
OVERBOOKED = N_("pool “%(key)s”: more seats are taken than it has now; nobody loses a place")
POOL_KEPT = N_("pool “%(key)s”: kept, people hold seats of it or wait for it")
EXAMPLE = """\b
populations:
  - key: agents
    label: {fr: Agents publics, en: Public agents}
    closes_at: 2027-01-10 18:00       # the event's zone
    approval: none                    # or manual
    eligibility: public_agents        # or a policy, as at the top
    pool: agents_seats
pools:
  - {key: workshop_a, kind: workshop, label: Atelier A, capacity: 12, waiting_list: yes}
  - {key: agents_seats, kind: population, label: Agents, capacity: 50,
     released_at: 2027-01-08 12:00, into: event}
questions:                            # without a heading, first
  - {key: presence, kind: one, label: Présence, required: yes,
     options: [{key: onsite, label: Sur place}, {key: online, label: À distance}]}
sections:
  - key: onsite
    title: {fr: Sur place, en: On site}
    when: {question: presence, is: onsite}
    questions:
      - key: workshops
        kind: several
        label: Ateliers
        max: 2
        options: [{key: a, label: Atelier A, pool: workshop_a}, {key: none, label: Aucun}]
      - key: needs
        kind: access_needs
        label: Besoins d'accessibilité
        contact: accessibilite@example.org
eligibility: {who: [public_agents, listed], on_review: ask}
"""


@events_group.command(
    "form",
    help="Read a form from FILE (- for stdin) into an event, or write it with --export.\n\n"
    "Kinds: text, long_text, number, date, email, phone, yes_no, one, several, select, file, "
    "consent, companions, access_needs, info. Conditions (`when`, on sections, questions and "
    "options): {question: KEY} with one of is, is_not, in, not_in, answered; {all: [...]} and "
    "{any: [...]} nest. All keys: docs/questionnaire.md.\n\n" + EXAMPLE,
)
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--export", is_flag=True, help="Write the form of the event to FILE.")
def form(slug: str, file: Path, export: bool) -> None:
    with shown_refusals(), force_locale("fr"):
        if export:
            with transaction():
                text = documents.write(services.as_document(events.locked(slug)))
            _write(file, text)
            return
        _apply(slug, file)


def _write(file: Path, text: str) -> None:
    try:
        if str(file) == "-":
            sys.stdout.write(text)
        else:
            file.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise click.ClickException(f"{file}: {fault.strerror}") from fault


def _apply(slug: str, file: Path) -> None:
    found = documents.read(_content(file))
    for problem in found.problems:
        _tell(file, problem.line, "", say(problem.message, dict(problem.params)))
    if found.problems:
        sys.exit(1)
    try:
        with transaction():
            event = events.locked(slug)
            read = services.read(found.data, zone=event.timezone)
            applied = services.apply(event, read, actor=ACTOR, now=utc_now())
    except BadForm as bad:
        _refuse(file, found, bad)
    words = FORM_CHANGED if applied.changed else FORM_SAME
    click.echo(say(words, {"version": applied.version}))
    for message, keys in ((OVERBOOKED, applied.overbooked), (POOL_KEPT, applied.kept)):
        for key in keys:
            click.echo(say(message, {"key": key}), err=True)


def _content(file: Path) -> bytes:
    limit = documents.BYTES_LIMIT + 1
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(limit)
        with file.open("rb") as source:
            return source.read(limit)
    except OSError as fault:
        raise click.ClickException(f"{file}: {fault.strerror}") from fault


def _refuse(file: Path, found: File, bad: BadForm) -> None:
    for fault in bad.faults:
        _tell(file, found.line(fault.path), fault.path, say(fault.message, dict(fault.params)))
    sys.exit(1)


def _tell(file: Path, line: int, path: str, words: str) -> None:
    place = f"{file}:{line}: {path}: " if path else f"{file}:{line}: "
    click.echo(place + words, err=True)
