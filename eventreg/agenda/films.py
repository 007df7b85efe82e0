"""Films of an event: a page to watch them on, and a player for whoever asks for it. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from eventreg.agenda.rules import host_of, web_link

# provider: name, page of a film, player of a film
PROVIDERS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "dailymotion": (
            "Dailymotion",
            "https://www.dailymotion.com/video/{}",
            "https://geo.dailymotion.com/player.html?video={}",
        ),
        "youtube": (
            "YouTube",
            "https://www.youtube.com/watch?v={}",
            "https://www.youtube-nocookie.com/embed/{}",
        ),
        "vimeo": ("Vimeo", "https://vimeo.com/{}", "https://player.vimeo.com/video/{}?dnt=1"),
    }
)
_PEERTUBE = re.compile(r"https://([\w.-]+(?::\d{1,5})?)/videos/embed/([\w-]{1,64})/?", re.ASCII)


@dataclass(frozen=True)
class Film:
    """Nothing is asked of the provider before a visitor follows `url` or asks for the `player`.

    `player` is empty where the document points to a site that is not known to have one.
    """

    provider: str
    url: str
    player: str = ""


def films(items: Iterable[Mapping[str, Any]]) -> list[Film]:
    """The films of an event, in order; those without a usable address are left out."""
    return [film for film in map(_film, items) if film is not None]


def frames(shown: Iterable[Film]) -> str:
    """The sites that the page may frame, for its security policy; empty when there is none."""
    origins = {
        "{0.scheme}://{0.netloc}".format(urlsplit(one.player)) for one in shown if one.player
    }
    return " ".join(sorted(origins))


def _film(item: Mapping[str, Any]) -> Film | None:
    provider, number = (str(item.get(key) or "") for key in ("provider", "id"))
    known = PROVIDERS.get(provider.lower())
    if known and number:
        name, page, player = known
        code = quote(number, safe="")
        return Film(name, page.format(code), player.format(code))
    url = web_link(item.get("url"))
    if not url:
        return None
    peertube = _PEERTUBE.fullmatch(url)
    if provider.lower() == "peertube" and peertube:
        host, code = peertube.groups()
        return Film(host, f"https://{host}/w/{code}", f"https://{host}/videos/embed/{code}")
    return Film(host_of(url), url)
