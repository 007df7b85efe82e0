"""E-mail addresses: one mailbox, one canonical form. Pure; never asks the network."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import idna

from eventreg.shared.errors import N_

MAX_TYPED = 2_048  # decomposed accents and outer spaces make a typed address longer than 254
MAX_ADDRESS = 254
MAX_LOCAL = 64
MAX_LABEL = 63

# Unicode's White_Space property; str.strip() would also take away control characters.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset(WHITE_SPACE) - frozenset("\n\v\f\r\x85\u2028\u2029")
# RFC 5322's atom without % ! | ` which old relays and shells read as a route or a command.
_LOCAL_ASCII = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.#$&'*+/=?^_{}~-")
_LABEL_ASCII = re.compile(r"[a-z0-9-]+")

FAULTS: Mapping[str, str] = {
    "empty": N_("Enter an e-mail address."),
    "too_long": N_("This e-mail address is too long: 254 characters at most."),
    "control_or_invisible": N_(
        "This e-mail address holds an invisible character: type it again by hand."
    ),
    "inner_space": N_("This e-mail address holds a space: remove it."),
    "display_name": N_("Enter the e-mail address alone, without a name before it."),
    "brackets": N_("Enter the e-mail address alone, without brackets."),
    "comment": N_("Enter the e-mail address alone, without parentheses."),
    "quoted_local": N_("An e-mail address with quotation marks cannot be used here."),
    "no_at": N_("This e-mail address lacks the @ sign."),
    "several_at": N_("This e-mail address has several @ signs: enter one address only."),
    "ip_literal": N_("An e-mail address at a numeric address cannot be used here."),
    "empty_local": N_("This e-mail address lacks the part before the @ sign."),
    "empty_domain": N_("This e-mail address lacks the part after the @ sign."),
    "local_too_long": N_("The part before the @ sign is too long: 64 characters at most."),
    "misplaced_dot": N_("Check the dots in the part before the @ sign."),
    "bad_character": N_("This e-mail address holds a character that is not allowed: check it."),
    "single_label": N_("The part after the @ sign is not complete, for example: example.org."),
    "empty_label": N_("Check the dots in the part after the @ sign."),
    "label_too_long": N_("The part after the @ sign is too long: check it."),
    "misplaced_hyphen": N_("Check the hyphens in the part after the @ sign."),
    "bad_idn": N_("The accents or letters after the @ sign are not those of a domain name."),
}
"""Every fault code with its sentence (English id for gettext)."""


class InvalidAddress(ValueError):
    """Not an address. `code` is a key of FAULTS, `message` its English id; nothing typed is kept."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = FAULTS[code]


@dataclass(frozen=True, slots=True)
class Address:
    """`typed` is for display; mail goes to `canonical`, which is also the key of a person."""

    typed: str
    canonical: str
    local: str
    domain: str


@lru_cache(maxsize=64)  # one sign-up asks three times: its form, its row, its letter
def canonical(raw: str) -> Address:
    """The canonical form: NFC, lower case, IDNA A-labels, no root dot.

    Raises InvalidAddress. Source: shared/data, step 1.
    """
    if len(raw) > MAX_TYPED:
        raise InvalidAddress("too_long")
    typed = raw.strip(WHITE_SPACE)
    if not typed:
        raise InvalidAddress("empty")
    text = unicodedata.normalize("NFC", typed)
    _refuse_decorations(text)
    if any(unicodedata.normalize("NFC", c).isascii() for c in typed if not c.isascii()):
        raise InvalidAddress("bad_character")  # the Kelvin sign would become a plain K
    local_text, domain_text = split(text)
    if domain_text.startswith("["):
        raise InvalidAddress("ip_literal")
    if "[" in text or "]" in text:
        raise InvalidAddress("brackets")
    local, domain = _local(local_text), _domain(domain_text)
    whole = f"{local}@{domain}"
    if len(whole.encode()) > MAX_ADDRESS:
        raise InvalidAddress("too_long")
    return Address(typed=typed, canonical=whole, local=local, domain=domain)


def split(text: str) -> tuple[str, str]:
    """Both sides of the one @. Raises InvalidAddress when there is none, or more than one."""
    count = text.count("@")
    if count != 1:
        raise InvalidAddress("several_at" if count else "no_at")
    local, _, domain = text.rpartition("@")
    return local, domain


def _refuse_decorations(text: str) -> None:
    """What surrounds an address in a letter's header, and what cannot be seen."""
    if any(unicodedata.category(c) in _INVISIBLE and c not in _SPACES for c in text) or any(
        unicodedata.category(c) in ("Zl", "Zp") for c in text
    ):
        raise InvalidAddress("control_or_invisible")
    if "<" in text or ">" in text:
        bare = text.startswith("<") and text.endswith(">")
        raise InvalidAddress("brackets" if bare else "display_name")
    if "(" in text or ")" in text:
        raise InvalidAddress("comment")
    if '"' in text:
        raise InvalidAddress("quoted_local")
    if any(c in _SPACES for c in text):
        raise InvalidAddress("inner_space")


def _local(text: str) -> str:
    # lower(), not casefold(): « ß » must not become another mailbox, « ss ».
    local = unicodedata.normalize("NFC", text.lower())
    if not local:
        raise InvalidAddress("empty_local")
    if len(local.encode()) > MAX_LOCAL:
        raise InvalidAddress("local_too_long")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise InvalidAddress("misplaced_dot")
    previous = ""
    for character in local:
        if character not in _LOCAL_ASCII and not _is_latin(character, after=previous):
            raise InvalidAddress("bad_character")
        previous = character
    return local


def _is_latin(character: str, *, after: str) -> bool:
    """A small accented Latin letter, or an accent on a letter. Other scripts hold look-alikes."""
    name = unicodedata.name(character, "")
    if unicodedata.category(character) == "Mn":
        accent = name.startswith("COMBINING ") and "JOINER" not in name
        return accent and (after.isalpha() or unicodedata.category(after or " ") == "Mn")
    return (
        not character.isascii()
        and name.startswith("LATIN SMALL LETTER ")
        and unicodedata.normalize("NFKC", character) == character
    )


def _domain(text: str) -> str:
    text = text.removesuffix(".")
    if not text:
        raise InvalidAddress("empty_domain")
    labels = [_label(label) for label in text.split(".")]
    if len(labels) == 1:
        raise InvalidAddress("single_label")
    if labels[-1].isdecimal():
        raise InvalidAddress("ip_literal")
    return ".".join(labels)


def _label(text: str) -> str:
    """One label as an A-label. The length comes first: idna is not linear on long ones."""
    if not text:
        raise InvalidAddress("empty_label")
    if len(text) > MAX_LABEL:
        raise InvalidAddress("label_too_long")
    label = unicodedata.normalize("NFC", text.lower())
    if not text.isascii():
        return _international(label)
    if not _LABEL_ASCII.fullmatch(label):
        raise InvalidAddress("bad_character")
    if label.startswith("-") or label.endswith("-"):
        raise InvalidAddress("misplaced_hyphen")
    return _international(label) if label.startswith("xn--") else label


def _international(label: str) -> str:
    # alabel() is IDNA 2008 without the mapping of full-width letters and dots to ASCII, so that
    # nothing that merely resembles a listed name becomes it.
    try:
        return idna.alabel(label).decode("ascii")
    except UnicodeError as fault:
        raise InvalidAddress("bad_idn") from fault
