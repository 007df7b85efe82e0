"""A listed domain one slip of the finger away: a hint to click, never applied."""

import idna

from eventreg.eligibility.registry import Registry

SHORTEST = 7  # three letters and a suffix are one edit away from too many names


def nearest(domain: str, registry: Registry) -> str | None:
    """A domain of agents one edit away from `domain` (as people read it), or None."""
    shown = _as_read(domain)
    if len(shown) < SHORTEST:
        return None
    half = (len(shown) - 2) // 2
    head, tail = shown[:half], shown[-half:]
    for size in (len(shown), len(shown) - 1, len(shown) + 1):
        for name in registry.by_length.get(size, ()) if size >= SHORTEST else ():
            if (name.startswith(head) or name.endswith(tail)) and one_edit_apart(shown, name):
                return name
    return None


def one_edit_apart(one: str, other: str) -> bool:
    """One character added, dropped, changed, or two neighbours swapped."""
    shorter = min(len(one), len(other))
    start = 0
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if len(left) == len(right) == 2:
        return left == right[::-1]
    return left != right and max(len(left), len(right)) == 1


def _as_read(domain: str) -> str:
    """The letters that a reader sees: a look-alike letter counts for one edit."""
    return ".".join(idna.ulabel(b) if b.startswith("xn--") else b for b in domain.split("."))
