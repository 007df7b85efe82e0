"""Choosing among requests: a lottery that anybody can play again. Pure."""

import hashlib
from collections.abc import Iterable

SEED_LIMIT = 80
HIGHEST_SCORE = 100
NOTES_LIMIT = 2_000


def ticket(seed: str, public_id: str) -> str:
    """The number drawn for one person: SHA-256 of "seed:reference", in hexadecimal."""
    return hashlib.sha256(f"{seed}:{public_id}".encode()).hexdigest()


def draw(candidates: Iterable[tuple[str, int]], *, seed: str, places: int) -> list[str]:
    """Who gets the places, in the order of their tickets, smallest first.

    `candidates`: reference and number of seats. A party that no longer fits is passed over, and
    the next one is looked at. Source: docs/guide-organisateur.md, tirage au sort.
    """
    left, chosen = places, []
    for public_id, seats in sorted(candidates, key=lambda one: (ticket(seed, one[0]), one[0])):
        if seats <= left:
            chosen.append(public_id)
            left -= seats
    return chosen
