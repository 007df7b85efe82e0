"""Short codes of rows, for addresses that people read aloud or type from a poster.

A code says the row's number, always the same, and one more character that a slip of one key or
two keys swapped would belie: it leads nowhere instead of to somebody else's event.
"""

# No vowel (no words by accident), nothing that looks like another (0 o, 1 l i, 5 s, 2 z, 8 b, u v y).
ALPHABET = "23456789cdfghjkmnpqrtwx"
_BASE = len(ALPHABET)  # 23, prime: every slip of one key changes the sum
_LONGEST = 8


def encode(number: int) -> str:
    """The code of a positive number: two characters at least."""
    digits = []
    while number:
        number, rest = divmod(number, _BASE)
        digits.append(rest)
    digits.reverse()
    return "".join(ALPHABET[digit] for digit in [*digits, _check(digits)])


def decode(text: str) -> int | None:
    """The number of a code, in small or large letters; None when it is none."""
    text = text.lower()
    if not 2 <= len(text) <= _LONGEST or not set(text) <= set(ALPHABET):
        return None
    *digits, check = (ALPHABET.index(character) for character in text)
    if digits[0] == 0 or check != _check(digits):
        return None
    number = 0
    for digit in digits:
        number = number * _BASE + digit
    return number


def _check(digits: list[int]) -> int:
    return sum((place + 2) * digit for place, digit in enumerate(reversed(digits))) % _BASE
