"""`events import` and `events export` as an operator uses them."""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from eventreg.events import queries
from eventreg.events.commands import documents
from eventreg.shared.db import db

Run = Callable[..., Result]
TEXT = """---
title: {title}
event_start_date: 2027-02-10 09:00:00 +01:00
lieu: Mairie
---

Un texte.
"""


def write(path: Path, title: str = "Une matinée", text: str = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(title=title), "utf-8")
    return path


@pytest.fixture
def run(app: Flask, ctx: None) -> Run:
    """Runs `eventreg events ...`."""

    def invoke(*words: object) -> Result:
        db.session.rollback()
        result = app.test_cli_runner().invoke(documents.cli, [str(word) for word in words])
        db.session.rollback()
        return result

    return invoke


def outcomes(result: Result) -> dict[str, str]:
    rows = (line.split("\t") for line in result.stdout.splitlines())
    return {row[0]: row[1] for row in rows}


def test_one_refused_document_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "un.md")
    write(tmp_path / "deux.md", text="---\ntitle: [\n---\n")
    write(tmp_path / "trois.md", title="Trois")
    result = run("import", tmp_path)
    assert result.exit_code == 1
    assert outcomes(result) == {"trois": "created", "un": "created"}
    assert f"{tmp_path / 'deux.md'}:3: erreur : " in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "3 documents: 2 créés, 0 modifiés, 0 inchangés, 1 refusés, "
        "0 communiqués, qui ne sont pas des événements, 0 sessions masquées"
    )


def test_two_documents_with_one_short_name_are_refused_by_name(run: Run, tmp_path: Path) -> None:
    first = write(tmp_path / "2023" / "2023-01-02-salon.md")
    second = write(tmp_path / "2024" / "salon.markdown")
    write(tmp_path / "autre.md", title="Autre")
    result = run("import", tmp_path)
    assert (result.exit_code, outcomes(result)) == (1, {"autre": "created"})
    for here, other in ((first, second), (second, first)):
        said = f"{here}: erreur : Un autre document de cet import a le même nom court"
        assert [line for line in result.stderr.splitlines() if line.startswith(said)] == [
            f"{said} «\u00a0salon\u00a0»\u00a0: {other}."
        ]
    assert queries.by_slug("salon") is None


def test_a_document_named_twice_on_the_command_line_is_read_once(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "un.md")
    result = run("import", path, tmp_path)
    assert (result.exit_code, result.stdout) == (0, "un\tcreated\tUne matinée\n")


def test_the_same_event_under_another_file_name_is_proposed(run: Run, tmp_path: Path) -> None:
    run("import", write(tmp_path / "matinee.md", "Une matinée"))
    result = run("import", write(tmp_path / "matinee-2.md", "'[Nouveau] UNE  MATINEE'"))
    assert result.exit_code == 0
    assert "Un autre événement ressemble à celui-ci\u00a0: matinee." in result.stderr
    other_day = TEXT.replace("02-10", "03-10")
    result = run("import", write(tmp_path / "matinee-3.md", "Une matinée", other_day))
    assert result.stderr == ""


def test_sessions_that_vanished_are_counted(run: Run, tmp_path: Path) -> None:
    programme = TEXT + "\n* **9h : Accueil**\n* **10h : Débat**\n* **11h : Bilan**\n"
    write(tmp_path / "un.md", text=programme)
    write(tmp_path / "deux.md")
    run("import", tmp_path)
    write(tmp_path / "un.md", text=programme.replace("* **11h : Bilan**\n", ""))
    result = run("import", tmp_path)
    assert outcomes(result) == {"deux": "unchanged", "un": "changed"}
    assert result.stderr.endswith(", 1 sessions masquées\n")


def test_the_json_has_the_keys_of_the_contract_and_the_outcome(run: Run, tmp_path: Path) -> None:
    rows = json.loads(run("import", "--json", write(tmp_path / "un.md")).stdout)
    assert (rows[0]["outcome"], list(rows[0])[-3:]) == (
        "created",
        ["warnings", "errors", "outcome"],
    )


def test_an_event_goes_out_to_a_file_a_folder_or_the_terminal(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "2027-01-01-un.md")
    run("import", path)
    folder = tmp_path / "sortie"
    folder.mkdir()
    assert run("export", "un").stdout_bytes == path.read_bytes()
    assert run("export", "un", "--output", folder).exit_code == 0
    assert (folder / path.name).read_bytes() == path.read_bytes()
    run("export", "un", "-o", folder / "x.md")
    assert (folder / "x.md").read_bytes() == path.read_bytes()


def test_an_export_that_cannot_be_written_says_why(run: Run, tmp_path: Path) -> None:
    run("import", write(tmp_path / "un.md"))
    result = run("export", "un", "-o", tmp_path / "absent" / "x.md")
    assert (result.exit_code, "no such file or directory" in result.stderr) == (1, True)
    assert run("export", "inconnu").exit_code == 1


def memory() -> int:
    """Peak of this process, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.fixture
def bounded() -> Iterator[None]:
    """At most 2 seconds of work and 100 MB more memory, whatever is thrown at the command."""
    begin, peak = time.process_time(), memory()
    yield
    assert time.process_time() - begin < 2
    assert memory() - peak < 100_000_000


HEAD = b"---\ntitle: Essai\nevent_start_date: 2027-03-01 09:00:00 +01:00\n"
HOSTILE = {
    "zip": (b"PK\x03\x04" + bytes(range(256)) * 400, None),
    "100 MB": (b"a" * 100_000_000, None),
    "anchors": (HEAD + b"x: &a [1]\ny: *a\n---\n", 4),
    "tab": (HEAD + b"x:\n\t- a\n---\n", 5),
    "UTF-16": ((HEAD + b"---\n").decode().encode("utf-16"), 1),
    "Latin-1": ("---\ntitle: été\n---\n".encode("latin-1"), 2),
    "NUL": (HEAD + b"---\nun\0\n", 5),
    "bullets": (HEAD + b"---\n" + b"* a\n" * 10_000, 5001),
    "brackets": (HEAD + b"x: " + b"[" * 50_000 + b"\n---\n", 4),
    "nested HTML": (HEAD + b"---\n" + b"<div>" * 10_000, 5),
}


@pytest.mark.parametrize(("raw", "line"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_by_file_and_line(
    bounded: None, run: Run, tmp_path: Path, raw: bytes, line: int | None
) -> None:
    path = tmp_path / "essai.md"
    path.write_bytes(raw)
    result = run("import", path)
    place = f"{path}:{line}" if line else f"{path}"
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{place}: erreur : ")
    assert queries.by_slug("essai") is None


ODD = {
    "byte order mark": (b"\xef\xbb\xbf" + HEAD + b"---\nmot\n", None),
    "CRLF": ((HEAD + b"---\nmot\n").replace(b"\n", b"\r\n"), None),
    "script address": (HEAD + b"---\n[a](javascript:x)\n", 5),
    "data address": (HEAD + b"---\n<a href='data:text/html,x'>a</a>\n", 5),
    "drawing": (HEAD + b"---\n<svg><script>x()</script></svg>\n", 5),
    "climbing picture": (HEAD + b"une-ou-diaporama:\n- image: /a/../../etc/passwd\n---\n", 5),
    "climbing, hidden": (HEAD + b"une-ou-diaporama:\n- image: /a/%2e%2e/passwd\n---\n", 5),
}


@pytest.mark.parametrize(("raw", "line"), ODD.values(), ids=ODD.keys())
def test_an_odd_file_is_read_without_what_could_harm(
    bounded: None, run: Run, tmp_path: Path, raw: bytes, line: int | None
) -> None:
    path = tmp_path / "essai.md"
    path.write_bytes(raw)
    result = run("import", path)
    assert (result.exit_code, result.stdout) == (0, "essai\tcreated\tEssai\n")
    told = [text.partition(": à vérifier")[0] for text in result.stderr.splitlines()]
    assert told == ([f"{path}:{line}"] if line else [])
    event = queries.by_slug("essai")
    assert event is not None
    shown = f"{event.body_html}{event.images}"
    for harm in ("javascript:", "data:", "<svg", "<script", "passwd"):
        assert harm not in shown


def test_a_folder_beyond_all_measure_is_refused_at_once(run: Run, tmp_path: Path) -> None:
    for number in range(5_000):
        (tmp_path / f"d{number}.md").write_bytes(HEAD + b"---\n")
    begin = time.process_time()
    result = run("import", tmp_path)
    assert time.process_time() - begin < 2
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{tmp_path}: 5000 documents, 2000" in result.stderr


def test_a_folder_of_files_that_are_no_documents_is_told_shortly(run: Run, tmp_path: Path) -> None:
    for number in range(5_000):
        (tmp_path / f"note-{number:04}.md").write_bytes(b"# Note\n")
    begin = time.process_time()
    result = run("import", tmp_path)
    assert time.process_time() - begin < 2
    assert (result.exit_code, len(result.stderr.splitlines())) == (0, documents.MAX_TOLD + 1)


def test_importing_says_nothing_of_a_terminal_it_has_not(run: Run, tmp_path: Path) -> None:
    for number in range(25):
        write(tmp_path / f"d{number}.md", f"Titre {number}")
    assert not sys.stderr.isatty()
    assert "import" not in run("import", tmp_path).stderr


def test_a_dry_run_proposes_two_versions_of_one_page(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "La matinée")
    write(tmp_path / "b.md", "'[duplication] La  Matinée'")
    rows = json.loads(run("import", "--dry-run", "--json", tmp_path).stdout)
    told = [[warning["message"].partition(". ")[0] for warning in row["warnings"]] for row in rows]
    assert told[0] == []
    assert "Un autre événement ressemble à celui-ci\u00a0: a" in told[1]
    assert queries.by_slug("a") is None


def test_two_versions_of_the_state_s_own_page_are_proposed(
    run: Run, documents: Path, tmp_path: Path
) -> None:
    seed = documents / "seeds" / "2023-05-12-dinum-en-action-feuille-de-route-brouillon.md"
    name = "la-dinum-en-action-lancement-de-la-feuille-de-route.markdown"
    rows = json.loads(run("import", "--json", seed, documents / "events-corpus" / name).stdout)
    said = rows[1]["warnings"][-1]["message"]
    assert "dinum-en-action-feuille-de-route-brouillon" in said
