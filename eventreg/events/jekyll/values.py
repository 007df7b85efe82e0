"""Known keys of the front matter -> typed values, with an error for each that cannot be used."""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eventreg.events.jekyll import dates
from eventreg.events.jekyll.document import Access, Image, PressContact
from eventreg.events.jekyll.front_matter import Items, Node, Table, Text
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.words import fold, is_placeholder, strip_tags
from eventreg.shared import richtext

DEFAULT_ZONE = "Europe/Paris"
MAX_TEXT = 2_000
MAX_TITLE = 300
MAX_LIST = 100
_FAR = re.compile(r"\d\d:\d\d ?([+-]\d{2}:?00)$")


class Values:
    """Reads one front matter; every problem goes to `findings` with its line."""

    def __init__(self, table: Table, findings: Findings) -> None:
        self.table = table
        self.findings = findings

    def line(self, key: str) -> int | None:
        node = self.table.get(key)
        return node.line if node else None

    def text(self, key: str, limit: int = MAX_TEXT) -> str | None:
        """A value as written, or None; lists and tables are errors, so is a text too long."""
        node = self.table.get(key)
        if node is None:
            return None
        if not isinstance(node, Text):
            self._wrong_type(key, node)
            return None
        if len(node.value) > limit:
            self.findings.error(
                node.line,
                "value-too-long",
                N_("The value of “%(key)s” is longer than %(limit)s characters."),
                key=key,
                limit=limit,
            )
            return None
        return node.value

    def short(self, key: str) -> str | None:
        """A one-line value: tags stripped, white space folded; None when empty or `'null'`."""
        found = strip_tags(self.text(key) or "")
        return None if found.lower() in {"", "null"} else found

    def flag(self, key: str) -> bool | None:
        written = self.text(key)
        if written is None:
            return None
        word = written.strip().lower()
        if word in {"true", "yes", "on", "oui"}:
            return True
        if word in {"false", "no", "off", "non"}:
            return False
        self.findings.error(
            self.line(key),
            "not-a-boolean",
            N_("The value of “%(key)s” is neither true nor false: %(value)s."),
            key=key,
            value=written,
        )
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of short texts; one text alone is a list of one."""
        found = []
        for node in self._nodes(key):
            if not isinstance(node, Text):
                self._wrong_type(key, node)
            elif len(node.value) > MAX_TEXT:
                self.findings.error(
                    node.line,
                    "value-too-long",
                    N_("The value of “%(key)s” is longer than %(limit)s characters."),
                    key=key,
                    limit=MAX_TEXT,
                )
            elif value := strip_tags("" if node.is_null else node.value):
                found.append(value)
        return tuple(dict.fromkeys(found))

    def tables(self, key: str) -> Iterator[Table]:
        for node in self._nodes(key):
            if isinstance(node, Table):
                yield node
            elif not (isinstance(node, Text) and node.is_null):
                self._wrong_type(key, node)

    def _nodes(self, key: str) -> tuple[Node, ...]:
        node = self.table.get(key)
        nodes = node.values if isinstance(node, Items) else (node,) if node else ()
        if len(nodes) > MAX_LIST:
            self.findings.error(
                nodes[MAX_LIST].line,
                "list-too-long",
                N_("The list “%(key)s” has more than %(limit)s entries."),
                key=key,
                limit=MAX_LIST,
            )
        return nodes[:MAX_LIST]

    def _wrong_type(self, key: str, node: Node) -> None:
        self.findings.error(
            node.line, "wrong-type", N_("The value of “%(key)s” has the wrong form."), key=key
        )

    def zone(self) -> ZoneInfo:
        """The event's time zone: `timezone`, or the offset of a start far from France, or Paris's."""
        name = (self.text("timezone") or self._far_zone() or DEFAULT_ZONE).strip()
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.findings.error(
                self.line("timezone"),
                "timezone-unknown",
                N_("“%(zone)s” is not a known time zone."),
                zone=name,
            )
            return ZoneInfo(DEFAULT_ZONE)

    def _far_zone(self) -> str | None:
        """A zone of whole hours for an offset that France never has: hours stay local to the place."""
        written = self.text("event_start_date") or self.text("event_date") or ""
        match = _FAR.search(written.strip())
        hours = int(match.group(1)[:3]) if match else 0
        if match is None or hours in {0, 1, 2} or not -12 <= hours <= 14:
            return None
        self.findings.warn(
            self.line("event_start_date") or self.line("event_date"),
            "offset-unusual",
            N_(
                "The hours are written for a place far from France (%(offset)s) and kept as local "
                "ones; name its time zone under “timezone”."
            ),
            offset=match.group(1),
        )
        return f"Etc/GMT{-hours:+d}"

    def moment(self, key: str, zone: ZoneInfo) -> datetime | None:
        """The instant of a key; an error when it is no date, a warning when its year is absurd."""
        written = self.text(key)
        if written is None:
            return None
        try:
            moment = dates.timestamp(written, zone) or dates.written_out(written, zone)
        except (ValueError, OverflowError):
            moment = None
        if moment is None and is_placeholder(written):
            self.findings.warn(
                self.line(key),
                "date-placeholder",
                N_("The date of “%(key)s” is still to come: “%(value)s”."),
                key=key,
                value=written,
            )
        elif moment is None:
            self.findings.error(
                self.line(key),
                "date-unreadable",
                N_("The value of “%(key)s” is not a date: %(value)s."),
                key=key,
                value=written,
            )
        elif moment.year not in dates.PLAUSIBLE_YEARS:
            self.findings.warn(
                self.line(key),
                "date-implausible",
                N_("The date of “%(key)s” is not plausible and was ignored: %(value)s."),
                key=key,
                value=written,
            )
            return None
        return moment

    def images(self) -> tuple[Image, ...]:
        found = []
        for table in self.tables("une-ou-diaporama"):
            inner = Values(table, self.findings)
            src = (inner.text("image") or "").strip()
            if not src:
                continue
            if richtext.safe_href(src.replace(" ", "%20")) is None or _climbs(src):
                self.findings.warn(
                    table.line,
                    "image-unusable",
                    N_("The address of an image cannot be used: %(value)s."),
                    value=src,
                )
                continue
            alt = inner.short("alternative-textuelle")
            if alt and fold(alt) == "image decorative":
                alt = ""
            found.append(Image(src, alt, inner.short("legende")))
        return tuple(found)

    def access(self) -> tuple[Access, ...]:
        found = []
        for table in self.tables("acces"):
            inner = Values(table, self.findings)
            means = (inner.short("type") or "").rstrip(" :") or None
            stops = tuple(
                stop
                for line in inner.tables("lignes")
                if (stop := Values(line, self.findings).short("nom"))
            )
            if means or stops:
                found.append(Access(means, stops))
        return tuple(found)

    def press_contacts(self) -> tuple[PressContact, ...]:
        found = []
        for table in self.tables("contact-presse"):
            inner = Values(table, self.findings)
            contact = PressContact(inner.short("name"), inner.texts("tel"), inner.short("email"))
            if contact != PressContact(None, (), None):
                found.append(contact)
        if found:
            self.findings.warn(
                self.line("contact-presse"),
                "personal-data",
                N_(
                    "The press contact is personal data: the page of the event shows it to everybody."
                ),
            )
        return tuple(found)

    def files(self) -> tuple[str, ...]:
        sources = (
            (table.line, (Values(table, self.findings).text("file") or "").strip())
            for table in self.tables("files")
        )
        found = []
        for line, src in sources:
            if src and richtext.safe_href(src.replace(" ", "%20")) and not _climbs(src):
                found.append(src)
            elif src:
                self.findings.warn(
                    line,
                    "file-unusable",
                    N_("The address of a file cannot be used: %(value)s."),
                    value=src,
                )
        return tuple(found)


def _climbs(path: str) -> bool:
    """Whether a path leads out of its folder, however it is written."""
    decoded = unquote(unquote(path)).replace("\\", "/")
    return ".." in decoded.split("/")
