"""`events import` and `events export`: documents of the site, in and out."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from eventreg.events import exporting, importing, services, site_files
from eventreg.events.commands.group import ACTOR, QUIET, cli
from eventreg.events.jekyll import (
    Document,
    DocumentError,
    Problem,
    as_json,
    looks_same,
    parse,
    refused_as_json,
    slug_of,
)
from eventreg.shared.cli import shown_refusals
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import N_, DomainError
from eventreg.shared.i18n import force_locale, say, translate

ENDINGS = (".md", ".markdown")
READ_LIMIT = 1024 * 1024 + 1  # one byte more than a document may have, so that it is refused
MAX_DOCUMENTS = 2_000  # in one run: the whole site has some hundreds
MANY = 60  # documents: fewer are read before another process has started
MOST_READERS = 4
MAX_TOLD = 20  # files of a folder that are no documents
HIDDEN = "hidden_sessions"
COUNTED = (HIDDEN,)  # for the summary, not for the JSON of the contract
OUTCOMES = {
    "created": N_("created"),
    "changed": N_("changed"),
    "unchanged": N_("unchanged"),
    "refused": N_("refused"),
    "news": N_("news, not events"),
}
EVENT = "event"
READ_ONLY = N_("events read, nothing written")
SESSIONS_HIDDEN = N_("sessions hidden")


@cli.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be read; change nothing.")
@click.option("--publish", is_flag=True, help="Publish, whatever the documents say.")
@click.option(
    "--site-root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where files and images are looked for; an absent one is a warning.",
)
@click.option("--json", "as_data", is_flag=True, help="Facts as JSON on stdout.")
@QUIET
def import_(
    paths: Sequence[Path],
    dry_run: bool,
    publish: bool,
    site_root: Path | None,
    as_data: bool,
    quiet: bool,
) -> None:
    """Read Jekyll documents or folders; all or nothing per document."""
    rows: list[dict[str, Any]] = []
    with force_locale("fr"):
        files = list(_documents(paths))
        named = _named_twice(files)
        bar = click.progressbar(
            files,
            label="import",
            file=sys.stderr,
            hidden=not sys.stderr.isatty() or len(files) < 20,
        )
        with bar:
            for path, read in zip(bar, _read_all(files), strict=True):
                row = named.get(path) or _import_one(
                    path,
                    read,
                    dry_run=dry_run,
                    publish=publish,
                    site_root=site_root,
                    tell=not quiet,
                )
                if dry_run:  # otherwise the database knows
                    _propose_twins(row, rows)
                rows.append(row)
                if not as_data:
                    _report(row)
        _summary(rows)
    if as_data:
        shown = [{k: v for k, v in row.items() if k not in COUNTED} for row in rows]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    if any(row["errors"] for row in rows):
        sys.exit(1)


def _documents(paths: Sequence[Path]) -> Iterator[Path]:
    """The documents of files and folders, each once."""
    seen: set[Path] = set()
    for path in paths:
        for found in _in_folder(path) if path.is_dir() else (path,):
            if found.resolve() not in seen:
                seen.add(found.resolve())
                yield found


def _in_folder(folder: Path) -> list[Path]:
    """In a folder, as for Jekyll, a file without a front matter is not a document (a README)."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
    documents: list[Path] = []
    skipped: list[Path] = []
    for path in found:
        (documents if _is_document(path) else skipped).append(path)
    for path in skipped[:MAX_TOLD]:
        click.echo(f"{path}: no front matter, not a document: skipped", err=True)
    if len(skipped) > MAX_TOLD:
        click.echo(f"{folder}: {len(skipped) - MAX_TOLD} more files skipped", err=True)
    if len(documents) > MAX_DOCUMENTS:
        raise click.ClickException(
            f"{folder}: {len(documents)} documents, {MAX_DOCUMENTS} at most in one run: "
            "import its folders one after the other"
        )
    return documents


def _is_document(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            start = handle.read(6)
    except OSError:
        return True  # said as an error when it is read
    # Another encoding is refused by name when it is read.
    return start.removeprefix(b"\xef\xbb\xbf").startswith(b"---") or start.startswith(
        (b"\xff\xfe", b"\xfe\xff", b"\x00")
    )


def _named_twice(files: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    """Documents of one run that would be the same event: all are refused, with the others' names."""
    by_slug: dict[str, list[Path]] = {}
    for path in files:
        by_slug.setdefault(slug_of(path.name), []).append(path)
    text = N_("Another document of this import has the same short name “%(slug)s”: %(others)s.")
    refused = {}
    for slug, same in by_slug.items():
        for path in same if len(same) > 1 else ():
            others = ", ".join(str(other) for other in same if other != path)
            problem = Problem(None, "same-name", text, {"slug": slug, "others": others})
            refused[path] = _refused((problem,), path)
    return refused


def _propose_twins(row: dict[str, Any], before: Sequence[dict[str, Any]]) -> None:
    """Two versions of one page among the documents read: same title, same day."""
    for other in before:
        same_day = row["start"] and (row["start"][:10] == (other["start"] or "")[:10])
        if same_day and looks_same(row["title"], other["title"]):
            text = _translated(importing.TWIN, slug=other["slug"])
            row["warnings"].append({"line": None, "message": text})


def _refused(problems: Sequence[Problem], path: Path) -> dict[str, Any]:
    return refused_as_json(problems, str(path), _translated) | {"outcome": "refused"}


def _read_all(files: Sequence[Path]) -> Iterator[Document | tuple[Problem, ...]]:
    """What `_read` gives for each file, in order; a folder is read by all the processors.

    Reading a document is pure: the processes that read never touch the database.
    """
    processors = min(os.cpu_count() or 1, MOST_READERS)
    if len(files) < MANY or processors < 2:
        yield from map(_read, files)
        return
    with ProcessPoolExecutor(processors) as readers:
        yield from readers.map(_read, files, chunksize=8)


def _read(path: Path) -> Document | tuple[Problem, ...]:
    """The document, or why it cannot be one."""
    try:
        with path.open("rb") as handle:
            raw = handle.read(READ_LIMIT)
        return parse(raw, path.name)
    except OSError as fault:
        text = N_("This file cannot be read: %(why)s.")
        return (Problem(None, "unreadable", text, {"why": _why(fault)}),)
    except DocumentError as fault:
        return tuple(fault.problems)


def _import_one(
    path: Path,
    read: Document | tuple[Problem, ...],
    *,
    dry_run: bool,
    publish: bool,
    site_root: Path | None,
    tell: bool,
) -> dict[str, Any]:
    if isinstance(read, tuple):
        return _refused(read, path)
    document, found = read, None
    if site_root is not None:
        already = {} if dry_run else site_files.known(document.slug)
        document, found = site_files.look_for(document, site_root, already)
    row = as_json(document, file=str(path), translate=_translated)
    return row if dry_run else row | _store(document, row, found, publish=publish, tell=tell)


def _store(
    document: Document,
    row: dict[str, Any],
    found: list[site_files.Found] | None,
    *,
    publish: bool,
    tell: bool,
) -> dict[str, Any]:
    """Applies the document; the row gains `outcome`, and an error when facts cannot go together."""
    try:
        with transaction():
            report = importing.apply(
                document,
                publish=True if publish else None,
                actor=ACTOR,
                now=utc_now(),
                tell=tell,
            )
            if found is not None and report.event_id is not None:
                report = _with_files(report, found)
    except DomainError as refusal:
        row["errors"].append({"line": None, "message": translate(refusal)})
        return {"outcome": "refused"}
    more = report.warnings[len(document.warnings) :]
    row["warnings"] += [{"line": p.line, "message": p.text(_translated)} for p in more]
    return {"outcome": report.outcome, HIDDEN: report.hidden}


def _with_files(report: importing.Report, found: list[site_files.Found]) -> importing.Report:
    """The report of an import that also brought pictures and documents."""
    changed, doubts = site_files.attach(report.event_id or 0, found, actor=ACTOR, now=utc_now())
    outcome = "changed" if changed and report.outcome == "unchanged" else report.outcome
    return replace(report, outcome=outcome, warnings=(*report.warnings, *doubts))


def _summary(rows: Sequence[dict[str, Any]]) -> None:
    """Counts on stderr, after a folder or a run of several documents."""
    if len(rows) < 2:
        return
    outcomes = Counter(str(row.get("outcome") or row["kind"]) for row in rows)
    counts = [f"{outcomes[code]} {say(text, {})}" for code, text in OUTCOMES.items()]
    if outcomes[EVENT]:  # a dry run
        counts.append(f"{outcomes[EVENT]} {say(READ_ONLY, {})}")
    hidden = sum(row.get(HIDDEN, 0) for row in rows)
    counts.append(f"{hidden} {say(SESSIONS_HIDDEN, {})}")
    click.echo(f"{len(rows)} documents: {', '.join(counts)}", err=True)


def _translated(message: str, /, **params: str) -> str:
    return say(message, params)


def _why(fault: OSError) -> str:
    return (fault.strerror or type(fault).__name__).lower()


def _report(row: dict[str, Any]) -> None:
    for kind in ("errors", "warnings"):
        for problem in row[kind]:
            place = f":{problem['line']}" if problem["line"] else ""
            label = "erreur" if kind == "errors" else "à vérifier"
            click.echo(f"{row['file']}{place}: {label} : {problem['message']}", err=True)
    if not row["errors"]:
        click.echo(f"{row['slug']}\t{row.get('outcome', row['kind'])}\t{row['title']}")


@cli.command("export")
@click.argument("slug")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="A file, or a folder in which the document keeps its name; stdout otherwise.",
)
def export(slug: str, output: Path | None) -> None:
    """The event as a Jekyll document: its source, patched where something was changed here."""
    with shown_refusals(), transaction():
        document = exporting.export(services.locked(slug))
    raw = document.text.encode()
    if output is None:
        click.echo(raw, nl=False)
        return
    target = output / document.name if output.is_dir() else output
    try:
        target.write_bytes(raw)
    except OSError as fault:
        raise click.ClickException(f"{target}: {_why(fault)}") from fault
    click.echo(str(target), err=True)
