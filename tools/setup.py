"""The part of `make setup` that is not pip: catalogues and design-system assets, when they changed."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = ROOT / ".assets" / ".setup"
INPUTS = (
    "assets.lock",
    "tools/assets.py",
    "tools/words.py",
    "eventreg/shared/theme.py",
    "templates/**/*.html",
    "eventreg/static/*",
    "eventreg/translations/*/LC_MESSAGES/*.po",
    "eventreg/**/*.py",
)


def fingerprint() -> str:
    digest = hashlib.sha256()
    for pattern in INPUTS:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def python(*arguments: str) -> int:
    return subprocess.call([sys.executable, *arguments], cwd=ROOT)  # noqa: S603 - our own tools


def main() -> int:
    wanted = fingerprint()
    catalogues = list(ROOT.glob("eventreg/translations/*/LC_MESSAGES/messages.mo"))
    if len(catalogues) == 2 and STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    if python("tools/words.py", "compile"):
        return 1
    source = ROOT / ".assets" / "src"
    if not any(source.glob("dsfr*")):
        source.mkdir(parents=True, exist_ok=True)
        code = python(
            *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--require-hashes", "--target", str(source), "-r", "assets.lock"),
        )
        if code:
            sys.stderr.write("The design system could not be fetched: the neutral theme is used.\n")
    if python("tools/assets.py", "build", "--source", ".assets/src", "--out", ".assets"):
        return 1
    if any(source.glob("dsfr*")):
        STAMP.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
