"""The programme inside the body: content-format.md, sections 9 and 11, point 16.

A walk over the blocks that keeps in mind the day, hour, room and section above. What is not
understood stays in the body; when words would be lost or hours run backwards, everything does.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from eventreg.events.jekyll import checks, dates, day_headings, headings, sessions, unfolding
from eventreg.events.jekyll.dates import FoundHours
from eventreg.events.jekyll.document import Programme
from eventreg.events.jekyll.draft import Draft
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.schedule import Schedule
from eventreg.events.jekyll.styled import Styled, lines
from eventreg.events.jekyll.words import fold, squeeze
from eventreg.shared.richtext import Block

MAX_SESSIONS = 1_000
_ROOM = re.compile(r"(?:salle|amphi\w{0,12}|plateau|salon|parcours|espace|scene)\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """The programme, and the lines of the document it was read from."""

    programme: Programme = field(default_factory=Programme)
    lines: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Context:
    """What stands above the block being read."""

    day: date | None = None
    hour: FoundHours | None = None
    room: str | None = None
    section: str | None = None
    section_level: int = 0
    day_level: int = 7
    heading_lines: list[int] = field(default_factory=list)
    draft: Draft | None = None
    item: int = 0
    last_line: int = 0
    list_number: int = 0
    takes_blocks: bool = False
    takes_list: bool = False
    wide: Draft | None = None


def read(
    blocks: tuple[Block, ...], schedule: Schedule, zone: ZoneInfo, findings: Findings
) -> Reading:
    """The sessions of a body; an empty reading when it holds no programme."""
    unfolded = unfolding.unfold(blocks)
    blocks = unfolded.blocks
    walk = _Walk(blocks, schedule)
    walk.run()
    if len([draft for draft in walk.drafts if draft.start]) < 2:
        return Reading()
    first = walk.drafts[0].line
    if len(walk.drafts) > MAX_SESSIONS:
        findings.error(
            first,
            "too-many-sessions",
            N_("The programme has more than %(limit)s sessions."),
            limit=MAX_SESSIONS,
        )
        return Reading()
    if (
        checks.backwards(walk.drafts)
        or checks.lost_words(walk.drafts)
        or checks.other_pages(walk.drafts)
    ):
        return _kept_as_text(first, findings)
    heading = headings.above(blocks, walk.taken)
    above = set(range(heading.start, heading.end)) if heading else set()
    taken = walk.taken | above | headings.emptied(blocks, walk.taken | above)
    if not unfolded.settle(taken):
        return _kept_as_text(first, findings)
    checks.use_sections(walk.drafts, walk.sections)
    for draft in walk.drafts:
        if draft.title is None:
            findings.warn(draft.line, "session-empty", N_("A session has hours but no title."))
    found = tuple(draft.finish(zone) for draft in checks.in_order(walk.drafts))
    title = headings.title(heading) or checks.only_section(walk.sections)
    return Reading(Programme(found, title), frozenset(taken))


def _kept_as_text(line: int, findings: Findings) -> Reading:
    findings.warn(
        line,
        "programme-kept-as-text",
        N_("The programme was not understood with certainty: it stays in the text."),
    )
    return Reading()


class _Walk:
    def __init__(self, blocks: tuple[Block, ...], schedule: Schedule) -> None:
        self.blocks = blocks
        self.around = schedule.first_day
        self.last = schedule.last_day
        self.only_day = None if schedule.multi_day else schedule.first_day
        self.context = _Context(day=self.only_day)
        self.drafts: list[Draft] = []
        self.sections: dict[int, str | None] = {}
        self.taken: set[int] = set()

    def run(self) -> None:
        for block in self.blocks:
            if len(self.drafts) > MAX_SESSIONS:
                return
            if block.kind == "code" or unfolding.shows(block):
                self.context.draft = None
                continue
            texts = lines(block.runs())
            if not self._heading(block, texts):
                self._content(block, texts)
            self.context.last_line = block.end

    def _heading(self, block: Block, texts: list[Styled]) -> bool:
        """Whether the block is a heading or stands for one; then the context is set."""
        text = squeeze(" ".join(line.text for line in texts))
        bold = (
            block.kind == "paragraph" and not block.item and len(texts) == 1 and texts[0].is_bold()
        )
        if block.item or not (block.level or bold):
            return False
        text = text.strip(" *")
        if found := day_headings.read(text, self.around, self.last):
            self._new_day(block, *found)
        elif hours := sessions.hours_alone(Styled(texts[0].runs)) if len(texts) == 1 else None:
            self._new_hour(block, hours, bold=bold)
        elif bold and _ROOM.match(fold(text)):
            self._close()
            self.context.room, self.context.hour = text, None
        elif block.level and not sessions.begin(Styled(tuple(block.runs())), 0, None, bullet=False):
            self._new_section(block, text)
        else:
            return False
        return True

    def _close(self) -> None:
        self.context.draft = None
        self.context.takes_blocks = self.context.takes_list = False
        self.context.list_number += 1

    def _new_day(self, block: Block, day: date, theme: str | None) -> None:
        """`### Jeudi 15 juin : la donnée`: the day, and the track of what stands below it."""
        self._close()
        self.context.day_level = block.level or 7
        if block.level and block.level <= self.context.section_level:
            self.context.section = None
        self.context.day, self.context.hour, self.context.room = day, None, theme or None
        self.context.heading_lines = list(range(block.start, block.end))

    def _new_hour(self, block: Block, hours: FoundHours, *, bold: bool) -> None:
        """`#### 14h`: the bullets below are sessions. `**8h - 11h**`: they are its points."""
        self._close()
        if not bold or hours.end is None:
            self.context.hour = hours
            self.context.heading_lines += range(block.start, block.end)
            return
        draft = Draft(block.start, None, hours.start, hours.end)
        wide = self.context.wide
        if wide and wide.start and wide.end and wide.start <= hours.start and hours.end <= wide.end:
            draft.title, draft.room = wide.title, wide.room
        self._keep(draft, block)
        self.context.takes_blocks = True

    def _new_section(self, block: Block, text: str) -> None:
        self._close()
        context = self.context
        plain = headings.announces_programme(text) or day_headings.is_part_of_day(text)
        context.section = None if plain else text
        context.section_level = block.level
        context.hour, context.room, context.wide = None, None, None
        context.heading_lines = []
        if self.only_day or (not context.section and block.level <= context.day_level):
            context.day = self.only_day

    def _says_the_day(self, block: Block, texts: list[Styled]) -> None:
        """`*Le 16 décembre à Paris*` under a heading: the day of what follows; it stays text."""
        if block.item or len(texts) != 1 or not texts[0].is_italic() or len(texts[0].text) > 80:
            return
        found = dates.days(texts[0].text, self.around)
        if len(found) == 1 and len(set(dates.range_days(texts[0].text, found[0]))) == 1:
            self.context.day = found[0].day

    def _content(self, block: Block, texts: list[Styled]) -> None:
        if self._starts(block, texts):
            return
        self._says_the_day(block, texts)
        draft = self.context.draft
        if draft is not None and self._belongs(block, draft):
            self._add(block, draft, texts)
        else:
            self._close()

    def _starts(self, block: Block, texts: list[Styled]) -> bool:
        bullet = block.leads and (block.depth == 1 or self.context.draft is None)
        if block.item and not bullet:
            return False
        context = self.context
        if bullet and (draft := sessions.begin_titled(texts, block.start, self.around)):
            self._keep(draft, block)
            context.takes_blocks = True
            return True
        if self._starts_with_hours(block, texts, bullet=bullet):
            return True
        if bullet and context.hour and texts[0].bold_spans():
            draft = Draft(block.start, None, context.hour.start, context.hour.end)
            for line in texts:
                sessions.add_line(draft, line)
            self._keep(draft, block)
            return True
        if (
            not bullet
            and len(texts) == 1
            and (wide := sessions.begin_in_bold(texts[0], block.start))
        ):
            self._keep(wide, block)
            context.wide, context.takes_blocks = wide, True
            return True
        return self._untimed(block, texts) if bullet else False

    def _starts_with_hours(self, block: Block, texts: list[Styled], *, bullet: bool) -> bool:
        started: Draft | None = None
        for line in texts:
            is_bullet = bullet and started is None
            draft = sessions.begin(line, block.start, self.around, bullet=is_bullet)
            if draft:
                self._keep(draft, block, line.text)
                started = draft
            elif started:
                sessions.add_line(started, line)
                started.source.append(line.text)
            elif line.text.strip() and not headings.only_programme(line.text):
                return False
            if len(self.drafts) > MAX_SESSIONS:
                break
        return started is not None

    def _untimed(self, block: Block, texts: list[Styled]) -> bool:
        """A heading in a bullet without hours, among bullets that have some: a session as well."""
        if not block.level or self.context.draft is None:
            return False
        draft = Draft(block.start, title=squeeze(texts[0].text) or None)
        for line in texts[1:]:
            sessions.add_line(draft, line)
        self._keep(draft, block)
        return True

    def _belongs(self, block: Block, draft: Draft) -> bool:
        """Whether a block continues the session: same item, or right below, or under a wide one."""
        context = self.context
        if block.item and block.item == context.item:
            return True
        if block.item and (block.depth > 1 or context.takes_list):
            return True
        adjacent = block.start <= context.last_line and block.kind == "paragraph"
        if context.takes_blocks and not (block.kind == "html" or block.level):
            return not block.quoted if not draft.slots else block.quoted or adjacent
        return adjacent and not block.item

    def _add(self, block: Block, draft: Draft, texts: list[Styled]) -> None:
        if draft.slots and block.quoted:
            draft.description += [squeeze(line.text) for line in texts if line.text.strip()]
            for line in texts:
                draft.links += line.links()
        else:
            for line in texts:
                sessions.add_line(
                    draft, line, bullet=bool(block.leads and block.item != self.context.item)
                )
        draft.source.append(block.text())
        self.taken.update(range(block.start, block.end))

    def _keep(self, draft: Draft, block: Block, source: str | None = None) -> None:
        context = self.context
        draft.day = draft.day or context.day
        draft.track = draft.track or context.room
        draft.room = draft.room or context.room
        draft.list_number = context.list_number
        draft.source.append(block.text() if source is None else source)
        self.sections[id(draft)] = context.section
        self.drafts.append(draft)
        self.taken.update(range(block.start, block.end))
        self.taken.update(context.heading_lines)
        context.draft, context.item, context.takes_blocks = draft, block.item, False
        context.takes_list = block.kind == "paragraph" and not block.item
