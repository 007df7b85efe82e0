"""Which addresses a text may point to, and which videos it embeds."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_ADDRESS = re.compile(r"[^\s@/:?#<>\"']+@[^\s@/:?#<>\"']+\.[^\s@/:?#<>\"'.]+")
_UNSAFE = re.compile(r"[\s<>\"'\\\x00-\x20\x7f`]")
_HOST = re.compile(r"[\w.-]+(?::\d{1,5})?")
_VIDEO_PATHS = (
    ("youtube", re.compile(r"(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{1,64})")),
    ("dailymotion", re.compile(r"(?:www\.|geo\.)?dailymotion\.com/embed/video/([\w-]{1,64})")),
    ("vimeo", re.compile(r"player\.vimeo\.com/video/(\d{1,20})")),
    ("peertube", re.compile(r"[\w.-]+/videos/embed/([\w-]{1,64})")),
)


@dataclass(frozen=True, slots=True)
class Video:
    """A video that a text embeds: never loaded by the page itself, only linked to."""

    provider: str
    id: str
    url: str


def is_email(value: str) -> bool:
    """Whether the whole value looks like an e-mail address."""
    return len(value) <= 254 and _ADDRESS.fullmatch(value) is not None


def safe_href(value: str) -> str | None:
    """The address to emit: http, https, mailto or a path of this site; None for anything else.

    A bare e-mail address gets its `mailto:`; a host with user information is refused.
    """
    value = value.strip()
    if value.lower().startswith(("http://mailto:", "https://mailto:")):
        value = value.split("://", 1)[1]
    if not value or len(value) > 2_000:
        return None
    if is_email(value):
        return f"mailto:{value}"
    scheme = _SCHEME.match(value)
    if scheme is None:
        return value if _is_site_path(value) else None
    kind = scheme.group(1).lower()
    if kind == "mailto":
        address = value[7:].split("?", 1)[0].strip()
        return f"mailto:{address}" if is_email(address) else None
    return value if kind in {"http", "https"} and _is_web(value) else None


def _is_site_path(value: str) -> bool:
    return value.startswith("/") and not value.startswith("//") and not _UNSAFE.search(value)


def _is_web(value: str) -> bool:
    if _UNSAFE.search(value.replace("'", "")):
        return False
    try:
        host = urlsplit(value).netloc
    except ValueError:
        return False
    return "." in host and _HOST.fullmatch(host) is not None


def video(src: str) -> Video | None:
    """The video behind the address of an embedded player, without autoplay; None when unusable."""
    src = src.strip()
    address = safe_href(f"https:{src}" if src.startswith("//") else src)
    if address is None or address.startswith("mailto:"):
        return None
    if address.startswith("/"):
        return Video("file", address, address)
    parts = urlsplit(address)
    place = f"{parts.netloc}{parts.path}"
    for provider, pattern in _VIDEO_PATHS:
        if match := pattern.match(place):
            return Video(provider, match.group(1), f"{parts.scheme}://{place}")
    return Video(parts.netloc, parts.path.strip("/"), f"{parts.scheme}://{place}")
