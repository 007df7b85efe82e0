"""Regions of France and their departments, to notice a text copied from another stop of a tour.

Source: code officiel géographique (Insee), regions since 2016.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

_DEPARTMENTS: Mapping[str, str] = MappingProxyType(
    {
        "auvergne-rhone-alpes": "01 03 07 15 26 38 42 43 63 69 73 74",
        "bourgogne-franche-comte": "21 25 39 58 70 71 89 90",
        "bretagne": "22 29 35 56",
        "centre-val de loire": "18 28 36 37 41 45",
        "corse": "20",
        "grand est": "08 10 51 52 54 55 57 67 68 88",
        "hauts-de-france": "02 59 60 62 80",
        "ile-de-france": "75 77 78 91 92 93 94 95",
        "normandie": "14 27 50 61 76",
        "nouvelle-aquitaine": "16 17 19 23 24 33 40 47 64 79 86 87",
        "occitanie": "09 11 12 30 31 32 34 46 48 65 66 81 82",
        "pays de la loire": "44 49 53 72 85",
        "provence-alpes-cote d'azur": "04 05 06 13 83 84",
    }
)
_REGIONS = {name: frozenset(codes.split()) for name, codes in _DEPARTMENTS.items()}
_NAMED = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in _REGIONS))


def elsewhere(folded: str, postal_code: str | None) -> bool:
    """Whether a folded sentence names regions, none of them that of the postal code."""
    if postal_code is None:
        return False
    named = _NAMED.findall(folded)
    return bool(named) and all(postal_code[:2] not in _REGIONS[name] for name in named)
