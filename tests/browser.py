"""The Chromium of the tests: where it is, how it is started."""

import shutil

import pytest

# The one without windows first: it asks for a fifth less of the machine.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-site-isolation-trials",
    "--renderer-process-limit=1",
)


def path() -> str:
    """Skips the test where there is none."""
    found = next((place for name in NAMES if (place := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on the PATH: `make test` installs it where it may")
    return found
