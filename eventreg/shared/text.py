"""Text without a business word: folding for search, cleaning, what must not be in it."""

import re
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from eventreg.shared.errors import N_

# Controls, surrogates, private use, tags; and the bidi marks that make a name read otherwise.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\uf8ff\ufeff\ufffe\uffff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
# Unicode's normal form costs quadratic time on heaped accents (R34): longer texts stay as they
# are, since every limit below refuses them anyway.
NORMALISED_LIMIT = 5_000


def clean_line(value: str) -> str:
    """NFC, white space folded to single spaces, trimmed; as it is when no limit allows it."""
    if len(value) > NORMALISED_LIMIT:
        return value
    return " ".join(unicodedata.normalize("NFC", value).split())


def clean_text(value: str) -> str:
    """NFC, LF line ends, trimmed; as it is when no limit allows it."""
    if len(value) > NORMALISED_LIMIT:
        return value
    value = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    return value.strip()


def has_unprintable(value: str) -> bool:
    """Whether a text holds what cannot be seen or turns the reading direction."""
    return bool(_UNPRINTABLE.search(value))


def line_fault(value: str, limit: int, *, name: bool = False) -> tuple[str, dict[str, int]] | None:
    """Why a text cannot be kept (English id, parameters): too long, unprintable, not a name."""
    if len(value) > limit:
        return N_("Shorten this text: %(limit)s characters at most."), {"limit": limit}
    if has_unprintable(value):
        return N_("Remove the invisible or control characters, then type the text again."), {}
    if name and any(c in '@:,"<>' for c in value):
        return N_('Write the name alone, without the characters @ : , " < >.'), {}
    return None


def parse_local(value: str, zone: str) -> datetime:
    """A local date-time (ISO) as an instant (UTC).

    Raises ValueError("shape"), ("missing") for an hour that the zone skips, ("twice") for one
    that happens twice and carries no offset.
    """
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError as fault:
        raise ValueError("shape") from fault
    if not 2000 <= moment.year <= 2200:
        raise ValueError("shape")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    first = moment.replace(tzinfo=ZoneInfo(zone), fold=0)
    second = moment.replace(tzinfo=ZoneInfo(zone), fold=1)
    if first.utcoffset() != second.utcoffset():
        back = first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        raise ValueError("missing" if back != moment else "twice")
    return first.astimezone(UTC)


def fold(text: str) -> str:
    """Lower case without accents, single spaces: what a search compares."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())
