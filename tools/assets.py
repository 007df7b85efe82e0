"""Static files of the site: the State design system cut down to what we use, and our own.

    python tools/assets.py build --source .assets/src --out .assets

Idempotent: nothing happens while the inputs are the same. Without the design system's files
(no network at set-up) only our own are prepared, and the site shows the neutral theme.
No network, no Node. Nothing that this writes is committed.
"""

import argparse
import gzip
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

import brotli

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "eventreg" / "static"
DIST = Path("dsfr/static/dsfr/dist")

COMPONENTS = (
    "accordion", "alert", "badge", "breadcrumb", "button", "callout", "card", "checkbox", "connect",
    "content", "form", "footer", "header", "input", "link", "logo", "modal", "navigation", "notice",
    "pagination", "radio", "search", "segmented", "select", "skiplink", "stepper", "summary", "tab",
    "table", "tag", "tile", "upload",
)  # fmt: skip
FONTS = ("Marianne-Regular", "Marianne-Medium", "Marianne-Bold", "Marianne-Regular_Italic")
FAVICONS = ("favicon.svg", "favicon.ico", "apple-touch-icon.png")
PICTOGRAMS = (
    "system/success", "system/technical-error", "system/error", "system/warning",
    "system/information", "system/padlock", "system/connection-lost", "digital/search",
    "digital/mail-send", "digital/calendar",
)  # fmt: skip

TERMS = """\
Système de design de l'État {version} : usage réservé aux services de l'État, sur un nom en .gouv.fr,
après agrément du SIG ; police Marianne comprise. Autres usages : EVENTREG_THEME=neutral.
"""
BANNER = re.compile(r"/\*!.*?\*/", re.DOTALL)
FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
LINK = re.compile(r"url\(\s*(?!['\"]?data:)['\"]?([^)'\"]+)['\"]?\s*\)")
ICON = re.compile(r"\bfr-icon-(?!-)([a-z0-9][a-z0-9-]*[a-z0-9])\b")
COMPRESSED = frozenset({".css", ".js", ".svg", ".ico"})
TEXTS = frozenset({".html", ".py", ".js", ".txt"})
FORMAT = "4"  # change it when this file writes something else from the same inputs


class AssetError(Exception):
    """Something that a person has to put right."""


def icon_names(*folders: Path) -> set[str]:
    """Icons named in templates, code and scripts, without their prefix."""
    names: set[str] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in TEXTS:
                names.update(ICON.findall(path.read_text("utf-8")))
    return names


def icon_rules(names: set[str], dist: Path) -> str:
    """One rule an icon, its drawing inside. Raises AssetError on a name without a drawing."""
    drawings = {}
    for path in sorted((dist / "icons").glob("*/*.svg")):
        drawings.setdefault(path.stem.removeprefix("fr--"), path)
    unknown = sorted(names - drawings.keys())
    if unknown:
        # An icon without its rule shows as a solid square.
        raise AssetError("unknown icons: " + ", ".join(f"fr-icon-{name}" for name in unknown))
    rules = []
    for name in sorted(names):
        picture = f'url("{inline(drawings[name])}")'
        rules.append(
            f".fr-icon-{name}::before,.fr-icon-{name}::after"
            f"{{-webkit-mask-image:{picture};mask-image:{picture}}}"
        )
    return "".join(rules)


def inline(path: Path) -> str:
    """A drawing as a data: address."""
    text = " ".join(path.read_text("utf-8").split()).replace('"', "'")
    return "data:image/svg+xml," + quote(text, safe=" ='/:;,()-_.!~*")


def style_sheet(dist: Path, icons: set[str]) -> str:
    """The components we use in one file: fonts as files, every drawing inside."""
    parts: list[str] = []
    banners: list[str] = []
    sources = [dist / "core" / "core.main.min.css"]
    sources += [dist / "component" / name / f"{name}.main.min.css" for name in COMPONENTS]
    for source in sources:
        text = source.read_text("utf-8")
        banners += [banner for banner in BANNER.findall(text) if banner not in banners]
        parts.append(self_contained(BANNER.sub("", text), source.parent))
    return "\n".join(banners) + "\n" + "\n".join(parts) + "\n" + icon_rules(icons, dist) + "\n"


def self_contained(css: str, folder: Path) -> str:
    """Font faces reduced to the weights we serve; other files put inside the style sheet."""
    css = FONT_FACE.sub(lambda match: font_face(match[0]), css)

    def replace(match: re.Match[str]) -> str:
        target = match[1]
        if target.startswith("fonts/"):
            return f"url({target})"
        path = (folder / target.split("#")[0]).resolve()
        return f'url("{inline(path)}")'

    return LINK.sub(replace, css)


def font_face(rule: str) -> str:
    """The rule with its woff2 file only, or nothing for a weight that we do not serve."""
    for name in FONTS:
        if f"/{name}.woff2" in rule:
            return re.sub(r"src:[^;}]*", f'src:url(fonts/{name}.woff2) format("woff2")', rule)
    return ""


def version_of(dist: Path) -> str:
    found = re.search(r"DSFR v([\d.]+)", (dist / "core" / "core.main.min.css").read_text("utf-8"))
    return found[1] if found else "?"


def compress(path: Path) -> None:
    """Twins that the server sends as they are; the same bytes whatever the day."""
    data = path.read_bytes()
    path.with_name(path.name + ".br").write_bytes(brotli.compress(data, quality=11))
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(data, 9, mtime=0))


def digest(*chunks: bytes) -> str:
    total = hashlib.sha256()
    for chunk in chunks:
        total.update(str(len(chunk)).encode() + b"\0" + chunk)
    return total.hexdigest()


def own_files() -> list[Path]:
    """Must be what eventreg.shared.theme serves (a test compares the two)."""
    return sorted(p for p in OWN.iterdir() if p.suffix in {".css", ".js", ".svg"})


def own_hash() -> str:
    """Same computation as eventreg.shared.theme.fingerprint, which this file cannot import."""
    total = hashlib.sha256()
    for path in own_files():
        content = path.read_bytes()
        total.update(f"{path.name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:12]


def stamp_of(dist: Path | None, icons: set[str]) -> str:
    carrier = b"none"
    if dist:
        carrier = (dist / "core" / "core.main.min.css").read_bytes()
    named = "\n".join(sorted(icons)).encode()
    return digest(FORMAT.encode(), carrier, named, own_hash().encode(), Path(__file__).read_bytes())


def write_state_theme(dist: Path, public: Path, icons: set[str]) -> dict[str, object]:
    """The design system's files under a folder named by their content."""
    content: dict[str, bytes] = {"dsfr.css": style_sheet(dist, icons).encode()}
    content["dsfr.module.min.js"] = without_map((dist / "dsfr.module.min.js").read_bytes())
    for name in FONTS:
        content[f"fonts/{name}.woff2"] = (dist / "fonts" / f"{name}.woff2").read_bytes()
    for name in FAVICONS:
        content[f"favicon/{name}"] = (dist / "favicon" / name).read_bytes()
    for name in PICTOGRAMS:
        drawing = (dist / "artwork" / "pictograms" / f"{name}.svg").read_bytes()
        content[f"artwork/{name.split('/')[1]}.svg"] = drawing
    version = digest(*(part for name in sorted(content) for part in (name.encode(), content[name])))
    folder = version[:12]
    for name, data in content.items():
        path = public / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if path.suffix in COMPRESSED:
            compress(path)
    files = {name: f"/static/{folder}/{name}" for name in sorted(content)}
    return {"version": version_of(dist), "hash": folder, "files": files}


def without_map(script: bytes) -> bytes:
    """The map is not served: asking for it would only make an error."""
    return re.sub(rb"\n//# sourceMappingURL=\S*\s*$", b"\n", script)


def write_own(public: Path) -> dict[str, object]:
    folder = own_hash()
    (public / folder).mkdir(parents=True, exist_ok=True)
    for source in own_files():
        path = public / folder / source.name
        path.write_bytes(source.read_bytes())
        compress(path)
    return {"hash": folder, "files": {p.name: f"/static/{folder}/{p.name}" for p in own_files()}}


def build(source: Path, out: Path) -> bool:
    """Write everything under `out`; False when the inputs have not changed since the last time."""
    dist: Path | None = source / DIST
    if not (source / DIST / "core" / "core.main.min.css").is_file():
        dist = None
    icons = icon_names(ROOT / "templates", ROOT / "eventreg")
    stamp = stamp_of(dist, icons)
    manifest_path = out / "manifest.json"
    if manifest_path.is_file():
        try:
            if json.loads(manifest_path.read_text("utf-8")).get("stamp") == stamp:
                return False
        except ValueError:
            pass  # half-written: made again
    fresh = out / "public.new"
    shutil.rmtree(fresh, ignore_errors=True)
    manifest = {"stamp": stamp, "own": write_own(fresh)}
    if dist:
        manifest["dsfr"] = write_state_theme(dist, fresh, icons)
        sys.stdout.write(TERMS.format(version=manifest["dsfr"]["version"]))  # type: ignore[index]
    else:
        sys.stderr.write(
            f"Design system not found in {source}: neutral theme only (run set-up with a network).\n"
        )
    manifest_path.unlink(missing_ok=True)
    shutil.rmtree(out / "public", ignore_errors=True)
    fresh.rename(out / "public")
    # Last: a build that was cut short is made again.
    manifest_path.write_text(json.dumps(manifest, indent=1, sort_keys=True), "utf-8")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="prepare the static files")
    command.add_argument("--source", type=Path, default=ROOT / ".assets" / "src")
    command.add_argument("--out", type=Path, default=ROOT / ".assets")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        build(options.source, options.out)
    except AssetError as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
