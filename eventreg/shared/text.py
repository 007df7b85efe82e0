"""Text without a business word: folding for search."""

import unicodedata


def fold(text: str) -> str:
    """Lower case without accents, single spaces: what a search compares."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())
