"""A form as a YAML file: read in bounded time with the line of every key, written back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from eventreg.events.jekyll import front_matter
from eventreg.events.jekyll.front_matter import Items, Node, Table, Text
from eventreg.events.jekyll.problems import Findings
from eventreg.shared.errors import N_

BYTES_LIMIT = 256 * 1024
TOO_LARGE = N_("The file is larger than %(limit)s kB.")
NOT_UTF8 = N_("The file is not UTF-8 text.")
# The reader of documents speaks of a front matter; here it is the whole file.
_WORDS: Mapping[str, str] = {
    "yaml-several-documents": N_("The file holds several YAML documents."),
    "yaml-too-deep": N_("The file is nested more than %(limit)s levels deep."),
    "yaml-key": N_("A key of the file is not a plain text."),
    "yaml-not-a-mapping": N_("The file is not a list of keys and values."),
}
_SYNTAX = N_("The file is not valid YAML (column %(column)s).")


@dataclass(frozen=True)
class Problem:
    """A line that cannot be used: an English id and its parameters."""

    line: int
    message: str
    params: Mapping[str, Any]
    path: str = ""


@dataclass(frozen=True)
class File:
    """Plain data, and the line of each path in it."""

    data: dict[str, Any]
    lines: Mapping[str, int]
    problems: tuple[Problem, ...] = ()

    def line(self, path: str) -> int:
        """The line of a path, or of what holds it."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get(path, 1)


def read(content: bytes) -> File:
    """Reads a file; problems say why it cannot be. Anchors, aliases and tags are refused."""
    if len(content) > BYTES_LIMIT:
        return File({}, {}, (Problem(1, TOO_LARGE, {"limit": BYTES_LIMIT // 1024}),))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        return File({}, {}, (Problem(line, NOT_UTF8, {}),))
    findings = Findings()
    table = front_matter.load(text, findings, first_line=1)
    if findings.errors or table is None:
        return File({}, {}, tuple(_problem(one) for one in findings.errors))
    lines = dict(_lines(table, ""))
    data = front_matter.as_plain(table)
    return File(data if isinstance(data, dict) else {}, lines)


def _problem(one: Any) -> Problem:
    message = _WORDS.get(one.code, one.message)
    if "front matter" in message:
        message = _SYNTAX
    return Problem(one.line, message, one.params)


def _lines(node: Node, path: str) -> Iterator[tuple[str, int]]:
    yield path, node.line
    if isinstance(node, Items):
        for index, entry in enumerate(node.values):
            yield from _lines(entry, f"{path}[{index}]")
    elif isinstance(node, Table):
        for name, entry in node.entries:
            at = f"{path}.{name.value}" if path else name.value
            yield at, name.line
            if not isinstance(entry, Text):
                yield from _lines(entry, at)


class _Dumper(yaml.SafeDumper):
    """Values in the order of the form, without anchors for what is said twice."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def write(data: Mapping[str, Any]) -> str:
    """The file that `read` gives back."""
    text: str = yaml.dump(
        dict(data), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100
    )
    return text if data else ""
