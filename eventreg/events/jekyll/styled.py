"""Text that knows which of its characters are bold, italic or linked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from eventreg.events.jekyll.document import Link
from eventreg.events.jekyll.words import fold, squeeze
from eventreg.shared.richtext import Run, safe_href

SEPARATORS = " \t\xa0\u202f-\u2013\u2014/:|,;"
_LEADING = re.compile(r"[\s\-\u2013\u2014/:|,;]*")


@dataclass(frozen=True, slots=True)
class Styled:
    """Runs of one line of text."""

    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def folded(self) -> str:
        return fold(self.text)

    def cut(self, start: int, end: int | None = None) -> "Styled":
        """The characters [start, end) with their styles."""
        kept, position = [], 0
        for run in self.runs:
            first = max(0, start - position)
            last = len(run.text) if end is None else min(len(run.text), end - position)
            if first < last:
                kept.append(Run(run.text[first:last], run.bold, run.italic, run.href))
            position += len(run.text)
        return Styled(tuple(kept))

    def without_separators(self) -> "Styled":
        """Without the separators it starts with."""
        match = _LEADING.match(self.text)
        return self.cut(match.end() if match else 0)

    def bold_spans(self) -> list[tuple[int, int]]:
        """Where it is bold, white space at the ends not counted."""
        spans, position = [], 0
        for run in self.runs:
            if run.bold and run.text.strip():
                left = len(run.text) - len(run.text.lstrip())
                spans.append((position + left, position + len(run.text.rstrip())))
            position += len(run.text)
        return _merged(spans)

    def is_bold(self) -> bool:
        return bool(self.text.strip()) and all(
            run.bold or not run.text.strip() for run in self.runs
        )

    def is_italic(self) -> bool:
        return bool(self.text.strip()) and all(
            run.italic or not run.text.strip(SEPARATORS) for run in self.runs
        )

    def links(self) -> Iterator[Link]:
        """The links with an address that may be shown."""
        for written, group in groupby(self.runs, key=lambda run: run.href):
            text = squeeze("".join(run.text for run in group))
            href = safe_href(written or "")
            if href and text:
                yield Link(text, href)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def lines(runs: list[Run]) -> list[Styled]:
    """The lines of a block, breaks of all kinds dropped."""
    result: list[list[Run]] = [[]]
    for run in runs:
        for index, part in enumerate(run.text.split("\n")):
            if index:
                result.append([])
            if part:
                result[-1].append(Run(part, run.bold, run.italic, run.href))
    return [Styled(tuple(line)) for line in result]
