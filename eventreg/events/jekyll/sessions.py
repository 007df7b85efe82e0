"""One session of a programme: hours first, then track, title, people, description, points."""

import re
from datetime import date, time

from eventreg.events.jekyll import dates, people
from eventreg.events.jekyll.document import Item
from eventreg.events.jekyll.draft import Draft
from eventreg.events.jekyll.styled import SEPARATORS, Styled
from eventreg.events.jekyll.words import fold, squeeze

_LEAD = re.compile(
    rf"[\s\[(•-]*(?P<part>(?:temps|sequence|partie|etape) \d{{1,2}} ?[.:)-]? ?)?(?:(?:le )?{dates.DAY},? ?)?[\[(]?{dates.HOURS}"
    r"(?P<close> ?[\])]+)?(?P<mark>\s*(?::|-|/|\||\.)\s*|\s+|$)"
)
_ALONE = re.compile(rf"\s*(?:{dates.HOURS})\s*:?\s*")
_WHEN_AFTER = re.compile(rf"[\s,:(-]*(?:(?:le )?{dates.DAY})?,? ?(?P<when>{dates.HOURS}.*?)[\s).]*")
_SLOT_JOIN = re.compile(r"[\s,]*(?:ou|et)?[\s,]*")
_IN_BOLD = re.compile(rf"(?P<title>.{{3,200}}?),? {dates.HOURS}(?:, (?P<place>.{{2,200}}))?")
_GUEST = re.compile(r"invite(?:e|\.e|\(e\))?s? ?: ?")
_SPEAKERS = re.compile(
    r"(?:intervenant|animat|orateur|conferenci|speaker|moderat)[\w.()]{0,12} ?: ?"
)
_WITH = re.compile(
    r"(?:(?:co-?)?(?:anime|presente|modere|introduit|pilote)[es]{0,3} )?(?:avec|par|by|with) "
)
_QUOTED = re.compile("(?P<title>«[^«»]+»|\u201c[^\u201c\u201d]+\u201d) ?[,:-]? ?(?P<who>.+)")
_LED = re.compile(
    r"(?P<title>.{3,200}?),? (?:(?:co-?)?(?:anime|presente|modere|introduit|pilote)[es]{0,3} )?"
    r"(?:par|by) (?P<who>.+)"
)
_BY_DASH = re.compile(r"(?P<title>.{3,200}) (?:-|\|) (?P<who>(?:(?! - | \| ).)+)")
_POINT_BY = re.compile(r"(?P<title>[^.:,]{2,60}?) (?:par|avec) (?P<who>.+)")
_LABELLED = re.compile(r"(?P<title>[^.:]{3,40}?) ?: (?P<who>.+)")
_PARTS = re.compile(r"\s+[-\u2013\u2014]\s+")
_TWO_NAMES = re.compile(r"[A-ZÀ-Ý][\w'\u2019-]+ [A-ZÀ-Ý][\w'\u2019-]+\b")
_PRESENT = re.compile(r"(?:en presence de|avec|intervenants?)[\s:]*")
_MAX_TITLE = 300


def hours_alone(line: Styled) -> dates.FoundHours | None:
    """The hours of a line that holds nothing else."""
    match = _ALONE.fullmatch(line.folded)
    return dates.read_hours(match) if match else None


def begin(line: Styled, number: int, around: date | None, *, bullet: bool) -> Draft | None:
    """The session a line starts; None when it does not start with hours.

    Outside bullets the hours must be marked: bold, in brackets, or followed by a separator.
    """
    match = _LEAD.match(line.folded)
    hours = dates.read_hours(match) if match else None
    if match is None or hours is None:
        return None
    bold = any(start <= match.start("sh") < end for start, end in line.bold_spans())
    if not (bullet or bold or match["close"] or match["mark"].strip()):
        return None
    found = dates.read_day(match, around) if match["day"] or match["nday"] else None
    draft = Draft(number, found.day if found else None, hours.start, hours.end)
    _first_line(draft, line.cut(match.end()).without_separators())
    _name_people(draft)
    if match["part"]:
        draft.title = squeeze(
            f"{line.text[match.start('part') : match.end('part')]} {draft.title or ''}"
        )
    return draft


def begin_titled(written: list[Styled], number: int, around: date | None) -> Draft | None:
    """A bold title, then (same line or next) a day and hours and nothing else."""
    lines = [line for line in written if line.text.strip()] or written
    spans = lines[0].bold_spans()
    if not spans or lines[0].text[: spans[0][0]].strip():
        return None
    rest = lines[0].text[spans[-1][1] :]
    when = rest if rest.strip(SEPARATORS) else lines[1].text if len(lines) > 1 else ""
    match = _WHEN_AFTER.fullmatch(fold(when)) if when else None
    slots = _slots(match["when"]) if match else None
    if match is None or not slots:
        return None
    found = dates.read_day(match, around) if match["day"] or match["nday"] else None
    title = squeeze(lines[0].text[spans[0][0] : spans[-1][1]])
    draft = Draft(number, found.day if found else None, *slots[0], title=title, slots=slots)
    draft.links += lines[0].links()
    if len(slots) > 1:
        draft.description.append(squeeze(when))
    for line in lines[1 if rest.strip(SEPARATORS) else 2 :]:
        add_line(draft, line)
    return draft


def _slots(when: str) -> list[tuple[time, time | None]] | None:
    """The hours of `de 10h à 11h, de 14h à 15h ou de 16h à 17h`; None when words are between."""
    found = dates.hours(when)
    position = 0
    for hours in found:
        if not _SLOT_JOIN.fullmatch(when[position : hours.at]):
            return None
        position = hours.until
    if when[position:].strip(" ).:"):
        return None
    return [(hours.start, hours.end) for hours in found]


def begin_in_bold(line: Styled, number: int) -> Draft | None:
    """A bold paragraph with the hours after the title: `**Demos, de 8h à 18h, salle B**`."""
    match = _IN_BOLD.fullmatch(line.folded.strip()) if line.is_bold() else None
    hours = dates.read_hours(match) if match else None
    if match is None or hours is None or hours.end is None:
        return None
    text = line.text.strip()
    place = squeeze(text[match.start("place") : match.end("place")]) if match["place"] else None
    draft = Draft(number, None, hours.start, hours.end, room=place)
    draft.title = squeeze(text[: match.end("title")])
    draft.description += [place] if place else []
    return draft


def _first_line(draft: Draft, line: Styled) -> None:
    draft.links += line.links()
    spans = line.bold_spans()
    before = line.text[: spans[0][0]].strip(SEPARATORS) if spans else ""
    if not spans or (before and not _is_label(before)):
        _plain_title(draft, line)
        return
    draft.track = squeeze(before) or None
    end = _title_end(line.text, spans)
    draft.title = _title(line.text[spans[0][0] : end])
    rest = line.cut(end)
    if not rest.text.strip(SEPARATORS + "."):
        return
    if rest.text.strip()[0] in "-\u2013\u2014/:|,;" or _WITH.match(fold(rest.text.strip())):
        _after_title(draft, rest.without_separators())
        return
    whole = squeeze(line.text[spans[0][0] :])
    if len(whole) <= _MAX_TITLE:
        draft.title = _title(whole)
    else:
        draft.description.append(squeeze(rest.text))


def _name_people(draft: Draft) -> None:
    """A title that ends with people: `« Title », Name, post`, `Title par Name`, `Title - Name (post)`."""
    if draft.title is None or draft.speakers or draft.organisations:
        return
    for pattern in (_QUOTED, _LED, _BY_DASH):
        match = pattern.fullmatch(fold(draft.title))
        who = draft.title[match.start("who") :] if match else ""
        if (
            who
            and people.begins_with_person(who)
            and (pattern is not _BY_DASH or people.has_post(who))
        ):
            draft.title = _title(draft.title[: match.end("title")]) if match else draft.title
            draft.speakers += people.split(who)
            return


def _title_end(text: str, spans: list[tuple[int, int]]) -> int:
    """The end of the bold runs that only separators part."""
    end = spans[0][1]
    for start, until in spans[1:]:
        if text[end:start].strip(SEPARATORS):
            break
        end = until
    return end


def _is_label(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return len(text) <= 60 and bool(letters) and all(char.isupper() for char in letters)


def _title(text: str) -> str | None:
    return squeeze(text).rstrip(" :;-\u2013\u2014/").strip() or None


def _plain_title(draft: Draft, line: Styled) -> None:
    parts = _PARTS.split(squeeze(line.text))
    if len(parts) > 1 and people.is_organisation(parts[-1]):
        draft.organisations = parts.pop()
        draft.title = _title(" - ".join(parts))
        return
    draft.title = _title(line.text)
    if draft.title and len(draft.title) > _MAX_TITLE:
        draft.description.append(draft.title)
        draft.title = draft.title[: draft.title.rfind(" ", 0, 120)] + "…"


def _after_title(draft: Draft, rest: Styled) -> None:
    text = squeeze(rest.text)
    match = _WITH.match(fold(text))
    who = text[match.end() :] if match else text
    if (match or rest.is_italic()) and (people.begins_with_person(who) or rest.is_italic()):
        draft.speakers += people.split(who)
        return
    if people.begins_with_person(text) and people.has_post(text):
        draft.speakers += people.split(text)
        return
    parts = _PARTS.split(text)
    if people.is_organisation(parts[-1]):
        draft.organisations = parts[-1]
        more = " - ".join(parts[:-1])
        if more and len(more) <= 80:
            draft.title = f"{draft.title} - {more}"
        elif more:
            draft.description.append(more)
    else:
        draft.description.append(text)


def add_line(draft: Draft, line: Styled, *, bullet: bool = False) -> None:
    """A line under the first: a point, its guest, a speaker, or a part of the description."""
    text = squeeze(line.text)
    if not text:
        return
    draft.links += line.links()
    if draft.title is None:
        _first_line(draft, line)
    elif match := _GUEST.match(fold(text)):
        _guest(draft, text, text[match.end() :])
    elif match := _SPEAKERS.match(fold(text)):
        who = text[match.end() :]
        if who:
            _speakers(draft, who)
        else:
            draft.description.append(text)
    elif bullet:
        _bullet(draft, text)
    else:
        _other_line(draft, line, text)


def _bullet(draft: Draft, text: str) -> None:
    """A bullet below a session: somebody who speaks, or a point."""
    if draft.description and _PRESENT.fullmatch(fold(draft.description[-1])):
        draft.speakers.append(text)
    elif people.begins_with_person(text) and people.has_post(text):
        draft.speakers += people.split(text)
    else:
        draft.items.append(Item(text))


def _guest(draft: Draft, text: str, guest: str) -> None:
    if draft.items and draft.items[-1].guest is None:
        last = draft.items[-1]
        draft.items[-1] = Item(last.title, last.speakers, guest)
    else:
        draft.description.append(text)


def _speakers(draft: Draft, who: str) -> None:
    if draft.items:
        last = draft.items[-1]
        draft.items[-1] = Item(last.title, last.speakers + people.split(who), last.guest)
    else:
        draft.speakers += people.split(who)


def _other_line(draft: Draft, line: Styled, text: str) -> None:
    spans = line.bold_spans()
    match = _WITH.match(fold(text))
    if spans and not line.text[: spans[0][0]].strip():
        draft.items.append(_bold_point(line, spans))
    elif match and people.begins_with_person(text[match.end() :]):
        draft.speakers += people.split(text[match.end() :])
        draft.expects_people = True
    elif draft.expects_people and _TWO_NAMES.match(text):
        draft.speakers.append(text.rstrip(" ,"))
    elif text.startswith("«") and text.endswith("»") and text.count("«") == 1:
        draft.items.append(Item(text.strip("«» \xa0")))
    elif point := _named_point(text):
        draft.items.append(point)
    elif people.begins_with_person(text) and people.has_post(text):
        draft.speakers += people.split(text)
    else:
        draft.description.append(text)


def _bold_point(line: Styled, spans: list[tuple[int, int]]) -> Item:
    end = _title_end(line.text, spans)
    title = _title(line.text[spans[0][0] : end]) or squeeze(line.text)
    rest = squeeze(line.cut(end).without_separators().text)
    match = _WITH.match(fold(rest))
    if match:
        return Item(title, people.split(rest[match.end() :]))
    return Item(squeeze(line.text[spans[0][0] :]) if rest else title)


def _named_point(text: str) -> Item | None:
    """`Introduction par Prénom Nom, fonction` or `Vidéo : Prénom Nom`."""
    for pattern in (_POINT_BY, _LABELLED):
        match = pattern.fullmatch(text)
        if match and people.begins_with_person(match["who"]):
            return Item(match["title"].strip(), people.split(match["who"]))
    return None
