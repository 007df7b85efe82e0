"""Lines of an event's own lists: an address, a domain, a domain with all below it. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from eventreg.eligibility.registry import upwards
from eventreg.shared.addresses import FAULTS, WHITE_SPACE, Address, InvalidAddress, canonical
from eventreg.shared.errors import N_

MAX_ROWS = 100_000
MOST_FAULTS = 50
PATTERN = N_(
    "Patterns are not understood here. Write an address (name@example.org), a domain "
    "(example.org), or a domain with everything below it (*.example.org)."
)
TOO_MANY = N_("A list holds %(limit)s lines at most.")
_PATTERN_SIGNS = re.compile(r"[*?\[\](){}^$|\\/]")
_SEPARATORS = re.compile(r"[\t;,]")


class InvalidEntry(InvalidAddress):
    """A line that names nobody; `code` is one of addresses.FAULTS, or `pattern`."""

    def __init__(self, code: str) -> None:
        ValueError.__init__(self, code)
        self.code = code
        self.message = PATTERN if code == "pattern" else FAULTS[code]


def list_entry(text: str) -> str:
    """One line of an event's own list: an address, a domain, or .domain (and all below it).

    « *.domain » is the same as « .domain ». Raises InvalidEntry.
    """
    stripped = text.strip(WHITE_SPACE)
    bare = stripped.removeprefix("@")
    below = bare.startswith(("*.", "."))
    if below:
        bare = bare.removeprefix("*").removeprefix(".")
    if _PATTERN_SIGNS.search(bare) or ("@" in bare and below):
        raise InvalidEntry("pattern")
    try:
        if "@" in bare:
            return canonical(bare).canonical
        return ("." if below else "") + canonical(f"x@{bare}").domain
    except InvalidAddress as fault:
        raise InvalidEntry(fault.code) from fault


def entries_for(address: Address) -> Iterator[str]:
    """Entries that would name this address, most specific first."""
    yield address.canonical
    yield address.domain
    for name in upwards(address.domain):
        yield f".{name}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be used: its number, an English id and its parameters."""

    line: int
    text: str
    message: str
    params: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a list says. `refused` are its exclusions (lines that begin with an exclamation mark)."""

    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    repeated: int = 0
    faults: tuple[Fault, ...] = ()
    faulty: int = 0


def read_list(text: str) -> Parsed:
    """Every line of a list: blanks and what follows a # are skipped, the first cell is read."""
    return read_lines(text.removeprefix("\ufeff").splitlines())


def read_lines(lines: Iterable[str]) -> Parsed:
    """`read_list` for lines that are apart already."""
    found: dict[str, str] = {}
    faults: list[Fault] = []
    repeated = rows = faulty = 0
    for number, line in enumerate(lines, 1):
        cell = _SEPARATORS.split(_without_comment(line), maxsplit=1)[0].strip(WHITE_SPACE + '"')
        if not cell:
            continue
        rows += 1
        if rows > MAX_ROWS:
            faults.append(Fault(number, "", TOO_MANY, {"limit": MAX_ROWS}))
            faulty += 1
            break
        verdict = "refused" if cell.startswith("!") else "accepted"
        try:
            entry = list_entry(cell.removeprefix("!"))
        except InvalidEntry as fault:
            faulty += 1
            if len(faults) < MOST_FAULTS:
                faults.append(Fault(number, cell[:80], fault.message))
            continue
        repeated += entry in found
        found[entry] = "refused" if "refused" in (verdict, found.get(entry)) else "accepted"
    kept = {
        word: tuple(e for e, v in found.items() if v == word) for word in ("accepted", "refused")
    }
    return Parsed(kept["accepted"], kept["refused"], repeated, tuple(faults), faulty)


def _without_comment(line: str) -> str:
    """A # opens a comment at the start or after a space: it may be part of a local part."""
    text = line.strip(WHITE_SPACE)
    if text.startswith("#"):
        return ""
    return re.split(r"\s#", text, maxsplit=1)[0]
