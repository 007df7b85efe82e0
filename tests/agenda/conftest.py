"""The instant at which the public pages are looked at."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from eventreg.shared import clock

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def at_once_in_january(app: Flask) -> Iterator[None]:
    """Time stands still at NOW; kept pages are checked at each view."""
    cache = app.extensions["pagecache"]
    before, cache.interval = cache.interval, 0
    with clock.frozen(NOW):
        yield
    cache.interval = before
