"""Lists in HTML and tables, taken apart into the blocks that Markdown would have given.

Only programmes are read this way. The parts keep the lines of the document, so that what was read
can leave the text without its neighbours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eventreg.events.jekyll import dates
from eventreg.events.jekyll.words import fold, squeeze
from eventreg.shared.richtext import Block, runs, spans

_ITEMS = re.compile(r"<li\b", re.IGNORECASE)
_EDGES = re.compile(r"</?(li|ul|ol|h[1-6]|p|div)\b[^<>]*>", re.IGNORECASE)
_LIST_TAG = re.compile(r"\s*</?[uo]l\b[^<>]*>\s*", re.IGNORECASE)
_SHOWS = re.compile(r"<(?:img|iframe|video|audio|table)\b", re.IGNORECASE)
_RULE = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*\|?\s*")
_HOURS_CELL = re.compile(rf"\s*{dates.HOURS}\s*")
_PEOPLE = re.compile(r"(?:co-?)?(?:intervenant|orat|animat|speaker|moderat|par qui)")
_FIRST_ITEM = 1_000_000  # no list of a document counts so far
MAX_PARTS = 2_000


@dataclass(frozen=True, slots=True)
class Unfolded:
    """The blocks to walk over, and the lines of each that came from a larger one."""

    blocks: tuple[Block, ...]
    wholes: tuple[tuple[Block, tuple[Block, ...]], ...] = ()

    def settle(self, taken: set[int]) -> bool:
        """Add the lines that only held a list or a table together; False when lines are shared."""
        for whole, parts in self.wholes:
            lines = set(range(whole.start, whole.end))
            if not lines & taken:
                continue
            left = {n for part in parts if part.start not in taken for n in _lines(part)}
            if left & taken:
                return False
            taken |= _frame(whole, left) if left else lines
        return True


def unfold(blocks: tuple[Block, ...]) -> Unfolded:
    """Blocks with HTML lists and tables taken apart."""
    out: list[Block] = []
    wholes: list[tuple[Block, tuple[Block, ...]]] = []
    for block in blocks:
        parts = tuple(_parts(block)) if len(out) < MAX_PARTS else ()
        if parts:
            wholes.append((block, parts))
        out += parts or (block,)
    return Unfolded(tuple(out), tuple(wholes))


def shows(block: Block) -> bool:
    """Whether a block of HTML holds more than text: then it stays in the body."""
    return block.kind == "html" and _SHOWS.search(block.source) is not None


def _parts(block: Block) -> Iterator[Block]:
    if block.kind == "html" and _ITEMS.search(block.source) and not shows(block):
        yield from _of_html(block)
    elif block.kind == "paragraph" and block.source.lstrip().startswith("|"):
        yield from _of_table(block)


class _Place:
    """Where in headings and lists a walk over HTML stands."""

    def __init__(self, block: Block) -> None:
        self.count = _FIRST_ITEM + block.start * 1_000
        self.items: list[int] = []
        self.depth = 0
        self.level = 0
        self.fresh = False

    @property
    def item(self) -> int:
        return self.items[-1] if self.items else 0

    def step(self, name: str, *, closes: bool) -> None:
        if name in {"ul", "ol"}:
            self.depth = max(0, self.depth + (-1 if closes else 1))
        elif name == "li":
            self._item(closes=closes)
        elif name.startswith("h"):
            self.level = 0 if closes else int(name[1])

    def _item(self, *, closes: bool) -> None:
        if self.items and (closes or len(self.items) >= max(self.depth, 1)):
            self.items.pop()
        if not closes:
            self.count += 1
            self.items.append(self.count)
            self.fresh = True


def _of_html(block: Block) -> Iterator[Block]:
    """One block for each run of text between the tags that split it."""
    place, position = _Place(block), 0
    for match in (*_EDGES.finditer(block.source), None):
        text = block.source[position : match.start() if match else len(block.source)]
        if squeeze("".join(run.text for run in runs(text))):
            yield _piece(block, text, position, place)
            place.fresh = False
        if match:
            position = match.end()
            place.step(match.group(1).lower(), closes=match.group().startswith("</"))


def _piece(block: Block, text: str, at: int, place: _Place) -> Block:
    start = block.start + block.source.count("\n", 0, at + len(text) - len(text.lstrip()))
    written = text.strip()
    return Block(
        kind="heading" if place.level and not place.item else "paragraph",
        source=written,
        start=start,
        end=start + written.count("\n") + 1,
        level=place.level,
        depth=place.depth if place.item else 0,
        item=place.item,
        leads=place.fresh,
        pieces=tuple(spans.read(written)),
    )


def _of_table(block: Block) -> Iterator[Block]:
    """Rows that all begin with hours become bullets: hours, title, people, the rest."""
    rows = block.source.strip().split("\n")
    head = next((i for i, row in enumerate(rows[1:3], 1) if _RULE.fullmatch(row)), None)
    if head is None:
        return
    names = [fold(name) for name in _cells(rows[head - 1])]
    timed = [_cells(row) for row in rows[head + 1 :]]
    if not all(len(row) > 1 and _HOURS_CELL.fullmatch(fold(row[0]).strip("* ")) for row in timed):
        return
    for number, cells in enumerate(timed, head + 1):
        hours = cells[0].strip("* ")
        lines = [f"**{hours}** : {cells[1]}"]
        for name, cell in zip([*names[2:], *[""] * len(cells)], cells[2:], strict=False):
            if cell:
                lines.append(f"Intervenants : {cell}" if _PEOPLE.match(name) else cell)
        written = "\n".join(lines)
        yield Block(
            kind="paragraph",
            source=written,
            start=block.start + number,
            end=block.start + number + 1,
            depth=1,
            item=_FIRST_ITEM + (block.start + number) * 1_000,
            leads=True,
            pieces=tuple(spans.read(written)),
        )


def _cells(row: str) -> list[str]:
    return [squeeze(cell) for cell in row.strip().strip("|").split("|")]


def _lines(block: Block) -> range:
    return range(block.start, block.end)


def _frame(whole: Block, left: set[int]) -> set[int]:
    """Lines that hold nothing but the tags of lists, when no item is left."""
    lines = list(enumerate(whole.source.split("\n"), whole.start))
    if any(number in left and _ITEMS.search(line) for number, line in lines):
        return set()
    return {number for number, line in lines if _LIST_TAG.fullmatch(line)}
