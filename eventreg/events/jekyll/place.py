"""Where an event is: venue, address, postal code and city, online or not."""

import re
from dataclasses import dataclass

from eventreg.events.jekyll import cities
from eventreg.events.jekyll.page import Page
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.values import Values
from eventreg.events.jekyll.words import fold, is_placeholder, squeeze

_POSTAL = re.compile(r"(?<!\d)(\d{2}) ?(\d{3})(?!\d)")
_ARRONDISSEMENT = re.compile(r"\s+\d{1,2}(?:er|e|eme|ème)?$", re.IGNORECASE)
_ONLINE_PLACE = re.compile(r"en ligne|distanciel|a distance|webinaire|visio|virtuel")
_ONLINE_NOTICE = re.compile(
    r"100 ?% en ligne|entierement en ligne|en ligne et en presentiel|en ligne sous forme"
    r"|^en ligne\b|evenement (?:hybride|en ligne)|distanciel|webinaire|visio-?conference|en visio\b|a distance|en ligne du \d|en direct .{0,20}sur la chaine"
)
_SURELY_ONLINE = re.compile(
    r"100 ?% en ligne|entierement en ligne|lors (?:de ce|du) webinaire|en visio\b|visio-?conference"
    r"|auront lieu en direct"
)
_TWO_PLACES = re.compile(r"\ble matin\b.*\bl'apres-midi\b")


@dataclass(frozen=True, slots=True)
class Place:
    """Venue and address as written (white space folded); the rest is derived, for searching."""

    venue: str | None = None
    address: str | None = None
    postal_code: str | None = None
    city: str | None = None
    online: bool | None = None


def read(values: Values, page: Page, categories: tuple[str, ...], findings: Findings) -> Place:
    """The place of an event: content-format.md, section 11, point 10."""
    venue = values.short("lieu")
    address = values.short("adresse")
    for key, value in (("lieu", venue), ("adresse", address)):
        if value and is_placeholder(value):
            findings.warn(
                values.line(key),
                "address-placeholder",
                N_("The place is still to come: “%(value)s”."),
                value=value,
            )
        if value and (_TWO_PLACES.search(fold(value)) or len(_POSTAL.findall(value)) > 1):
            findings.warn(
                values.line(key),
                "two-places",
                N_("Two places in one value: “%(value)s”."),
                value=value,
            )
    postal_code, city = city_of(address)
    city = city or cities.named(venue or "") or cities.named(address or "")
    return Place(
        venue, address, postal_code, city, _online(venue, address, page, values, categories)
    )


def city_of(address: str | None) -> tuple[str | None, str | None]:
    """Postal code and city of an address, as far as it is plain."""
    if address is None:
        return None, None
    match = _POSTAL.search(address)
    if match:
        city = re.split(r"[,(\n]| - | \u2013 ", address[match.end() :].lstrip(" ,"), maxsplit=1)[0]
        return match.group(1) + match.group(2), _named(city)
    last = _ARRONDISSEMENT.sub("", address.rsplit(",", 1)[-1].strip()) if "," in address else ""
    return None, None if any(char.isdigit() for char in last) else _named(last)


def _named(city: str) -> str | None:
    city = re.sub(r"\s+(?:cedex|france)\b.*$", "", squeeze(city), flags=re.IGNORECASE)
    return (city.title() if city.isupper() else city) or None


def _online(
    venue: str | None,
    address: str | None,
    page: Page,
    values: Values,
    categories: tuple[str, ...],
) -> bool | None:
    if venue and _ONLINE_PLACE.search(fold(venue)):
        return True
    notices = [f"{field.label or ''} {field.value or ''}" for field in page.fields]
    notices += [access.means or "" for access in values.access()]
    notices += categories
    notices += [page.lead]
    if any(_ONLINE_NOTICE.search(fold(notice)) for notice in notices):
        return True
    if venue or address:
        return False
    body = (sentence.folded for sentence in page.sentences if sentence.place == "body")
    return True if any(_SURELY_ONLINE.search(text) for text in body) else None
