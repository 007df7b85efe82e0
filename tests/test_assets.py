"""The builder of static files, on a design system of a few lines."""

import gzip
import json
from pathlib import Path

import brotli
import pytest

from eventreg.shared import theme
from tools import assets

BANNER = "/*!\n * DSFR v9.8.7 | licence\n */"
FACE = '@font-face{{font-family:Marianne;src:url(../fonts/{0}.woff2) format("woff2"),url(../fonts/{0}.woff) format("woff")}}'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    dist = tmp_path / "src" / assets.DIST
    core = BANNER + "a{color:red}" + FACE.format("Marianne-Bold") + FACE.format("Marianne-Light")
    core += (
        'b{mask:url(../icons/system/close-line.svg)}c{mask:url("data:image/svg+xml,%3Csvg/%3E")}'
    )
    files = {
        "core/core.main.min.css": core,
        "dsfr.module.min.js": "run()\n//# sourceMappingURL=x.map\n",
    }
    for name in assets.COMPONENTS:
        files[f"component/{name}/{name}.main.min.css"] = (
            f"{BANNER}.fr-{name}{{x:url(../../icons/system/close-line.svg)}}"
        )
    files |= {f"fonts/{name}.woff2": name for name in assets.FONTS}
    files |= {f"favicon/{name}": name for name in assets.FAVICONS}
    files |= {f"artwork/pictograms/{name}.svg": "<svg/>" for name in assets.PICTOGRAMS}
    for icon in assets.icon_names(assets.ROOT / "templates", assets.ROOT / "eventreg") | {
        "close-line"
    }:
        files[f"icons/system/{icon}.svg"] = f'<svg id="{icon}"/>'
    for name, text in files.items():
        path = dist / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "src"


def manifest(out: Path) -> dict[str, dict[str, dict[str, str]]]:
    return json.loads((out / "manifest.json").read_text())


def sheet(out: Path) -> str:
    return (
        out / "public" / manifest(out)["dsfr"]["files"]["dsfr.css"].removeprefix("/static/")
    ).read_text()


def test_second_build_does_nothing(source: Path, tmp_path: Path) -> None:
    assert [assets.build(source, tmp_path), assets.build(source, tmp_path)] == [True, False]


def test_build_cut_short_is_made_again(source: Path, tmp_path: Path) -> None:
    assets.build(source, tmp_path)
    (tmp_path / "manifest.json").write_text('{"stamp":')
    assert assets.build(source, tmp_path)


def test_style_sheet_asks_for_no_file_but_the_fonts_we_serve(source: Path, tmp_path: Path) -> None:
    assets.build(source, tmp_path)
    asked = [link for link in assets.LINK.findall(sheet(tmp_path)) if not link.startswith("data:")]
    assert asked == ["fonts/Marianne-Bold.woff2"]


def test_licence_banner_stays_once(source: Path, tmp_path: Path) -> None:
    assets.build(source, tmp_path)
    assert (sheet(tmp_path).startswith(BANNER), sheet(tmp_path).count(BANNER)) == (True, 1)


def test_misspelt_icon_stops_the_build_instead_of_showing_a_black_square(source: Path) -> None:
    with pytest.raises(assets.AssetError, match="fr-icon-mial-line"):
        assets.icon_rules({"mial-line"}, source / assets.DIST)


def test_icon_sizes_are_not_taken_for_icons(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "fr-icon--sm fr-icon-mail-line fr-btn--icon-left {{ icon('fr-icon-eye-line') }}"
    )
    assert assets.icon_names(tmp_path) == {"mail-line", "eye-line"}


def test_script_does_not_ask_for_a_map_that_is_not_served(source: Path, tmp_path: Path) -> None:
    assets.build(source, tmp_path)
    url = manifest(tmp_path)["dsfr"]["files"]["dsfr.module.min.js"]
    assert (tmp_path / "public" / url.removeprefix("/static/")).read_text() == "run()\n"


def test_compressed_twins_hold_the_same_bytes(source: Path, tmp_path: Path) -> None:
    assets.build(source, tmp_path)
    for plain in (path for path in (tmp_path / "public").rglob("*.css")):
        twins = (
            brotli.decompress(plain.with_name(plain.name + ".br").read_bytes()),
            gzip.decompress(plain.with_name(plain.name + ".gz").read_bytes()),
        )
        assert twins == (plain.read_bytes(), plain.read_bytes())


def test_terms_of_use_are_printed_in_two_lines(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assets.build(source, tmp_path)
    printed = capsys.readouterr().out
    assert (printed.count("\n"), "9.8.7" in printed, ".gouv.fr" in printed) == (2, True, True)


def test_without_network_the_neutral_theme_is_built_and_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "src"
    assert [assets.build(missing, tmp_path), assets.build(missing, tmp_path)] == [True, False]
    assert capsys.readouterr().err.count("neutral theme only") == 1
    assert set(manifest(tmp_path)) == {"stamp", "own"}


def test_network_back_builds_the_state_theme(source: Path, tmp_path: Path) -> None:
    assets.build(tmp_path / "nothing", tmp_path)
    assert assets.build(source, tmp_path)
    assert manifest(tmp_path)["dsfr"]["version"] == "9.8.7"


def test_builder_and_site_agree_on_the_address_of_our_own_files(tmp_path: Path) -> None:
    assets.build(tmp_path / "nothing", tmp_path)
    files = theme.own_files(theme.STATIC)
    version = theme.fingerprint(files)
    assert manifest(tmp_path)["own"] == {
        "hash": version,
        "files": {path.name: f"/static/{version}/{path.name}" for path in files},
    }


def test_our_own_files_keep_to_their_budgets() -> None:
    sizes = {path.name: path.stat().st_size for path in theme.own_files(theme.STATIC)}
    assert sizes["app.css"] <= 15_000
    assert sizes["organiser.css"] <= 6_000
    assert sizes["app.js"] <= 5_000
    small = sum(
        len(brotli.compress((theme.STATIC / n).read_bytes()))
        for n in ("app.css", "neutral.css", "app.js", "neutral.js")
    )
    assert small <= 12_000


def test_one_line_pins_the_carrier_by_its_hash() -> None:
    [line] = (assets.ROOT / "assets.lock").read_text().splitlines()
    assert line == (
        "django-dsfr==3.6.1 --hash=sha256:"
        "c59bb7db779d7a605f5be26c9d9f0dfe4a44073f861148df5a22c85bdb250067"
    )
