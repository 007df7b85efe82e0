"""Pictures and documents that a document of the site names: read under its folder, kept once."""

import io
from pathlib import Path

import pytest
from PIL import Image

from eventreg.events import importing, queries, site_files
from eventreg.events import media as media_of
from eventreg.events.commands import documents
from eventreg.events.jekyll import parse
from eventreg.files import queries as files
from eventreg.shared.clock import utc_now
from eventreg.shared.db import db, transaction

DOCUMENT = """---
title: Matinée
date: 2027-01-02 10:00:00 +01:00
categories:
- Conférence
event_start_date: 2027-03-01 09:00:00 +01:00
une-ou-diaporama:
{images}---
Texte.
"""


def picture(colour: str = "navy") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (600, 400), colour).save(out, "PNG")
    return out.getvalue()


def document(*images: str) -> bytes:
    lines = (f'- image: "{src}"\n  alternative-textuelle: "Une salle"\n' for src in images)
    return DOCUMENT.format(images="".join(lines)).encode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "uploads").mkdir(parents=True)
    (folder / "uploads" / "la salle.png").write_bytes(picture())
    (folder / "uploads" / "faux.png").write_bytes(b"<svg onload=alert(1)>")
    (tmp_path / "secret.png").write_bytes(picture())
    (folder / "uploads" / "lien.png").symlink_to(tmp_path / "secret.png")
    (folder / "uploads" / "dossier.png").mkdir()
    return folder


def run(raw: bytes, root: Path) -> tuple[str, list[str]]:
    """What `events import --site-root` does; (outcome, codes of its doubts about files)."""
    read = parse(raw, "2027-03-01-matinee.md")
    read, found = site_files.look_for(read, root, site_files.known(read.slug))
    with transaction():
        report = importing.apply(read, actor="operator", now=utc_now())
        changed, doubts = site_files.attach(report.event_id, found, actor="operator", now=utc_now())
    codes = [p.code for p in (*read.warnings, *doubts) if p.code.startswith(("file-", "no-desc"))]
    return ("changed" if changed else report.outcome), codes


def shown() -> list[tuple[str, str, str]]:
    event = queries.by_slug("matinee")
    media = files.of_event(event.id)
    return [(one.purpose, one.name, one.alt) for one in (*media.images, *media.documents)]


def test_only_what_lies_under_the_root_is_read_and_the_rest_is_a_warning(ctx, root) -> None:
    rows = {
        "/uploads/la%20salle.png": [],
        "/uploads/absent.png": ["file-absent"],
        "/../secret.png": ["file-absent"],
        "/uploads/../../secret.png": ["file-absent"],
        "/%2e%2e/secret.png": ["file-absent"],
        "/uploads/lien.png": ["file-absent"],
        "/uploads/dossier.png": ["file-absent"],
        "/uploads/" + "x" * 300: ["file-absent"],
        "/uploads/faux.png": ["file-refused"],
    }
    for source, wanted in rows.items():
        read = parse(document(source), "2027-03-01-matinee.md")
        if not read.images:  # refused as an address long before
            assert wanted
            continue
        read, found = site_files.look_for(read, root)
        codes = [p.code for p in read.warnings if p.code.startswith("file-")]
        assert codes == wanted, source
        assert [one.ready is not None for one in found] == [not wanted], source


def test_an_import_keeps_files_once_and_respects_what_organisers_did(ctx, root) -> None:
    raw = document("/uploads/la salle.png")
    assert run(raw, root) == ("changed", [])
    assert shown() == [("image", "la-salle.webp", "Une salle")]
    event = queries.by_slug("matinee")
    version = event.version
    assert run(raw, root) == ("unchanged", [])
    assert queries.by_slug("matinee").version == version, "nothing changed: pages stay kept"

    (image,) = files.of_event(event.id).images
    with transaction():
        media_of.describe(
            event, image.public_id, alt="La salle", decorative=False, actor="o", now=utc_now()
        )
    before = image.public_id
    (root / "uploads" / "la salle.png").write_bytes(picture("red"))
    run(raw, root)
    (image,) = files.of_event(event.id).images
    assert image.alt == "La salle", "the organiser's words stay"
    assert image.public_id != before, "other bytes have another address: caches keep the old one"

    with transaction():
        media_of.remove(event, image.public_id, actor="o", now=utc_now())
    assert run(raw, root)[0] == "unchanged"
    assert shown() == [], "what an organiser took away does not come back"
    assert files.content(image.id) is None, "its bytes are erased"


def test_a_file_that_the_document_names_no_more_leaves(ctx, root) -> None:
    run(document("/uploads/la salle.png"), root)
    run(document("/uploads/absent.png"), root)
    assert shown() == []


def test_the_command_brings_files_and_says_what_it_could_not_keep(app, ctx, root, tmp_path) -> None:
    path = tmp_path / "2027-01-02-matinee.md"
    path.write_bytes(document("/uploads/la salle.png", "/uploads/faux.png", "/uploads/absent.png"))
    for outcome in ("created", "unchanged"):
        result = app.test_cli_runner().invoke(
            documents.cli, ["import", "--site-root", str(root), str(path)]
        )
        assert result.exit_code == 0, result.output
        assert f"matinee\t{outcome}\t" in result.output
        assert "faux.png n’a pas été conservé" in result.output
        assert "absent.png ne se trouve pas" in result.output
        db.session.rollback()
    assert shown() == [("image", "la-salle.webp", "Une salle")]
