"""What the documents promise exists in the code, and what an operator may set is documented."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from eventreg.config import ROOT
from eventreg.factory import COMMANDS
from eventreg.privacy.queries import inventory

pytestmark = pytest.mark.any_database

README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURE_LIMIT = 150_000  # bytes
CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
SETTING = re.compile(r"EVENTREG_[A-Z_]*[A-Z]")
READ = re.compile(r"self\.(?:text|choice|number|email)\(\s*\"([A-Z_]+)\"")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ROWS = re.compile(r"^\|.*\|$", re.MULTILINE)

page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def code(text: str) -> Iterator[str]:
    """Each line of a code block, each code span."""
    for match in CODE.finditer(text):
        yield from (match[1] or match[2]).replace("\\\n", " ").splitlines()


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def settings_read() -> set[str]:
    source = (ROOT / "eventreg" / "config.py").read_text("utf-8")
    return {f"EVENTREG_{name}" for name in READ.findall(source)} | {"EVENTREG_INSTANCE_DIR"}


def settings_of_tests() -> set[str]:
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    return {
        name
        for path in files
        if path != Path(__file__)
        for name in SETTING.findall(path.read_text("utf-8"))
        if name.startswith("EVENTREG_TEST_")
    }


def commands() -> dict[str, click.Command]:
    """Every command by its words: « events import »."""
    found: dict[str, click.Command] = {}

    def walk(command: click.Command, words: str) -> None:
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                walk(child, f"{words} {name}")
        else:
            found[words] = command

    for command in COMMANDS:
        walk(command, str(command.name))
    return found


def named(line: str) -> tuple[str, list[str]] | None:
    """(words of a command, its options) in a line of code that calls eventreg."""
    match = re.search(r"(?:^|\s|/)eventreg ((?:[a-z]+ ?)+)", f"{line} ")
    if match is None or line.startswith(("#", "Description", "User")):
        return None
    words = match[1].split()
    known = commands()
    for length in (3, 2, 1):
        if " ".join(words[:length]) in known:
            break
    return " ".join(words[:length]), re.findall(r"(?<!\S)--[a-z-]+", line[match.end(1) :])


@page
def test_a_command_in_the_documents_exists_with_its_options(page: Path) -> None:
    known = commands()
    for line in code(page.read_text("utf-8")):
        call = named(line)
        if call is None:
            continue
        words, options = call
        assert words in known, line
        offered = {option for param in known[words].params for option in param.opts} | {"--help"}
        assert set(options) <= offered, line


def test_an_operator_finds_every_command_in_the_readme() -> None:
    listed = set()
    for row in ROWS.findall(README.read_text("utf-8")):
        first = spans(cells(row)[0])
        if not first or not first[0].startswith("eventreg "):
            continue
        group = first[0].removeprefix("eventreg ").rpartition(" ")[0]
        for span in first:
            words = span.removeprefix("eventreg ")
            listed.add(words if span.startswith("eventreg ") else f"{group} {words}")
    assert listed == set(commands())


@page
def test_a_make_target_in_the_documents_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    asked = {
        match[1]
        for line in code(page.read_text("utf-8"))
        if (match := re.match(r"make ([a-z]+)", line))
    }
    assert asked <= targets


@page
def test_a_setting_in_the_documents_is_read_by_the_code(page: Path) -> None:
    asked = set(SETTING.findall(page.read_text("utf-8")))
    assert asked - settings_read() - settings_of_tests() == set()


def test_an_operator_finds_every_setting_in_the_table() -> None:
    rows = [cells(row) for row in ROWS.findall(OPERATIONS.read_text("utf-8"))]
    listed = {name for row in rows for name in SETTING.findall(row[0])}
    assert listed == settings_read()


def test_a_contributor_finds_every_setting_of_the_tests() -> None:
    asked = set(SETTING.findall(OPERATIONS.read_text("utf-8")))
    assert {name for name in asked if "_TEST_" in name} == settings_of_tests()


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@page
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = LINK.findall((folder / "README.md").read_text("utf-8"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))


def test_the_privacy_sheet_lists_every_personal_column_with_its_retention() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text("utf-8")
    tables = inventory()
    listed: dict[str, dict[str, str]] = {}
    for row in map(cells, ROWS.findall(text)):
        table = spans(row[0])
        if len(row) == 4 and table and table[0] in tables:
            kept = spans(row[2])[0]
            listed.setdefault(table[0], {}).update(dict.fromkeys(spans(row[1]), kept))
    assert listed == {
        table: {column: keep.value for column, keep in columns.items()}
        for table, columns in tables.items()
    }


def test_pictures_stay_light_for_whoever_clones() -> None:
    heavy = [
        path.name
        for path in (ROOT / "docs" / "images").iterdir()
        if path.stat().st_size > PICTURE_LIMIT
    ]
    assert heavy == []
