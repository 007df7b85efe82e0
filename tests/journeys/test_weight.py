"""What a visit costs on a slow link (design budgets, RGESN): bytes on the wire and requests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.journeys import places
from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

# The event has no word in italics: the first of them costs one more font (37 kB), once.
PAGES = ("/agenda/", f"/agenda/{places.FULL}/", f"/agenda/{places.OPEN}/inscription/")


@dataclass
class Meter:
    """Counts what leaves the network, not what the cache gives back."""

    requests: dict[str, str] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    bytes: int = 0

    def attach(self, visitor: Visitor) -> None:
        session = visitor.context.new_cdp_session(visitor.page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._on_response)
        session.on("Network.loadingFinished", self._on_finished)

    def _on_response(self, event: dict[str, Any]) -> None:
        response = event["response"]
        cached = response.get("fromDiskCache") or response.get("fromPrefetchCache")
        if not cached and response["url"].startswith("http"):
            self.requests[event["requestId"]] = response["url"]
            headers = {name.lower(): value for name, value in response["headers"].items()}
            self.encodings[response["url"]] = headers.get("content-encoding", "")

    def _on_finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.requests:
            self.bytes += int(event["encodedDataLength"])

    def reset(self) -> None:
        self.requests.clear()
        self.bytes = 0


def measure(visitor: Visitor) -> tuple[list[tuple[int, int]], Meter]:
    """(requests, bytes) of each of PAGES, one after the other in one browser."""
    meter, found = Meter(), []
    meter.attach(visitor)
    for path in PAGES:
        meter.reset()
        visitor.page.goto(path, wait_until="networkidle")
        found.append((len(meter.requests), meter.bytes))
    return found, meter


def test_the_state_theme_fits_a_slow_link(make_visitor: Callable[..., Visitor], site: Site) -> None:
    found, meter = measure(make_visitor(width=390))
    (requests, weight), *later = found
    assert requests <= 12
    assert weight <= 300_000
    assert max(weight for _count, weight in later) <= 15_000
    css = next(url for url in meter.encodings if url.endswith("/dsfr.css"))
    assert meter.encodings[css] == "br"


def test_the_neutral_theme_is_lighter_still(
    make_visitor: Callable[..., Visitor], neutral_site: Site
) -> None:
    found, _meter = measure(make_visitor(width=390, base_url=neutral_site.base_url))
    (requests, weight), *later = found
    assert requests <= 7
    assert weight <= 25_000
    assert max(weight for _count, weight in later) <= 15_000


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_drawn_once_and_does_not_jump(
    make_visitor: Callable[..., Visitor], path: str
) -> None:
    visitor = make_visitor(width=390)
    visitor.context.add_init_script(
        """window.jumps = 0; new PerformanceObserver((list) => {
             for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.jumps += entry.value;
           }).observe({type: "layout-shift", buffered: true});"""
    )
    visitor.page.goto(path, wait_until="networkidle")
    assert visitor.page.evaluate("window.jumps") <= 0.02
