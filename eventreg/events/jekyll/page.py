"""The texts of a document in the order in which facts are looked for: fields, lead, body."""

from collections.abc import Iterator
from dataclasses import dataclass

from eventreg.events.jekyll.document import InfoField, Link
from eventreg.events.jekyll.words import fold, sentences, squeeze
from eventreg.shared.richtext import Block, Run

# Longer ones are no sentences; the bound keeps every search in them short.
MAX_SENTENCE = 2_000


@dataclass(frozen=True, slots=True)
class Button:
    """A call to action in the body; `context` is the text of its block (deadline, audience)."""

    link: Link
    context: str
    line: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it stands: field, button, lead or body; folded for searching."""

    text: str
    place: str
    line: int
    folded: str

    @classmethod
    def of(cls, text: str, place: str, line: int) -> "Sentence":
        return cls(text, place, line, fold(text[:MAX_SENTENCE]))


@dataclass(frozen=True, slots=True)
class BodyLink:
    """A link of the body's text, with the sentence around it."""

    link: Link
    around: str
    line: int


@dataclass(frozen=True, slots=True)
class Page:
    """Everything facts are read from."""

    fields: tuple[InfoField, ...]
    lead: str
    lead_line: int
    blocks: tuple[Block, ...]
    buttons: tuple[Button, ...]
    sentences: tuple[Sentence, ...]
    links: tuple[BodyLink, ...]


def assemble(
    fields: tuple[InfoField, ...],
    lead: tuple[str, int],
    blocks: tuple[Block, ...],
    buttons: tuple[Button, ...],
) -> Page:
    """The page of a document whose parts were read before."""
    found = [
        *(Sentence.of(text, "field", field.line) for field in fields for text in _field(field)),
        *(Sentence.of(squeeze(button.context), "button", button.line) for button in buttons),
        *(Sentence.of(text, "lead", lead[1]) for text in sentences(lead[0])),
        *(
            Sentence.of(text, "body", block.start)
            for block in blocks
            for text in sentences(block.text())
        ),
    ]
    return Page(fields, *lead, blocks, buttons, tuple(found), tuple(_links(blocks)))


def _field(field: InfoField) -> Iterator[str]:
    if field.value:
        yield from sentences(field.value)
    if field.label:
        yield f"{field.label} : {field.value or ''}".strip(" :")


def _links(blocks: tuple[Block, ...]) -> Iterator[BodyLink]:
    for block in blocks:
        for text, href, around in _linked(block.runs()):
            yield BodyLink(Link(text, href), around, block.start)


def _linked(runs: list[Run]) -> Iterator[tuple[str, str, str]]:
    """Text, address and line of text around each link."""
    whole = "".join(run.text for run in runs)
    position = 0
    label = ""
    for index, run in enumerate(runs):
        position += len(run.text)
        if run.href is None:
            continue
        label += run.text
        if index + 1 == len(runs) or runs[index + 1].href != run.href:
            start = whole.rfind("\n", 0, position) + 1
            end = whole.find("\n", position)
            yield squeeze(label), run.href, whole[start : end if end >= 0 else len(whole)]
            label = ""
