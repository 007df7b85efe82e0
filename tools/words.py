"""Words of the interface: English ids in the code, French and English catalogues beside them.

    python tools/words.py check                 which ids lack French, which French no one uses
    python tools/words.py add < pairs.jsonl     one {"en": ..., "fr": ...} per line, added under a lock
    python tools/words.py compile               .po -> .mo (done by `make setup`)
    python tools/words.py tidy                  no-break spaces before ; : ! ? in every message

Plural entries: {"en": "%(num)s place", "en_plural": "%(num)s places", "fr": "...", "fr_plural": "..."}.
"""

import fcntl
import json
import re
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "eventreg" / "translations"
LOCALES = ("fr", "en")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "_l": None,
    "N_": None,
}
METHODS = [
    ("eventreg/**.py", "python"),
    ("templates/**.html", "jinja2"),
    ("templates/**.txt", "jinja2"),
]


def po_path(locale: str) -> Path:
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"


def load(locale: str) -> Catalog:
    path = po_path(locale)
    if not path.exists():
        return Catalog(locale=locale, charset="utf-8")
    with path.open("rb") as handle:
        return read_po(handle, locale=locale)


def save(catalog: Catalog, locale: str) -> None:
    path = po_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as handle:
        write_po(handle, catalog, sort_output=True, no_location=True, width=0, omit_header=False)


def used() -> dict[str, tuple[str, str] | str]:
    """The ids that code and templates ask for, by their singular."""
    found: dict[str, tuple[str, str] | str] = {}
    messages = extract_from_dir(
        str(ROOT),
        method_map=METHODS,
        keywords=KEYWORDS,
        options_map={"templates/**.html": {"extensions": "jinja2.ext.do", "silent": "false"}},
    )
    for _file, _line, message, _comments, _context in messages:
        key = message[0] if isinstance(message, tuple) else message
        if key:
            found[key] = message
    return found


def missing(locale: str) -> list[str]:
    catalog = load(locale)
    lacking = []
    for key in used():
        entry = catalog.get(key)
        text = entry.string if entry else ""
        if not all(text) if isinstance(text, tuple) else not text:
            lacking.append(key)
    return sorted(lacking)


def no_break(text: str) -> str:
    """French keeps « ; : ! ? » on the line of the word before them."""
    text = re.sub(r"[ \u202f](?=[;:!?»])", "\u00a0", text)
    return re.sub(r"«[ \u202f]", "«\u00a0", text)


def tidy() -> int:
    """Puts the no-break spaces into every French message."""
    with (TRANSLATIONS / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        catalog = load("fr")
        for entry in catalog:
            if not entry.id:
                continue
            text = entry.string
            entry.string = (
                tuple(no_break(part) for part in text)
                if isinstance(text, tuple)
                else no_break(text)
            )
        save(catalog, "fr")
    return 0


def add() -> int:
    with (TRANSLATIONS / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        catalog = load("fr")
        for line in sys.stdin:
            if not line.strip():
                continue
            pair = json.loads(line)
            if "en_plural" in pair:
                french = (no_break(pair["fr"]), no_break(pair["fr_plural"]))
                catalog.add((pair["en"], pair["en_plural"]), french)
            else:
                catalog.add(pair["en"], no_break(pair["fr"]))
        save(catalog, "fr")
    return 0


def prune() -> int:
    """Takes out the French that nothing asks for any more."""
    with (TRANSLATIONS / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        catalog, asked = load("fr"), used()
        for entry in list(catalog):
            key = entry.id[0] if isinstance(entry.id, tuple) else entry.id
            if key and key not in asked:
                catalog.delete(entry.id)
        save(catalog, "fr")
    return 0


def compile_all() -> int:
    for locale in LOCALES:
        path = po_path(locale).with_suffix(".mo")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as handle:
            write_mo(handle, load(locale))
    return 0


def check() -> int:
    lacking = missing("fr")
    for key in lacking:
        sys.stdout.write(f"no French for: {key!r}\n")
    unused = sorted(str(m.id[0] if isinstance(m.id, tuple) else m.id) for m in load("fr") if m.id)
    asked = used()
    for key in unused:
        if key not in asked:
            sys.stdout.write(f"French that no one uses: {key!r}\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    command = {
        "check": check,
        "add": add,
        "compile": compile_all,
        "prune": prune,
        "tidy": tidy,
    }.get("".join(sys.argv[1:2]))
    if command is None:
        sys.exit(__doc__)
    sys.exit(command())
