"""The filters of the agenda as people read them: choices with their counts, those in force."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from eventreg.agenda import filtering
from eventreg.agenda.filtering import COMING, GONE, ON_SITE, ONLINE, Counts, Filters
from eventreg.events.finding import THEMES
from eventreg.events.jekyll.kinds import KINDS
from eventreg.shared.errors import N_
from eventreg.shared.i18n import current_locale
from eventreg.shared.i18n import gettext as _

AUDIENCES = {
    "anyone": N_("Open to everybody"),
    "public_agents": N_("Public agents"),
    "chosen": N_("By invitation"),
}
PERIODS = {COMING: N_("Upcoming"), GONE: N_("Past")}
PLACES = {ONLINE: N_("Online"), ON_SITE: N_("On site")}
# Name, label, first option.
_SELECTS = (
    ("kind", N_("Type of event"), N_("All types")),
    ("place", N_("Place"), N_("All places")),
    ("theme", N_("Theme"), N_("All themes")),
    ("audience", N_("Audience"), N_("All audiences")),
    ("month", N_("Month"), N_("All months")),
    ("period", N_("Period"), N_("Upcoming and past")),
)

Option = tuple[str, str]


@dataclass(frozen=True)
class Select:
    """One list of choices: groups of (value of the address, words); a group may have no name."""

    name: str
    label: str
    value: str
    groups: list[tuple[str, list[Option]]]


@dataclass(frozen=True)
class InForce:
    """A filter in force: its words, the arguments without it, how many events there would be."""

    name: str
    label: str
    remaining: dict[str, str]
    count: int


def selects(found: Counts, asked: Filters, *, month: str) -> list[Select]:
    """The lists of choices. `month` is the present one: later ones come first."""
    return [
        Select(
            filtering.PARAMETERS[name],
            _(label),
            asked.written(name),
            [("", [("", _(everything))]), *_groups(name, found, asked, month)],
        )
        for name, label, everything in _SELECTS
    ]


def _groups(name: str, found: Counts, asked: Filters, month: str) -> list[tuple[str, list[Option]]]:
    values = filtering.choices(name, found, asked)
    if name == "month":
        coming = sorted(pair for pair in values if pair[0] >= month)
        gone = [pair for pair in values if pair[0] < month]
        parts = [(_("This month and later"), coming), (_("Past months"), gone)]
    elif name == "place":
        towns = [pair for pair in values if pair[0] not in PLACES]
        parts = [("", [pair for pair in values if pair[0] in PLACES]), (_("Towns"), towns)]
    else:
        parts = [("", values)]
    return [
        (
            title,
            [
                (
                    filtering.word_of(name, value),
                    _("%(choice)s (%(count)s)", choice=words_of(name, value, found), count=count),
                )
                for value, count in pairs
            ],
        )
        for title, pairs in parts
        if pairs
    ]


def in_force(found: Counts, asked: Filters) -> list[InForce]:
    """The filters in force, each with what taking it away gives."""
    return [
        InForce(
            filtering.PARAMETERS[name],
            words_of(name, getattr(asked, name), found),
            asked.without(name).arguments(),
            found.without.get(name, 0),
        )
        for name in asked.names
    ]


def words_of(name: str, value: str, found: Counts) -> str:
    """A value of a filter as people read it."""
    if name == "words":
        return _("“%(words)s”", words=value)
    if name == "month":
        year, number = value.split("-")
        day = date(int(year), int(number), 1)
        return str(format_date(day, "LLLL y", locale=current_locale()))
    if name == "place" and value not in PLACES:
        return found.towns.get(value) or value.replace("-", " ").capitalize()
    lists = {
        "kind": KINDS,
        "theme": THEMES,
        "audience": AUDIENCES,
        "period": PERIODS,
        "place": PLACES,
    }
    return _(lists[name][value])


def feed_title(service: str, asked: Filters) -> str:
    """The name of a feed: the service, and what was asked for."""
    parts = [words_of(name, getattr(asked, name), Counts()) for name in asked.names]
    return " – ".join([service, *parts])
