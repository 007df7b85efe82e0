"""A form from plain data (YAML, JSON, the organisers' pages), and back. Every mistake by its path."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from eventreg.questionnaire.rules import conditions, faults
from eventreg.questionnaire.rules.faults import BadDefinition, SchemaFault
from eventreg.questionnaire.rules.patterns import PATTERNS
from eventreg.questionnaire.rules.reading import LARGEST_TEXT, MOST_COMPANIONS, day
from eventreg.questionnaire.rules.schema import HELP_LIMIT, Findings, Stop, Table
from eventreg.questionnaire.rules.shapes import (
    BOOLEANS,
    CHOICES,
    KINDS,
    POOL_KINDS,
    Form,
    Option,
    PoolSpec,
    Population,
    Question,
    Section,
)
from eventreg.shared.addresses import InvalidAddress, canonical

TOP_KEYS = ("populations", "pools", "sections", "questions", "eligibility")
POPULATION_KEYS = (
    "key",
    "label",
    "help",
    "opens_at",
    "closes_at",
    "approval",
    "eligibility",
    "pool",
)
POOL_KEYS = (
    "key",
    "kind",
    "label",
    "capacity",
    "waiting_list",
    "released_at",
    "into",
    "companions",
)
SECTION_KEYS = ("key", "title", "help", "when", "questions")
OPTION_KEYS = ("key", "label", "pool", "when")
QUESTION_KEYS = (
    "key",
    "kind",
    "label",
    "help",
    "required",
    "when",
    "populations",
    "options",
    "organiser_only",
    "min",
    "max",
    "decimals",
    "pattern",
    "pool",
    "named",
    "contact",
    "autocomplete",
)
# What a key says only for some kinds.
ONLY_FOR: Mapping[str, tuple[str, ...]] = {
    "options": CHOICES,
    "min": ("text", "long_text", "number", "date", "several"),
    "max": ("text", "long_text", "access_needs", "number", "date", "several", "companions"),
    "decimals": ("number",),
    "pattern": ("text",),
    "pool": BOOLEANS,
    "named": ("companions",),
    "contact": ("access_needs",),
    "autocomplete": ("text", "email", "phone", "date"),
}
AUTOCOMPLETE = (
    "organization",
    "organization-title",
    "street-address",
    "postal-code",
    "address-level2",
    "country-name",
    "tel",
    "email",
    "bday",
    "url",
    "language",
)
MOST_POPULATIONS, MOST_POOLS, MOST_SECTIONS = 20, 50, 30
MOST_QUESTIONS, MOST_OPTIONS = 80, 300
OWN_POOL = "event"  # how a file names the event's own pool


def parse(data: Any, *, zone: str = "Europe/Paris", version: int = 0, stored: bool = False) -> Form:
    """The form. `zone` is the event's, for times without offset. Raises BadDefinition.

    `stored`: of a table's row, whose contacts may have been erased on their date.
    """
    found = Findings(zone, stored=stored)
    form = Form(version)
    try:
        form = replace(_form(data, found), version=version)
        if not found.faults:
            _check(form, found)
    except Stop:
        pass
    if found.faults:
        raise BadDefinition(tuple(found.faults))
    return form


def _form(data: Any, found: Findings) -> Form:
    top = Table({} if data is None else data, "", found, TOP_KEYS)
    populations = tuple(_population(v, at, found) for at, v in top.items("populations", 20))
    pools = tuple(_pool(v, at, found) for at, v in top.items("pools", MOST_POOLS))
    sections = [_section(v, at, found) for at, v in top.items("sections", MOST_SECTIONS)]
    if top.has("questions"):
        loose = tuple(_question(v, at, found) for at, v in top.items("questions", MOST_QUESTIONS))
        sections.insert(0, Section("", questions=loose))
    return Form(0, populations, tuple(sections), pools)


def _population(data: Any, path: str, found: Findings) -> Population:
    table = Table(data, path, found, POPULATION_KEYS)
    opens_at, closes_at = table.moment("opens_at"), table.moment("closes_at")
    if opens_at and closes_at and opens_at >= closes_at:
        table.note("closes_at", faults.CLOSES_FIRST)
    return Population(
        key=table.key(),
        label=table.label("label", required=True) or {},
        help=table.label("help", limit=HELP_LIMIT),
        opens_at=opens_at,
        closes_at=closes_at,
        approval=table.choice("approval", ("none", "manual")),
        policy=table.data.get("eligibility"),
        pool=table.key("pool", required=False),
    )


def _pool(data: Any, path: str, found: Findings) -> PoolSpec:
    table = Table(data, path, found, POOL_KEYS)
    key = table.key()
    into = table.text("into", 40) or None
    released_at = table.moment("released_at")
    if key == OWN_POOL:
        table.note("key", faults.REPEATED, key=key)
    if into is not None and into == key:
        table.note("into", faults.INTO_ITSELF)
    if into is not None and released_at is None:
        table.note("into", faults.INTO_WITHOUT_DATE)
    if released_at is not None and into is None:
        into = OWN_POOL
    return PoolSpec(
        key=key,
        kind=table.choice("kind", POOL_KINDS, "option"),
        label=table.label("label", required=True, limit=120) or {},
        companions=table.flag("companions", default=True),
        capacity=table.whole("capacity", 0, 1_000_000),
        waiting_list=table.flag("waiting_list"),
        released_at=released_at,
        into="" if into == OWN_POOL else into,
    )


def _section(data: Any, path: str, found: Findings) -> Section:
    table = Table(data, path, found, SECTION_KEYS)
    return Section(
        key=table.key(),
        title=table.label("title"),
        help=table.label("help", limit=HELP_LIMIT),
        when=conditions.read(table.data.get("when"), table.at("when"), found),
        questions=tuple(_question(v, at, found) for at, v in table.items("questions", 80)),
    )


def _question(data: Any, path: str, found: Findings) -> Question:
    table = Table(data, path, found, QUESTION_KEYS)
    kind = table.choice("kind", KINDS, "text")
    known = table.data.get("kind", kind) == kind  # else that mistake alone is told
    for key, kinds in ONLY_FOR.items():
        if (
            known
            and table.has(key)
            and kind not in kinds
            and table.data[key] not in ("", [], False)
        ):
            table.note(key, faults.NOT_FOR_KIND, key=key, kind=kind)
    low, high = _limits(table, kind)
    question = Question(
        key=table.key(),
        kind=kind,
        label=table.label("label", required=True, limit=2_000 if kind == "info" else 300) or {},
        help=table.label("help", limit=HELP_LIMIT),
        required=table.flag("required") and kind != "info",
        when=conditions.read(table.data.get("when"), table.at("when"), found),
        populations=tuple(str(v) for _, v in table.items("populations", MOST_POPULATIONS)),
        options=tuple(_option(v, at, found) for at, v in table.items("options", MOST_OPTIONS)),
        organiser_only=table.flag("organiser_only"),
        low=low,
        high=high,
        decimals=table.whole("decimals", 0, 6) or 0,
        pattern=table.choice("pattern", tuple(PATTERNS)),
        pool=table.key("pool", required=False),
        named=table.flag("named"),
        contact=_contact(table, kind),
        autocomplete=table.choice("autocomplete", AUTOCOMPLETE),
    )
    if kind in CHOICES and not question.options:
        table.note("options", faults.NO_OPTIONS)
    _unique(((o.key, f"{path}.options[{n}].key") for n, o in enumerate(question.options)), found)
    return question


def _contact(table: Table, kind: str) -> str:
    text = table.text("contact", 254)
    if kind != "access_needs":
        return ""
    if not text:
        if not table.found.stored:
            table.note("contact", faults.NO_CONTACT)
        return ""
    try:
        return canonical(text).canonical
    except InvalidAddress:
        table.note("contact", faults.NOT_AN_ADDRESS)
        return ""


def _limits(table: Table, kind: str) -> tuple[Any, Any]:
    if kind == "date":
        return _day(table, "min"), _day(table, "max")
    least, most = {
        "number": (-(10**12), 10**12),
        "several": (0, MOST_OPTIONS),
        "companions": (0, MOST_COMPANIONS),
    }.get(kind, (0, LARGEST_TEXT))
    low, high = table.whole("min", least, most), table.whole("max", least, most)
    if low is not None and high is not None and low > high:
        table.note("max", faults.BACKWARDS)
    return low, high


def _day(table: Table, key: str) -> str | None:
    text = table.text(key, 20)
    value = day(text) if text else None
    if text and value is None:
        table.note(key, faults.NOT_A_MOMENT)
    return value


def _option(data: Any, path: str, found: Findings) -> Option:
    if isinstance(data, str):  # « - Lyon »: the words are the key where they can be
        data = {"key": data, "label": data}
    table = Table(data, path, found, OPTION_KEYS)
    return Option(
        key=table.key(),
        label=table.label("label", required=True) or {},
        pool=table.key("pool", required=False),
        when=conditions.read(table.data.get("when"), table.at("when"), found),
    )


def _unique(keys: Iterable[tuple[str, str]], found: Findings) -> None:
    seen: set[str] = set()
    for key, path in keys:
        if key and key in seen:
            found.note(path, faults.REPEATED, key=key)
        seen.add(key)


def _check(form: Form, found: Findings) -> None:
    """What only the whole can tell: keys used twice, names of what is not there, conditions."""
    if len(form.order) > MOST_QUESTIONS:
        found.note("sections", faults.TOO_MANY, limit=MOST_QUESTIONS)
    for name, keys in (
        ("populations", [one.key for one in form.populations]),
        ("pools", [one.key for one in form.pools]),
        ("sections", [one.key for _, one in form.paths if one.key]),
    ):
        _unique(((key, f"{name}[{n}].key") for n, key in enumerate(keys)), found)
    _unique(
        (
            (q.key, f"{at}questions[{n}].key")
            for at, section in form.paths
            for n, q in enumerate(section.questions)
        ),
        found,
    )
    _check_names(form, found)
    conditions.check(form, found)


def _check_names(form: Form, found: Findings) -> None:
    pools = form.pool_specs
    named = [(f"populations[{n}].pool", one.pool) for n, one in enumerate(form.populations)]
    named += [(f"pools[{n}].into", one.into or "") for n, one in enumerate(form.pools)]
    for place, section in form.paths:
        for n, question in enumerate(section.questions):
            at = f"{place}questions[{n}]"
            named.append((f"{at}.pool", question.pool))
            named += [(f"{at}.options[{o}].pool", x.pool) for o, x in enumerate(question.options)]
            for key in question.populations:
                if form.population(key) is None:
                    found.note(f"{at}.populations", faults.NO_SUCH_POPULATION, key=key)
    for path, key in named:
        if key and key not in pools:
            found.note(path, faults.NO_SUCH_POOL, key=key)


def as_data(form: Form, *, stored: bool = False, zone: str = "UTC") -> dict[str, Any]:
    """The form as plain data, without what is so by default; `parse` gives the same form back.

    `stored`: without what the rows of the pools say. Instants are written in `zone`, with offset.
    """
    loose = form.sections[:1] if form.sections and not form.sections[0].key else ()
    sections = form.sections[len(loose) :]
    data = {
        "populations": [_population_data(one, zone) for one in form.populations],
        "pools": [_pool_data(one, zone, stored=stored) for one in form.pools],
        "questions": [_question_data(q) for section in loose for q in section.questions],
        "sections": [_section_data(one) for one in sections],
    }
    return {key: value for key, value in data.items() if value}


def _kept(**values: Any) -> dict[str, Any]:
    return {
        key: dict(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value not in (None, "", False, (), [])
    }


def _local(value: datetime | None, zone: str) -> str | None:
    return value.astimezone(ZoneInfo(zone)).isoformat(" ") if value else None


def _population_data(one: Population, zone: str) -> dict[str, Any]:
    return _kept(
        key=one.key,
        label=one.label,
        help=one.help,
        opens_at=_local(one.opens_at, zone),
        closes_at=_local(one.closes_at, zone),
        approval=one.approval,
        eligibility=one.policy,
        pool=one.pool,
    )


def _pool_data(one: PoolSpec, zone: str, *, stored: bool) -> dict[str, Any]:
    data = _kept(key=one.key, kind=one.kind, label=one.label)
    if not one.companions:
        data["companions"] = False
    if stored:
        return data
    if one.capacity is not None:
        data["capacity"] = one.capacity
    if one.released_at and one.into is not None:
        data |= {"released_at": _local(one.released_at, zone), "into": one.into or OWN_POOL}
    return data | _kept(waiting_list=one.waiting_list)


def _section_data(one: Section) -> dict[str, Any]:
    return _kept(
        key=one.key,
        title=one.title,
        help=one.help,
        when=conditions.as_data(one.when) if one.when else None,
        questions=[_question_data(question) for question in one.questions],
    )


def _question_data(one: Question) -> dict[str, Any]:
    data = _kept(
        key=one.key,
        kind=one.kind,
        label=one.label,
        help=one.help,
        required=one.required,
        when=conditions.as_data(one.when) if one.when else None,
        populations=list(one.populations),
        options=[_option_data(option) for option in one.options],
        organiser_only=one.organiser_only,
    )
    if one.low is not None:
        data["min"] = one.low
    if one.high is not None:
        data["max"] = one.high
    if one.decimals:
        data["decimals"] = one.decimals
    return data | _kept(
        pattern=one.pattern,
        pool=one.pool,
        named=one.named,
        contact=one.contact,
        autocomplete=one.autocomplete,
    )


def _option_data(one: Option) -> dict[str, Any]:
    when = conditions.as_data(one.when) if one.when else None
    return _kept(key=one.key, label=one.label, pool=one.pool, when=when)


def without_people(data: Mapping[str, Any]) -> dict[str, Any]:
    """A stored definition without the addresses in it; nothing else changes."""
    redacted = dict(data)
    if "populations" in data:
        redacted["populations"] = [_without(one, "eligibility") for one in data["populations"]]
    if "questions" in data:
        redacted["questions"] = [_without(one, "contact") for one in data["questions"]]
    if "sections" in data:
        redacted["sections"] = [
            {**one, "questions": [_without(q, "contact") for q in one.get("questions", ())]}
            for one in data["sections"]
        ]
    return redacted


def _without(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != key}


def one_fault(path: str, message: str, **params: Any) -> BadDefinition:
    """A mistake that a caller found."""
    return BadDefinition((SchemaFault(path, message, params),))
