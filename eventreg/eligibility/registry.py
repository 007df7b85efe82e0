"""What is known of e-mail domains: read once, never changed, looked up label by label."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from eventreg.eligibility.tables import (
    Addition,
    Body,
    Override,
    RegistryError,
    WebHost,
    Words,
    read_bodies,
    read_overrides,
    read_web,
)
from eventreg.eligibility.webtable import WebTable

DATA = Path(__file__).resolve().parent / "data"
PUBLIC_FILE = "public_email_domains.csv"
OVERRIDES_FILE = "email_domain_overrides.csv"
VERSION_LENGTH = 12

__all__ = [
    "Addition",
    "Body",
    "Override",
    "Registry",
    "RegistryError",
    "WebHost",
    "WebTable",
    "Words",
    "load",
    "parents",
    "parse",
    "read_web",
    "upwards",
]


def upwards(domain: str) -> Iterator[str]:
    """The domain, then what it lies below, most specific first. Whole labels: no suffix of text."""
    yield domain
    yield from parents(domain)


def parents(domain: str) -> Iterator[str]:
    """What `domain` lies below, nearest first, the top-level domain included."""
    _, dot, rest = domain.partition(".")
    while dot:
        yield rest
        _, dot, rest = rest.partition(".")


@dataclass(frozen=True, slots=True)
class Registry:
    """Domains and markers. `version` names the exact bytes that a decision was taken from."""

    version: str
    bodies: Mapping[str, Body]
    overrides: Mapping[str, Override]
    words: tuple[Words, ...]
    by_length: Mapping[int, tuple[str, ...]]
    web: WebTable = field(default_factory=WebTable)
    added: Mapping[str, Body | Override] = field(default_factory=lambda: MappingProxyType({}))

    def with_web(self, hosts: WebTable | Iterable[WebHost]) -> "Registry":
        """The same registry with these web sites instead of any other (step 6)."""
        table = hosts if isinstance(hosts, WebTable) else WebTable(hosts)
        return replace(self, web=table)._pinned()

    def with_additions(self, additions: Iterable[Addition]) -> "Registry":
        """With what administrators of this instance decided instead of anything they did before.

        An addition wins over the rows of its own name, no further: where it does not cover what
        lies below, those rows still do.
        """
        kept = sorted(additions, key=lambda one: one.domain)
        return replace(
            self, added=MappingProxyType({one.domain: one.row() for one in kept})
        )._pinned()

    def _pinned(self) -> "Registry":
        """With the version of its release, and a digest of what this instance adds to it."""
        release = self.version.partition("+")[0]
        digest = hashlib.sha256(self.web.text)
        for row in self.added.values():
            digest.update(f"{row}\n".encode())
        extra = f"+{digest.hexdigest()[:VERSION_LENGTH]}" if self.web or self.added else ""
        return replace(self, version=release + extra)

    def row(self, domain: str) -> Override | Body | None:
        """The most specific row that applies to `domain`; an override wins over its equal."""
        for name in upwards(domain):
            for row in (self.added.get(name), self.overrides.get(name), self.bodies.get(name)):
                if row is not None and (name == domain or row.covers_below):
                    return row
        return None

    def body(self, domain: str) -> Body | None:
        """The nearest public body at or above `domain`: its name, not an outcome."""
        return next(self._bodies(domain), None)

    def categories(self, domain: str) -> frozenset[str]:
        """Categories of the domain's own row and of its parents' rows."""
        return frozenset(body.category for body in self._bodies(domain))

    def _bodies(self, domain: str) -> Iterator[Body]:
        for name in upwards(domain):
            row = self.added.get(name)
            body = row if isinstance(row, Body) else self.bodies.get(name)
            if body is not None:
                yield body

    def lists(self, domain: str) -> bool:
        """Whether one of the files names exactly this domain."""
        return (
            domain in self.bodies
            or domain in self.overrides
            or domain in self.added
            or domain in self.web
        )

    def web_host(self, domain: str) -> WebHost | None:
        """The site at this host, or the one below whose own zone it lies; never a platform's."""
        for name in upwards(domain):
            host = self.web.get(name)
            if host is not None and not host.shared and (name == domain or host.own_zone):
                return host
        return None

    def kind(self, kind: str) -> tuple[Words, ...]:
        """The marker rows of one kind of the overrides file."""
        return tuple(words for words in self.words if words.kind == kind)


def parse(public: bytes, overrides: bytes) -> Registry:
    """A registry from the bytes of both files. Raises RegistryError."""
    bodies = read_bodies(public)
    domains, words = read_overrides(overrides)
    digest = hashlib.sha256(public + b"\0" + overrides).hexdigest()
    lengths: dict[int, list[str]] = {}
    for body in bodies.values():
        if body.evidence in ("mail", "attested") and body.domain not in domains:
            lengths.setdefault(len(body.domain), []).append(body.domain)
    return Registry(
        version=digest[:VERSION_LENGTH],
        bodies=MappingProxyType(bodies),
        overrides=MappingProxyType(domains),
        words=tuple(words),
        by_length=MappingProxyType({size: tuple(sorted(n)) for size, n in lengths.items()}),
    )


@cache
def load() -> Registry:
    """The registry of this release, read once. Raises RegistryError: the application must not start."""
    try:
        public = (DATA / PUBLIC_FILE).read_bytes()
        overrides = (DATA / OVERRIDES_FILE).read_bytes()
    except OSError as fault:
        raise RegistryError(str(fault.filename), 0, "cannot be read") from fault
    return parse(public, overrides)
