"""What a visitor asks of the agenda, its address, and the counts beside each choice. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from eventreg.events.finding import THEMES, folded, key_of
from eventreg.events.jekyll.kinds import KINDS, OTHER, kind_of

QUERY_LIMIT = 1_000
WORDS_LIMIT = 100
WORDS_MOST = 8  # words of a search that count
ONLINE, ON_SITE = "en-ligne", "sur-place"
COMING, GONE = "a-venir", "passes"
# The words of addresses, which people share: French, and never changed.
KIND_WORDS = MappingProxyType(
    {
        "conference": "conference",
        "webinar": "webinaire",
        "training": "formation",
        "workshop": "atelier",
        "meetup": "rencontre",
        "information": "reunion-d-information",
        "forum": "forum",
        "fair": "salon",
        "hackathon": "hackathon",
        OTHER: "autre",
    }
)
THEME_WORDS = MappingProxyType(
    {
        "accessibility": "accessibilite",
        "ai": "intelligence-artificielle",
        "data": "donnees",
        "design": "design",
        "open-source": "logiciels-libres",
        "cloud": "cloud",
        "security": "securite",
        "identity": "identite-numerique",
        "green": "numerique-durable",
        "skills": "metiers",
        "innovation": "innovation",
    }
)
AUDIENCE_WORDS = MappingProxyType(
    {"anyone": "tout-public", "public_agents": "agents-publics", "chosen": "sur-invitation"}
)
PARAMETERS = MappingProxyType(
    {
        "words": "q",
        "kind": "type",
        "theme": "theme",
        "place": "lieu",
        "audience": "public",
        "month": "mois",
        "period": "periode",
    }
)
_WRITTEN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"kind": KIND_WORDS, "theme": THEME_WORDS, "audience": AUDIENCE_WORDS}
)
_READ = MappingProxyType(
    {name: {word: key for key, word in words.items()} for name, words in _WRITTEN.items()}
)
_MONTH = re.compile(r"(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Filters:
    """What a visitor asked of the agenda; empty values ask for nothing.

    `place` is ONLINE, ON_SITE or the key of a town; `month` is 2027-01; `period` COMING or GONE.
    """

    words: str = ""
    kind: str = ""
    theme: str = ""
    place: str = ""
    audience: str = ""
    month: str = ""
    period: str = ""
    page: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The filters in force."""
        return tuple(name for name in PARAMETERS if getattr(self, name))

    @property
    def active(self) -> bool:
        return bool(self.names)

    @property
    def terms(self) -> tuple[str, ...]:
        """The words that an event must all hold, as the index writes them."""
        return tuple(dict.fromkeys(folded(self.words).split()))[:WORDS_MOST]

    def without(self, name: str) -> "Filters":
        emptied: dict[str, Any] = {name: "", "page": 1}
        return replace(self, **emptied)

    def arguments(self) -> dict[str, str]:
        """The parameters of the address, without the page."""
        return {PARAMETERS[name]: self.written(name) for name in self.names}

    def written(self, name: str) -> str:
        """The value of a filter in an address."""
        value: str = getattr(self, name)
        return word_of(name, value)

    @property
    def query(self) -> str:
        """One spelling for each page of the agenda."""
        page = {"page": str(self.page)} if self.page > 1 else {}
        return urlencode({**self.arguments(), **page})


def word_of(name: str, value: str) -> str:
    """A value of a filter as addresses spell it."""
    return _WRITTEN.get(name, {}).get(value, value)


def filters(query: str) -> Filters:
    """The filters of a query string; what is unknown, repeated or out of bounds is left out."""
    try:
        # A server hands over raw bytes as Latin-1; what was sent is UTF-8.
        sent = query[:QUERY_LIMIT].encode("latin-1", "replace").decode("utf-8", "replace")
        given = dict(reversed(parse_qsl(sent, max_num_fields=20)))
    except ValueError:
        given = {}
    page = given.get("page", "1")
    period, month = given.get("periode", ""), given.get("mois", "")
    place = given.get("lieu", "") or given.get("participation", "")
    return Filters(
        words=" ".join(_printable(given.get("q", "")).split())[:WORDS_LIMIT].strip(),
        kind=_kind(_printable(given.get("type", "")).strip()[:80]),
        theme=_READ["theme"].get(given.get("theme", ""), ""),
        place=key_of(place[:80]),
        audience=_READ["audience"].get(given.get("public", ""), ""),
        month=month if _MONTH.fullmatch(month) else "",
        period=period if period in (COMING, GONE) else "",
        page=int(page) if re.fullmatch(r"[1-9][0-9]{0,3}", page) else 1,
    )


def _kind(word: str) -> str:
    """A kind by its word, else by what organisers write: « type=Salon » of an old link."""
    if not word or word in _READ["kind"]:
        return _READ["kind"].get(word, "")
    kind = kind_of(word)
    return "" if kind == OTHER else kind


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


FACETS = tuple(name for name in PARAMETERS if name not in ("words", "period"))
_PLACE = FACETS.index("place")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as the agenda finds it. `values`: for each of FACETS, the choices that give it."""

    id: int
    starts_at: datetime
    ends_at: datetime | None
    day_only: bool
    archived: bool
    values: tuple[tuple[str, ...], ...]
    town: str = ""

    def coming(self, now: datetime, today: datetime) -> bool:
        """Not over: what states no end, or no hour, lasts until its day is over."""
        if self.archived:
            return False
        if self.starts_at > now:
            return True
        if self.ends_at is None:
            return self.starts_at >= today
        return self.ends_at > now or (self.day_only and self.ends_at >= today)


def values_of(
    *, kind: str, themes: str, places: Iterable[str], audience: str, month: str
) -> tuple[tuple[str, ...], ...]:
    """The choices that give an event, in the order of FACETS."""
    given = {
        "kind": (kind,),
        "theme": tuple(themes.split("|")),
        "place": tuple(places),
        "audience": (audience,),
        "month": (month,),
    }
    return tuple(tuple(filter(None, given[name])) for name in FACETS)


@dataclass(frozen=True)
class Counts:
    """`beside[filter][value]`: how many events that choice gives, the other filters as they are.

    `without[filter]`: how many there would be if that filter in force were taken away.
    """

    upcoming: int = 0
    past: int = 0
    beside: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    without: Mapping[str, int] = field(default_factory=dict)
    towns: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.upcoming + self.past


@dataclass(frozen=True)
class Found:
    """The events that match, upcoming by start, past latest first, and the counts.

    `until`: the next instant at which one that is coming belongs to the past.
    """

    upcoming: Sequence[int]
    past: Sequence[int]
    counts: Counts
    until: datetime | None


def find(
    entries: Iterable[Entry],
    asked: Filters,
    *,
    holding: Container[int] | None,
    now: datetime,
    day: tuple[datetime, datetime],
) -> Found:
    """What matches among entries in order of their start.

    `holding`: the events with the words asked for, None when none are; `day`: when the present
    day began and when it ends.
    """
    tally = _Tally(asked)
    coming: list[int] = []
    gone: list[Entry] = []
    until: datetime | None = None
    for entry in entries:
        is_coming = entry.coming(now, day[0])
        if is_coming:
            over = day[1] if entry.ends_at is None or entry.day_only else entry.ends_at
            if over > now and (until is None or over < until):
                until = over
        if tally.add(entry, is_coming, words=holding is None or entry.id in holding):
            if is_coming:
                coming.append(entry.id)
            else:
                gone.append(entry)
    gone.sort(key=lambda entry: entry.starts_at, reverse=True)  # equal starts keep their order
    found = tally.counts(len(coming), len(gone))
    return Found(coming, [entry.id for entry in gone], found, until)


class _Tally:
    """Counts beside each choice, made in one pass."""

    def __init__(self, asked: Filters) -> None:
        self.in_force = [
            (place, getattr(asked, name))
            for place, name in enumerate(FACETS)
            if name in asked.names
        ]
        self.period = asked.period
        self.words = bool(asked.words)
        self.beside: list[dict[str, int]] = [defaultdict(int) for _ in FACETS]
        self.periods: dict[str, int] = defaultdict(int)
        self.without: dict[str, int] = defaultdict(int)
        self.towns: dict[str, Counter[str]] = {}

    def add(self, entry: Entry, is_coming: bool, *, words: bool) -> bool:
        """Whether the entry matches; it counts beside each choice that it is alone to miss."""
        if entry.town:
            self.towns.setdefault(entry.values[_PLACE][-1], Counter())[entry.town] += 1
        period = COMING if is_coming else GONE
        missed = [FACETS[n] for n, value in self.in_force if value not in entry.values[n]]
        if not words:
            missed.append("words")
        if self.period and self.period != period:
            missed.append("period")
        if len(missed) > 1:
            return False
        if missed:
            self._missed_one(entry, missed[0], period)
            return False
        for place, values in enumerate(entry.values):
            beside = self.beside[place]
            for value in values:
                beside[value] += 1
        self.periods[period] += 1
        return True

    def _missed_one(self, entry: Entry, name: str, period: str) -> None:
        self.without[name] += 1
        if name == "period":
            self.periods[period] += 1
        elif name != "words":
            for value in entry.values[FACETS.index(name)]:
                self.beside[FACETS.index(name)][value] += 1

    def counts(self, upcoming: int, past: int) -> Counts:
        total = upcoming + past
        beside: dict[str, dict[str, int]] = dict(zip(FACETS, self.beside, strict=True))
        names = {
            key: max(found.items(), key=lambda item: (item[1], item[0]))[0]
            for key, found in self.towns.items()
        }
        without = {name: total + self.without[name] for name in PARAMETERS}
        return Counts(upcoming, past, {**beside, "period": self.periods}, without, names)


def choices(name: str, found: Counts, asked: Filters) -> list[tuple[str, int]]:
    """(value, count) of a filter in the order in which a page offers them.

    A value that would give nothing is not offered, unless it is the one in force.
    """
    beside = found.beside.get(name, {})
    chosen = getattr(asked, name)
    values = [value for value in _order(name, beside, found) if beside.get(value)]
    if chosen and chosen not in values:
        values.append(chosen)
    return [(value, beside.get(value, 0)) for value in values]


def _order(name: str, beside: Mapping[str, int], found: Counts) -> list[str]:
    if name == "kind":
        return list(KINDS)
    if name == "theme":
        return list(THEMES)
    if name == "audience":
        return list(AUDIENCE_WORDS)
    if name == "period":
        return [COMING, GONE]
    if name == "month":
        return sorted(beside, reverse=True)
    towns = [value for value in beside if value not in (ONLINE, ON_SITE)]
    return [ONLINE, ON_SITE, *sorted(towns, key=lambda key: folded(found.towns.get(key, key)))]
