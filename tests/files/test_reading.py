"""What is taken as a file and what is not, whatever its name says; in bounded time and memory."""

import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest
from PIL import Image

from eventreg.files import errors, rules
from eventreg.files.rules import MEDIA_TYPES
from eventreg.files.services import prepare

pytestmark = pytest.mark.any_database


def picture(kind: str = "PNG", size: tuple[int, int] = (1200, 800), **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def archive(*names: str, first: bytes | None = None, **contents: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        if first is not None:
            made.writestr("mimetype", first)
        for name in names:
            made.writestr(name, contents.get(name, b"<x/>"), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def office(*more: str) -> bytes:
    return archive("[Content_Types].xml", "word/document.xml", *more)


def bomb_png(width: int, height: int) -> bytes:
    """A small PNG that would unpack to width x height pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * 10_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def hidden() -> bytes:
    """An archive whose directory is silent about its first entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("cache.html", "[Content_Types].xml", "word/document.xml"):
            made.writestr(name, b"<x/>")
        made.filelist.pop(0)
    return out.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
ODT = archive("content.xml", first=MEDIA_TYPES["odt"].encode())


def test_the_listed_kinds_are_kept_with_their_own_type() -> None:
    rows: tuple[tuple[str, bytes, str], ...] = (
        ("programme.pdf", PDF, "application/pdf"),
        ("NOTE.ODT", ODT, MEDIA_TYPES["odt"]),
        ("plan.docx", office(), MEDIA_TYPES["docx"]),
        ("liste.csv", "nom;é\n".encode("cp1252"), "text/csv; charset=utf-8"),
        ("lisez-moi.txt", b"\xef\xbb\xbfBonjour 1 < 2\n", "text/plain; charset=utf-8"),
        ("photo.JPEG", picture("JPEG"), "image/webp"),
        ("photo.png", picture(), "image/webp"),
        ("photo.webp", picture("WEBP"), "image/webp"),
        ("photo.gif", picture("GIF"), "image/webp"),
    )
    for name, data, media_type in rows:
        found = prepare(data, name=name, purpose="answer")
        assert found.media_type == media_type, name
    csv = prepare("é".encode("cp1252"), name="a.csv", purpose="answer")
    assert csv.full.data.decode("utf-8") == "é"


def test_what_could_run_hide_or_fill_is_refused_in_bounded_time() -> None:
    html = b"<!DOCTYPE html><script>alert(1)</script>"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    heavy = archive(
        "[Content_Types].xml", "word/document.xml", **{"word/document.xml": b"0" * 60_000_000}
    )
    lie = bytearray(office())
    struct.pack_into("<H", lie, len(lie) - 12, 65_000)
    rows: tuple[tuple[str, bytes, type[errors.FileRefused]], ...] = (
        ("logo.svg", svg, errors.TypeNotAllowed),
        ("logo.png", svg, errors.TypeNotAllowed),
        ("note.txt", b"\xef\xbb\xbf \n" + svg, errors.TypeNotAllowed),
        ("page.html", html, errors.TypeNotAllowed),
        ("page.txt", html, errors.TypeNotAllowed),
        ("note.txt", b"a\x00b", errors.TypeNotAllowed),
        ("page.pdf", html + PDF, errors.TypeNotAllowed),  # a PDF may not begin later
        ("page.pdf", PDF + ODT, errors.Damaged),  # two files in one
        ("a.docx", PDF + office(), errors.Damaged),
        ("a.docx", office() + html, errors.Damaged),
        ("a.docx", office("word/vbaProject.bin"), errors.TypeNotAllowed),
        ("a.odt", archive("Basic/x.xml", first=MEDIA_TYPES["odt"].encode()), errors.TypeNotAllowed),
        ("a.docx", office("../../etc/passwd"), errors.Damaged),
        ("a.docx", hidden(), errors.Damaged),
        ("a.docx", heavy, errors.Damaged),
        ("a.docx", bytes(lie), errors.Damaged),
        ("a.zip", archive("x"), errors.TypeNotAllowed),
        ("a.jar", archive("META-INF/MANIFEST.MF"), errors.TypeNotAllowed),
        ("a.exe", b"MZ\x90\0" + b"\0" * 100, errors.TypeNotAllowed),
        ("photo.pdf", picture(), errors.NotWhatItSays),
        ("programme.png", PDF, errors.NotWhatItSays),
        ("photo", picture(), errors.NotWhatItSays),
        ("photo.png", b"", errors.EmptyFile),
        ("photo.png", picture()[:200], errors.Damaged),
        ("photo.gif", b"GIF89a/*" + html, errors.Damaged),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + html, errors.Damaged),
        ("bombe.png", bomb_png(50_000, 50_000), errors.TooManyPixels),
        ("bombe.png", bomb_png(4_000, 4_000), errors.Damaged),  # fewer lines than it says
        ("bombe.gif", picture("GIF")[:6] + b"\xff" * 4 + picture("GIF")[10:], errors.TooManyPixels),
        (
            "bombe.webp",
            b"RIFF\x00\x10\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0" + b"\xff\x3f\0" * 2 + b"\0" * 99,
            errors.TooManyPixels,
        ),
        ("gros.pdf", PDF + b"\n" * 100_000_000, errors.TooLarge),
    )
    for name, data, refusal in rows:
        started = time.perf_counter()
        tracemalloc.start()
        with pytest.raises(refusal) as caught:
            prepare(data, name=name, purpose="answer")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert type(caught.value) is refusal, name
        assert time.perf_counter() - started < 2, name
        assert peak < 100_000_000, name


def test_a_picture_loses_its_metadata_its_trailer_and_its_weight() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # lying on its side
    noise = Image.effect_noise((3000, 2000), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=95, exif=exif)
    given = out.getvalue() + b"<script>alert(1)</script>"
    found = prepare(given, name="photo.jpg", purpose="image")
    assert found.small is not None
    for copy, weight, width in ((found.full, 45_000, 960), (found.small, 25_000, 480)):
        assert len(copy.data) <= weight, "the page budget"
        assert b"script" not in copy.data
        assert b"home" not in copy.data
        with Image.open(io.BytesIO(copy.data)) as drawn:
            assert drawn.format == "WEBP"
            assert drawn.size == (copy.width, copy.height)
            assert not drawn.getexif()
            assert drawn.height > drawn.width, "turned upright"
            assert drawn.width <= width
    assert prepare(picture(size=(300, 200)), name="a.png", purpose="image").small is None
    with pytest.raises(errors.NotAPicture):
        prepare(PDF, name="a.pdf", purpose="image")


def test_names_lead_nowhere() -> None:
    rows = (
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Temp\\Plan d’accès.pdf", "Plan-d’accès.pdf"),
        ("/etc/cron.d/x", "x.pdf"),
        ("évil\u202efdp.exe", "évilfdp.pdf"),
        ('a"; filename=b.html', "a-filename=b.pdf"),
        ("..", "fichier.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie-x.pdf"),
        ("n" * 500 + ".pdf", "n" * 100 + ".pdf"),
        ("", "fichier.pdf"),
    )
    for given, wanted in rows:
        assert rules.safe_name(given, "pdf") == wanted, given
