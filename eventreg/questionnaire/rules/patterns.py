"""Shapes that a text may be asked to have, by name: no regular expression comes from a user."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from eventreg.shared.errors import N_


@dataclass(frozen=True, slots=True)
class Pattern:
    """Linear to match; `message` says what is expected, with an example."""

    expression: re.Pattern[str]
    label: str
    message: str
    numeric: bool = False


PATTERNS: Mapping[str, Pattern] = {
    "postal_code": Pattern(
        re.compile(r"[0-9]{5}"),
        N_("French postal code"),
        N_("Enter a postal code of five digits, for example: 75007."),
        numeric=True,
    ),
    "siret": Pattern(
        re.compile(r"[0-9]{14}"),
        N_("SIRET number"),
        N_("Enter a SIRET number of fourteen digits, for example: 13002526500013."),
        numeric=True,
    ),
    "siren": Pattern(
        re.compile(r"[0-9]{9}"),
        N_("SIREN number"),
        N_("Enter a SIREN number of nine digits, for example: 130025265."),
        numeric=True,
    ),
    "department": Pattern(
        re.compile(r"(?:[013-8][0-9]|2[1-9ABab]|9[0-5]|97[1-68])"),
        N_("French department number"),
        N_("Enter the number of a department, for example: 35 or 2A."),
    ),
    "digits": Pattern(
        re.compile(r"[0-9]+"), N_("Digits only"), N_("Enter digits only."), numeric=True
    ),
    "letters": Pattern(
        re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’-])*"),
        N_("Letters only"),
        N_("Enter letters only; spaces, hyphens and apostrophes are allowed."),
    ),
    "reference": Pattern(
        re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-])*"),
        N_("Reference (letters, digits, hyphens)"),
        N_("Enter letters without accents, digits and hyphens only, for example: AB-2027-12."),
    ),
    "web_address": Pattern(
        re.compile(r"https?://[A-Za-z0-9.-]+\.[A-Za-z]{2,24}(?:[:/?#][^\s<>\"]*)?"),
        N_("Web address"),
        N_("Enter a complete web address, for example: https://www.example.org."),
    ),
}
