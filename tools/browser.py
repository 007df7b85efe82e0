"""The browser of `make test`: installs Chromium where that is allowed, else says what is skipped."""

import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATIENCE = 600  # seconds: a slow mirror must not hold the tests for ever


def wanted(browser: str = BROWSERS[0]) -> list[str]:
    """System packages that are absent: a browser, and strace for the test of what is synced."""
    packages = [] if any(shutil.which(name) for name in BROWSERS) else [browser]
    return packages if shutil.which("strace") else [*packages, "strace"]


def may_install() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list[str]) -> None:
    """Quiet, without questions; what goes wrong shows in what is still absent afterwards."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        try:
            subprocess.run(  # noqa: S603 - the system's own package manager
                ["apt-get", "-qq", *arguments],  # noqa: S607
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return


def main() -> int:
    packages = wanted()
    if packages and may_install():
        print(f"Installing {' and '.join(packages)} for the tests (once)…", flush=True)  # noqa: T201
        install(packages)
        if packages := wanted("chromium"):  # where the small one is not packaged
            install(packages)
    absent = wanted("chromium")
    if "chromium" in absent:
        print("No Chromium: browser tests will be skipped (apt-get install chromium).")  # noqa: T201
    if "strace" in absent:
        print("No strace: the test of what is synced to disk will be skipped.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
