"""YAML front matter as plain text values that know their line.

Nothing is resolved (`9:30` stays text, `yes` stays text), and what could make YAML surprising or
costly is refused by name: anchors, aliases, tags, duplicate keys, several documents, deep nesting.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from eventreg.events.jekyll.problems import N_, Findings

MAX_DEPTH = 20
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEP = re.compile(r"(?:[\[{]\s?){21}")
_NOT_YAML = N_("The front matter is not valid YAML (column %(column)s).")
# What libyaml says, in the words of someone who writes pages.
_REASONS = (
    (
        "mapping values are not allowed",
        N_("A value that holds “: ” must stand in quotes (column %(column)s)."),
    ),
    ("unexpected end of stream", N_("A quotation mark is not closed (column %(column)s).")),
    (
        "could not find expected ':'",
        N_("A key must be followed by “: ” and its value (column %(column)s)."),
    ),
    (
        "did not find expected",
        N_("The indentation, a quotation mark or a bracket is wrong here (column %(column)s)."),
    ),
)
_TAB = re.compile(r"[ ]*\t")


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar: its text; an empty plain scalar is YAML's null."""

    value: str
    line: int
    plain: bool = True

    @property
    def is_null(self) -> bool:
        return self.plain and self.value in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    values: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; keys are text, in the order of the document."""

    entries: tuple[tuple[Text, "Node"], ...]
    line: int

    def get(self, key: str) -> "Node | None":
        """The value of a key; None when it is absent or null."""
        for name, node in self.entries:
            if name.value == key and not (isinstance(node, Text) and node.is_null):
                return node
        return None


Node = Text | Items | Table
Plain = str | None | list[Any] | dict[str, Any]


def as_plain(node: Node) -> Plain:
    """The value in plain Python: text, None, lists and dictionaries, kept word for word."""
    if isinstance(node, Text):
        return None if node.is_null else node.value
    if isinstance(node, Items):
        return [as_plain(value) for value in node.values]
    return {name.value: as_plain(value) for name, value in node.entries}


def word_for_word(node: Node | None) -> dict[str, Any]:
    """A table in plain Python; empty for anything else."""
    found = as_plain(node) if isinstance(node, Table) else {}
    return found if isinstance(found, dict) else {}


class _Refused(Exception):
    """The rest of the front matter is not worth reading."""


class _Composer:
    """Builds nodes from libyaml's events, noting what is refused."""

    def __init__(self, text: str, first_line: int, findings: Findings) -> None:
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self.first_line = first_line
        self.findings = findings

    def document(self) -> Node | None:
        node: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.findings.error(
                        self._line(event),
                        "yaml-several-documents",
                        N_("The front matter holds several YAML documents."),
                    )
                    raise _Refused
                node = self._node(next(self.events), 1)
        return node

    def _line(self, event: Any) -> int:
        return int(event.start_mark.line) + self.first_line

    def _node(self, event: Any, depth: int) -> Node:
        line = self._line(event)
        self._refuse_tricks(event, line)
        if depth > MAX_DEPTH:
            self.findings.error(
                line,
                "yaml-too-deep",
                N_("The front matter is nested more than %(limit)s levels deep."),
                limit=MAX_DEPTH,
            )
            raise _Refused
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(tuple(self._children(yaml.SequenceEndEvent, depth)), line)
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(depth, line)
        if isinstance(event, yaml.ScalarEvent):
            return Text(str(event.value), line, plain=not event.style)
        return Text("", line)

    def _refuse_tricks(self, event: Any, line: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.findings.error(
                line,
                "yaml-alias",
                N_("YAML aliases (*%(name)s) are not accepted."),
                name=event.anchor,
            )
        elif event.anchor is not None:
            self.findings.error(
                line,
                "yaml-anchor",
                N_("YAML anchors (&%(name)s) are not accepted."),
                name=event.anchor,
            )
        elif event.tag is not None:
            self.findings.error(
                line, "yaml-tag", N_("YAML tags (%(name)s) are not accepted."), name=event.tag
            )
        if len(self.findings.errors) >= 20:
            raise _Refused

    def _children(self, end: type[Any], depth: int) -> Iterator[Node]:
        for event in self.events:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)

    def _table(self, depth: int, line: int) -> Table:
        entries: list[tuple[Text, Node]] = []
        seen: dict[str, int] = {}
        children = self._children(yaml.MappingEndEvent, depth)
        for key in children:
            value = next(children, Text("", line))
            if not isinstance(key, Text):
                self.findings.error(
                    key.line, "yaml-key", N_("A key of the front matter is not a plain text.")
                )
                continue
            if key.value in seen:
                self.findings.error(
                    key.line,
                    "yaml-duplicate-key",
                    N_("The key “%(key)s” is already on line %(first)s."),
                    key=key.value,
                    first=seen[key.value],
                )
                continue
            seen[key.value] = key.line
            entries.append((key, value))
        return Table(tuple(entries), line)


def load(text: str, findings: Findings, first_line: int = 2) -> Table | None:
    """The front matter's table; None, with an error in `findings`, when it cannot be read.

    Errors that leave the rest readable (duplicate key, anchor, tag) come with a table.
    """
    try:
        node = _Composer(text, first_line, findings).document()
    except _Refused:
        return None
    except yaml.YAMLError as problem:
        _syntax(problem, text, first_line, findings)
        return None
    if node is None or (isinstance(node, Text) and node.is_null):
        return Table((), first_line)
    if isinstance(node, Table):
        return node
    findings.error(
        node.line,
        "yaml-not-a-mapping",
        N_("The front matter is not a list of keys and values."),
    )
    return None


def _syntax(problem: yaml.YAMLError, text: str, first_line: int, findings: Findings) -> None:
    if deep := _DEEP.search(text):
        findings.error(
            first_line + text.count("\n", 0, deep.start()),
            "yaml-too-deep",
            N_("The front matter is nested more than %(limit)s levels deep."),
            limit=MAX_DEPTH,
        )
        return
    tabs = [i for i, line in enumerate(text.split("\n"), first_line) if _TAB.match(line)]
    for line in tabs[:20]:
        findings.error(line, "yaml-tab", N_("A tab indents this line; YAML accepts spaces only."))
    unclosed = "end of stream" in str(getattr(problem, "problem", ""))
    marks = [getattr(problem, name, None) for name in ("problem_mark", "context_mark")]
    mark = next((mark for mark in (reversed(marks) if unclosed else marks) if mark), None)
    line = mark.line + first_line if mark else first_line
    if line not in tabs:
        reason = str(getattr(problem, "problem", None) or getattr(problem, "reason", ""))
        message = next((said for part, said in _REASONS if part in reason), _NOT_YAML)
        findings.error(line, "yaml-syntax", message, column=mark.column + 1 if mark else 1)
