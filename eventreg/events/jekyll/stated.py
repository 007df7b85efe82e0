"""`reglages`: facts a document states outright, which win over what is read from its text.

An export writes here what the site's own keys cannot say (places, an exact closing, who accepts
requests); a communicator may write it too. An empty value states nothing, `aucune` states that
there is none, '' an empty text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eventreg.events.jekyll import agenda_items
from eventreg.events.jekyll.document import Audience, Document, Programme
from eventreg.events.jekyll.front_matter import Items, Node, Table, Text
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.schedule import day_of
from eventreg.events.jekyll.words import fold, squeeze
from eventreg.shared import richtext

KEY = "reglages"
PROGRAMME = "programme"
_NOTHING = frozenset({"aucun", "aucune", "non", "sans limite", "illimite"})
_MODES = {"ici": "internal", "ailleurs": "external", "aucune": "none"}
_AUDIENCES = {"tout public": "anyone", "agents publics": "public_agents"}
_APPROVALS = {"automatique": "none", "equipe": "manual"}
_FLAGS = {"oui": True, "non": False}
_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$|Z$)")
_Reader = Callable[[str, ZoneInfo], Any]


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    if fold(text.strip()) in _NOTHING:
        return None
    moment = datetime.fromisoformat(_OFFSET.sub("", text.strip()))
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment


def _choice(words: Mapping[str, Any]) -> _Reader:
    return lambda text, _zone: words[fold(squeeze(text))]


def _number(low: float, high: float, kind: Callable[[str], Any]) -> _Reader:
    def read(text: str, _zone: ZoneInfo) -> Any:
        value = kind(text.strip().replace(",", "."))
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return read


def _places(text: str, zone: ZoneInfo) -> int | None:
    if fold(squeeze(text)) in _NOTHING:
        return None
    number: int = _number(0, 10_000_000, int)(text, zone)
    return number


def _line(limit: int) -> _Reader:
    def read(text: str, _zone: ZoneInfo) -> str:
        if len(text) > limit or "\n" in text:
            raise ValueError(text)
        return text

    return read


def _long(text: str, _zone: ZoneInfo) -> str:
    if len(text) > 2_000:
        raise ValueError(text)
    return text


def _markdown(text: str, _zone: ZoneInfo) -> str:
    value = text.strip()
    try:
        richtext.render_document(value)
    except richtext.TextTooLong as fault:
        raise ValueError(text[:40]) from fault
    return value


def _title(text: str, zone: ZoneInfo) -> str:
    if not text.strip():
        raise ValueError(text)
    found: str = _line(300)(text, zone)
    return found


def _url(text: str, _zone: ZoneInfo) -> str:
    if text and not text.startswith(("https://", "http://", "mailto:")):
        raise ValueError(text)
    if len(text) > 2_000 or re.search(r"[\s\x00-\x1f]", text):
        raise ValueError(text)
    return text


def _email(text: str, _zone: ZoneInfo) -> str:
    if text and not richtext.is_email(text):
        raise ValueError(text)
    return text


def _press(text: str, _zone: ZoneInfo) -> list[dict[str, Any]]:
    """One contact per line: name | telephones | e-mail (« contact-presse » is for press releases)."""
    found = []
    for line in filter(None, (squeeze(line) for line in text.split("\n"))):
        name, phones, email = ([part.strip() for part in line.split("|")] + ["", ""])[:3]
        numbers = [number.strip() for number in phones.split(",") if number.strip()]
        address = _email(email, _zone) or None
        found.append({"name": name or None, "phones": numbers, "email": address})
    return found


def _contact(contact: Mapping[str, Any]) -> str:
    cells = (contact.get("name"), ", ".join(contact.get("phones") or ()), contact.get("email"))
    return " | ".join(str(cell or "") for cell in cells)


def _zone_name(text: str, _zone: ZoneInfo) -> str:
    try:
        return ZoneInfo(text.strip()).key
    except (ZoneInfoNotFoundError, OSError) as fault:
        raise ValueError(text) from fault


@dataclass(frozen=True, slots=True)
class _Setting:
    column: str
    read: _Reader


# The order of an export.
SETTINGS: Mapping[str, _Setting] = MappingProxyType(
    {
        "titre": _Setting("title", _title),
        "type": _Setting("kind", _line(80)),
        "debut": _Setting("starts_at", _instant),
        "fin": _Setting("ends_at", _instant),
        "journee_entiere": _Setting("day_only", _choice(_FLAGS)),
        "fuseau": _Setting("timezone", _zone_name),
        "lieu": _Setting("venue", _line(2_000)),
        "adresse": _Setting("address", _line(2_000)),
        "code_postal": _Setting("postal_code", _line(10)),
        "ville": _Setting("city", _line(120)),
        "en_ligne": _Setting("online", _choice(_FLAGS)),
        "inscription": _Setting("registration_mode", _choice(_MODES)),
        "adresse_inscription": _Setting("external_url", _url),
        "ouverture": _Setting("opens_at", _instant),
        "cloture": _Setting("closes_at", _instant),
        "places": _Setting("capacity", _places),
        "public": _Setting("audience", _choice(_AUDIENCES)),
        "mention_public": _Setting("audience_text", _long),
        "acceptation": _Setting("approval", _choice(_APPROVALS)),
        "demande_occupe_place": _Setting("pending_holds_seat", _choice(_FLAGS)),
        "heures_confirmation": _Setting("confirmation_hours", _number(0, 744, float)),
        "jours_conservation": _Setting("retention_days", _number(7, 366, int)),
        "contact_nom": _Setting("contact_name", _line(75)),
        "contact_courriel": _Setting("contact_email", _email),
        "contacts_presse": _Setting("press_contacts", _press),
        "nom_inscription": _Setting("external_name", _line(300)),
        "afficher_places": _Setting("show_places", _choice(_FLAGS)),
        "message_cloture": _Setting("closed_message", _long),
        "message_cloture_en": _Setting("closed_message_en", _long),
        "message_cloture_le": _Setting("closed_message_from", _instant),
        "titre_en": _Setting("title_en", _line(300)),
        "chapeau_en": _Setting("lead_en", _markdown),
        "texte_en": _Setting("body_en", _markdown),
        "lieu_en": _Setting("venue_en", _line(2_000)),
        "mention_public_en": _Setting("audience_text_en", _long),
    }
)
_WORDS: Mapping[str, Mapping[str, Any]] = {
    "registration_mode": _MODES,
    "audience": _AUDIENCES,
    "approval": _APPROVALS,
}


@dataclass(frozen=True, slots=True)
class Stated:
    """Columns of an event with the values a document states; `programme` when it states one."""

    values: Mapping[str, Any] = field(default_factory=dict)
    programme: Programme | None = None
    line: int | None = None


def read(node: Node | None, zone: ZoneInfo, findings: Findings) -> Stated:
    """The stated facts; an error for each value that cannot be used."""
    if node is None:
        return Stated()
    if not isinstance(node, Table):
        findings.error(
            node.line, "wrong-type", N_("The value of “%(key)s” has the wrong form."), key=KEY
        )
        return Stated()
    values: dict[str, Any] = {}
    programme = None
    for name, value in node.entries:
        if name.value == PROGRAMME and isinstance(value, Items):
            programme = agenda_items.read(value, zone, findings)
        elif (setting := SETTINGS.get(name.value)) is None:
            findings.warn(
                name.line,
                "unknown-key",
                N_("The key “%(key)s” is not known; it is kept as it is."),
                key=f"{KEY}.{name.value}",
            )
        elif not (isinstance(value, Text) and value.is_null):
            _read_one(name, value, setting, zone, values, findings)
    return Stated(values, programme, node.line)


def _read_one(
    name: Text,
    value: Node,
    setting: _Setting,
    zone: ZoneInfo,
    values: dict[str, Any],
    findings: Findings,
) -> None:
    written = value.value if isinstance(value, Text) else "…"
    try:
        if not isinstance(value, Text):
            raise ValueError(written)
        values[setting.column] = setting.read(written, zone)
    except (ValueError, KeyError, OverflowError):
        findings.error(
            name.line,
            "setting-unusable",
            N_("The value of “%(key)s” cannot be used: %(value)s."),
            key=f"{KEY}.{name.value}",
            value=written,
        )


def written(column: str, value: Any, zone: ZoneInfo) -> str:
    """A column's value as `read` understands it."""
    if column in _WORDS:
        return next(word for word, code in _WORDS[column].items() if code == value)
    if value is None:
        return "sans limite" if column == "capacity" else "aucune"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return "\n".join(map(_contact, value))
    if isinstance(value, datetime):
        return stamp(value, zone)
    return repr(value) if isinstance(value, float) else str(value)


def stamp(moment: datetime, zone: ZoneInfo) -> str:
    """An instant as the site's front matter writes it, in the event's zone."""
    local = moment.astimezone(zone)
    digits = f"{local:%Y-%m-%d %H:%M:%S}"
    if local.microsecond:
        digits += f".{local.microsecond:06}"
    offset = local.strftime("%z")
    return f"{digits} {offset[:3]}:{offset[3:5]}"


def apply(document: Document, stated: Stated, findings: Findings) -> Document:
    """The document with what it states outright in place of what was read from its text."""
    values = stated.values
    _tell_differences(document, stated, findings)
    zone = ZoneInfo(values.get("timezone", document.timezone))
    start, end = document.start, document.end
    if "starts_at" in values:
        start = _moment(values["starts_at"], zone)
    if values.get("day_only"):
        start = day_of(start)
    if "ends_at" in values:
        end = _moment(values["ends_at"], zone)
    signup = document.registration
    signup = replace(
        signup,
        mode=values.get("registration_mode", signup.mode),
        link=values.get("external_url", signup.link) or None,
        deadline=values.get("closes_at", signup.deadline),
        opens_at=values.get("opens_at", signup.opens_at),
    )
    audience = Audience(
        values.get("audience", "public_agents" if document.audience.public_agents_only else "")
        == "public_agents",
        values.get("audience_text", document.audience.text) or None,
    )
    first, last = day_of(start), day_of(end) or day_of(start)
    return replace(
        document,
        title=values.get("title", document.title),
        start=start,
        end=end,
        multi_day=None if start is None else first != last,
        timezone=zone.key,
        venue=values.get("venue", document.venue) or None,
        address=values.get("address", document.address) or None,
        postal_code=values.get("postal_code", document.postal_code) or None,
        city=values.get("city", document.city) or None,
        online=values.get("online", document.online),
        capacity=values.get("capacity", document.capacity),
        registration=signup,
        audience=audience,
        programme=stated.programme or document.programme,
        stated=dict(values),
    )


def _moment(value: datetime | None, zone: ZoneInfo) -> datetime | None:
    return value.astimezone(zone) if value else None


def _tell_differences(document: Document, stated: Stated, findings: Findings) -> None:
    """The text that readers see says something else: they should know, and so should its author."""
    found: dict[str, datetime | date | int | str | None] = {
        "starts_at": document.start,
        "closes_at": document.registration.deadline,
        "capacity": document.capacity,
    }
    names = {setting.column: name for name, setting in SETTINGS.items()}
    for column, value in found.items():
        if value is None or column not in stated.values or stated.values[column] == value:
            continue
        findings.warn(
            stated.line,
            "settings-win",
            N_("“%(key)s” is kept; the rest of the document says %(value)s."),
            key=f"{KEY}.{names[column]}",
            value=f"{value:%d/%m/%Y %H:%M}" if isinstance(value, datetime) else value,
        )
