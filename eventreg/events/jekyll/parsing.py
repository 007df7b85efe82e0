"""Bytes of a document -> `Document`: content-format.md, section 11."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from zoneinfo import ZoneInfo

from eventreg.events.jekyll import (
    actions,
    audience,
    doubts,
    fields,
    front_matter,
    page,
    place,
    programme,
    registration,
    rendering,
    schedule,
    source,
    stated,
)
from eventreg.events.jekyll.document import (
    Audience,
    Document,
    Image,
    InfoField,
    Kind,
    Registration,
)
from eventreg.events.jekyll.front_matter import Plain, as_plain, word_for_word
from eventreg.events.jekyll.naming import MAX_SLUG, slug_of
from eventreg.events.jekyll.page import Page
from eventreg.events.jekyll.place import Place
from eventreg.events.jekyll.problems import N_, DocumentError, Findings, Problem
from eventreg.events.jekyll.programme import Reading
from eventreg.events.jekyll.schedule import Schedule
from eventreg.events.jekyll.source import Source
from eventreg.events.jekyll.stated import Stated
from eventreg.events.jekyll.values import MAX_TITLE, Values
from eventreg.events.jekyll.words import fold, is_placeholder, squeeze
from eventreg.shared import richtext

_KNOWN = frozenset(
    {"title", "date", "published", "categories", "categorie", "tags", "chapeau-text", "timezone"}
    | {"une-ou-diaporama", "event_start_date", "event_end_date", "event_date", "dateEvent"}
    | {"lieu", "adresse", "acces", "afficher_la_carte", "champs_informations"}
    | {"contact-presse", "files", stated.KEY}
)
_EVENT_KEYS = (
    "event_start_date",
    "event_date",
    "dateEvent",
    "champs_informations",
    "lieu",
    stated.KEY,
)
_NEWS_KEYS = ("contact-presse", "files")
_DATED = ("event_start_date", "event_date", "dateEvent", stated.KEY)
_EVENT_FOLDER = re.compile(r"_?(?:evenements?|events?|agenda)\b.*")
_BLANK_LINES = re.compile(r"\n{3,}")


def parse(raw: bytes, name: str) -> Document:
    """The document in `raw`, named `name` (file name or path). Raises DocumentError.

    The error lists every problem found; `Document.warnings` holds the doubts.
    """
    findings = Findings()
    parts = source.read(raw, findings)
    too_much = bool(findings.errors)
    table = front_matter.load(parts.front_matter, findings) if parts else None
    if parts is None or table is None or too_much:
        raise DocumentError(tuple(findings.errors), name)
    document = _Builder(parts, Values(table, findings), name, findings).build(raw)
    if findings.errors:
        raise DocumentError(tuple(sorted(findings.errors, key=lambda p: p.line or 0)), name)
    return document


@dataclass(frozen=True, slots=True)
class _Event:
    """The facts only an event has; a press release has none of them."""

    schedule: Schedule = field(default_factory=Schedule)
    place: Place = field(default_factory=Place)
    registration: Registration = field(default_factory=Registration)
    audience: Audience = field(default_factory=Audience)
    capacity: int | None = None
    programme: Reading = field(default_factory=Reading)


NEWS = _Event()


class _Builder:
    def __init__(self, parts: Source, values: Values, name: str, findings: Findings) -> None:
        self.parts = parts
        self.values = values
        self.name = name
        self.findings = findings

    def build(self, raw: bytes) -> Document:
        values = self.values
        zone = values.zone()
        title = self._title()
        slug = self._slug()
        categories = self._categories()
        kind = self._kind(categories)
        lead_markdown = values.text("chapeau-text", limit=richtext.MAX_CHARS)
        infos = self._fields()
        blocks = tuple(richtext.blocks(self.parts.body, self.parts.body_line))
        numbered = [""] * (self.parts.body_line - 1) + self.parts.body.split("\n")
        buttons = actions.buttons(blocks, numbered, self.findings)
        lead = self._plain(lead_markdown)
        whole = page.assemble(
            infos, (lead or "", values.line("chapeau-text") or 1), blocks, buttons
        )
        told = stated.read(values.table.get(stated.KEY), zone, self.findings)
        facts = self._event(whole, categories, zone) if kind == "event" else NEWS
        if told.programme is not None:
            facts = replace(facts, programme=Reading())
        body = self._body(facts.programme.lines)
        body_html, videos = rendering.render(body, self.parts.body_line, self.findings)
        lead_html, _videos = rendering.render(
            lead_markdown or "", values.line("chapeau-text") or 1, self.findings
        )
        when, where = facts.schedule, facts.place
        images = values.images()
        self._doubt(whole, numbered, facts, images)
        document = Document(
            name=self.name,
            slug=slug,
            kind=kind,
            draft=self._draft(kind, title, body, dated=_dated(when, told)),
            title=title,
            document_date=values.moment("date", zone),
            categories=categories,
            tags=values.texts("tags"),
            lead=lead,
            lead_markdown=lead_markdown,
            lead_html=lead_html,
            images=images,
            start=when.start,
            end=when.end,
            timezone=zone.key,
            multi_day=when.multi_day,
            venue=where.venue,
            address=where.address,
            postal_code=where.postal_code,
            city=where.city,
            online=where.online,
            show_map=values.flag("afficher_la_carte"),
            access=values.access(),
            info_fields=infos,
            registration=facts.registration,
            audience=facts.audience,
            capacity=facts.capacity,
            press_contacts=values.press_contacts(),
            files=values.files(),
            videos=videos,
            calls_to_action=tuple(button.link for button in buttons),
            programme=facts.programme.programme,
            body=body,
            body_html=body_html,
            source=self.parts.text,
            content_hash=hashlib.sha256(raw).hexdigest(),
            extra=self._extra(),
            warnings=(),
            settings=word_for_word(values.table.get(stated.KEY)),
            withheld=values.flag("published") is False,
        )
        if kind == "event" and told != Stated():
            document = stated.apply(document, told, self.findings)
        return replace(document, warnings=self._warnings(told))

    def _warnings(self, told: Stated) -> tuple[Problem, ...]:
        """The doubts by line, without those about what the document states outright."""
        settled = {"date-missing", "date-from-text"} if told.values.get("starts_at") else set()
        doubted = (w for w in self.findings.warnings if w.code not in settled)
        return tuple(sorted(doubted, key=lambda problem: problem.line or 0))

    def _doubt(
        self, whole: Page, lines: list[str], facts: _Event, images: tuple[Image, ...]
    ) -> None:
        doubts.body_links(whole, lines, self.findings)
        doubts.removed_html(lines, self.parts.body_line, self.findings)
        doubts.pictures(images, self.values.line("une-ou-diaporama"), facts.schedule, self.findings)
        if facts is not NEWS:
            doubts.sentences(whole, facts.place, self.findings)

    def _title(self) -> str:
        title = self.values.short("title")
        if title and len(title) <= MAX_TITLE:
            return title
        if title:
            self.findings.error(
                self.values.line("title"),
                "value-too-long",
                N_("The value of “%(key)s” is longer than %(limit)s characters."),
                key="title",
                limit=MAX_TITLE,
            )
        else:
            self.findings.error(2, "title-missing", N_("The document has no title."))
        return ""

    def _categories(self) -> tuple[str, ...]:
        written, older = self.values.texts("categories"), self.values.texts("categorie")
        doubts.categories(written, older, self.values.line("categorie"), self.findings)
        return written or older

    def _slug(self) -> str:
        slug = slug_of(self.name)
        if not slug:
            self.findings.error(
                None, "name-unusable", N_("No address can be made from the file name.")
            )
        elif len(slug) > MAX_SLUG:
            self.findings.error(
                None,
                "name-too-long",
                N_("The file name is longer than %(limit)s characters: shorten it."),
                limit=MAX_SLUG,
            )
        return slug

    def _kind(self, categories: tuple[str, ...]) -> Kind:
        """An event by its keys or folder; a page that says nothing yet is an event to come."""
        has = self.values.table.get
        if any(fold(category).startswith("communique") for category in categories):
            return "news"
        if any(has(key) for key in _NEWS_KEYS) and not any(has(key) for key in _DATED):
            return "news"
        folders = PurePath(self.name.replace("\\", "/")).parts[:-1]
        if any(has(key) for key in _EVENT_KEYS) or any(map(_EVENT_FOLDER.fullmatch, folders)):
            return "event"
        return "news" if has("chapeau-text") or self.parts.body.strip() else "event"

    def _fields(self) -> tuple[InfoField, ...]:
        read = (
            fields.read(table, self.findings) for table in self.values.tables("champs_informations")
        )
        return tuple(field for field in read if field is not None)

    def _event(self, whole: Page, categories: tuple[str, ...], zone: ZoneInfo) -> _Event:
        when = schedule.read(self.values, whole, zone, self.findings)
        return _Event(
            schedule=when,
            place=place.read(self.values, whole, categories, self.findings),
            registration=registration.read(whole, when, zone, self.findings),
            audience=audience.audience(whole),
            capacity=audience.capacity(whole),
            programme=programme.read(whole.blocks, when, zone, self.findings),
        )

    def _plain(self, markdown: str | None) -> str | None:
        return (richtext.plain(markdown) or None) if markdown else None

    def _body(self, taken: frozenset[int]) -> str:
        """The Markdown without the lines of the programme."""
        lines = self.parts.body.split("\n")
        kept = (
            "" if number in taken else line
            for number, line in enumerate(lines, self.parts.body_line)
        )
        return _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip("\n")

    def _draft(self, kind: Kind, title: str, body: str, *, dated: bool) -> bool:
        if self.values.flag("published") is False:
            return True
        unfinished = fold(title).startswith("[duplication]") or is_placeholder(title)
        unfinished = unfinished or fold(body).lstrip().startswith("lorem ipsum")
        if unfinished:
            self.findings.warn(
                self.parts.body_line,
                "unfinished",
                N_("The document is a copy or a filler text: it stays a draft."),
            )
        return unfinished or (kind == "event" and not dated)

    def _extra(self) -> dict[str, Plain]:
        extra: dict[str, Plain] = {}
        for name, node in self.values.table.entries:
            if name.value in _KNOWN:
                continue
            extra[name.value] = as_plain(node)
            if extra[name.value] is not None:
                self.findings.warn(
                    name.line,
                    "unknown-key",
                    N_("The key “%(key)s” is not known; it is kept as it is."),
                    key=squeeze(name.value),
                )
        return extra


def _dated(when: Schedule, told: Stated) -> bool:
    """Whether the start is certain."""
    return bool(told.values.get("starts_at")) or not (when.start is None or when.guessed)
