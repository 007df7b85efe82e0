"""Hosts of public bodies' web sites in one sorted text: 2 MB for 38,000, whatever asks for them.

A dictionary of objects would cost ten times as much and a tenth of a second to build. The text
is read in place, so that processes forked from one that has it share its pages.
"""

import hashlib
import re
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping

from eventreg.eligibility.tables import WebHost

_LINE_END = re.compile(b"\n")


class WebTable(Mapping[str, WebHost]):
    """`table.get(domain)`: about 17 comparisons in 38,000 hosts."""

    __slots__ = ("_starts", "_text")

    def __init__(self, hosts: Iterable[WebHost] = ()) -> None:
        kept = {host.domain.encode("ascii"): host for host in hosts}
        lines = (b"%b\t%b\t%b\t%d\n" % _cells(name, kept[name]) for name in sorted(kept))
        self._take(b"".join(lines))

    @classmethod
    def unpacked(cls, data: bytes) -> "WebTable":
        """From what `packed` gave."""
        table = cls.__new__(cls)
        table._take(zlib.decompress(data))
        return table

    def packed(self) -> bytes:
        """A few hundred kilobytes to keep in the database."""
        return zlib.compress(self._text, 9)

    def _take(self, text: bytes) -> None:
        self._text = text
        ends = [match.end() for match in _LINE_END.finditer(text)]
        self._starts = array("I", [0, *ends])

    @property
    def text(self) -> bytes:
        """The whole table in its one order: what a version is the digest of."""
        return self._text

    @property
    def digest(self) -> str:
        """The version of these contents."""
        return hashlib.sha256(self._text).hexdigest()

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self._text) + self._starts.itemsize * len(self._starts)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __iter__(self) -> Iterator[str]:
        return (self._line(index)[0].decode("ascii") for index in range(len(self)))

    def __getitem__(self, domain: str) -> WebHost:
        wanted = domain.encode("ascii", "replace")
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            cells = self._line(middle)
            if cells[0] == wanted:
                flags = int(cells[3])
                return WebHost(
                    domain,
                    cells[1].decode("utf-8"),
                    own_zone=bool(flags & 1),
                    shared=bool(flags & 2),
                    siren=cells[2].decode("ascii"),
                )
            if cells[0] < wanted:
                low = middle + 1
            else:
                high = middle
        raise KeyError(domain)

    def _line(self, index: int) -> list[bytes]:
        return self._text[self._starts[index] : self._starts[index + 1] - 1].split(b"\t")


def _cells(name: bytes, host: WebHost) -> tuple[bytes, bytes, bytes, int]:
    flags = host.own_zone + 2 * host.shared
    return name, host.category.encode("utf-8"), host.siren.encode("ascii"), flags
