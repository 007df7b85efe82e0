"""Pictures drawn anew: no metadata, no trailer, one frame, few pixels, few bytes."""

import io
import struct
import threading
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image, ImageOps

from eventreg.files.errors import Damaged, TooManyPixels
from eventreg.files.rules import PICTURES, Copy

MILLION = 1_000_000
# A JPEG is decoded at a fraction of its size; the others must be unpacked whole (4 bytes a pixel).
PIXELS = MappingProxyType(
    {"JPEG": 25 * MILLION, "PNG": 16 * MILLION, "WEBP": 16 * MILLION, "GIF": 16 * MILLION}
)
QUALITIES = (80, 50)
MEDIA_TYPE, ENDING = "image/webp", "webp"
Image.MAX_IMAGE_PIXELS = None  # ours are lower, and asked as soon as the header is read
_AT_ONCE = threading.BoundedSemaphore(2)  # memory is bounded for the process too


@dataclass(frozen=True)
class Want:
    """The widest side kept and the weight that a copy may have."""

    width: int
    height: int
    weight: int


PAGE = (Want(960, 720, 45_000), Want(480, 360, 25_000))  # pictures of a public page
PAPER = (Want(1600, 2200, 700_000),)  # what has to stay legible: a scan, a poster


def copies(data: bytes, ending: str, wants: tuple[Want, ...]) -> list[Copy]:
    """One WebP for each want, none wider than the picture. Raises Damaged, TooManyPixels."""
    kind = PICTURES[ending]
    with _AT_ONCE:
        try:
            return _copies(data, kind, wants)
        except (OSError, ValueError, SyntaxError, EOFError, OverflowError, struct.error) as fault:
            raise Damaged from fault


def _copies(data: bytes, kind: str, wants: tuple[Want, ...]) -> list[Copy]:
    if kind == "WEBP":
        _check_size(kind, *_webp_size(data))  # its decoder asks for memory as it opens
    with Image.open(io.BytesIO(data), formats=(kind,)) as opened:
        _check_size(kind, opened.width, opened.height)
        picture = _small_enough(opened, max(wants[0].width, wants[0].height))
    made = []
    for want in wants:
        copy, picture = _weighed(picture, want)
        made.append(copy)
    # A picture that is narrow already needs no second copy.
    return [copy for i, copy in enumerate(made) if i == 0 or copy.width != made[0].width]


def _small_enough(opened: Image.Image, side: int) -> Image.Image:
    """The first frame, made small before anything else is done with it, then turned upright."""
    opened.seek(0)
    opened.draft("RGB", (side, side))  # JPEG only: decodes a fraction; the others ignore it
    transparent = "A" in opened.getbands() or "transparency" in opened.info
    wanted = "RGBA" if transparent else "RGB"
    picture = opened if opened.mode == wanted else opened.convert(wanted)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _check_size(kind: str, width: int, height: int) -> None:
    limit = PIXELS[kind]
    if width * height > limit:
        raise TooManyPixels(limit=limit // MILLION)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from the first chunk of a WebP (RFC 9649)."""
    chunk, body = data[12:16], data[20:30].ljust(10, b"\0")
    if chunk == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return (
        int.from_bytes(body[6:8], "little") & 0x3FFF,
        int.from_bytes(body[8:10], "little") & 0x3FFF,
    )


def _weighed(picture: Image.Image, want: Want) -> tuple[Copy, Image.Image]:
    """The best quality within the weight, else fewer pixels; and what it was made of."""
    small = picture.copy()
    small.thumbnail((want.width, want.height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    qualities: tuple[int, ...] = QUALITIES
    while True:
        for quality in qualities:
            out = io.BytesIO()
            small.save(out, "WEBP", quality=quality, method=3, exif=b"", xmp=b"", icc_profile=b"")
            weight = out.tell()
            if weight <= want.weight or max(small.size) <= 64:
                return Copy(out.getvalue(), small.width, small.height), small
        # The weight follows the number of pixels; a little less, so that one more try is enough.
        scale = min(0.9, 0.95 * (want.weight / weight) ** 0.5)
        small.thumbnail((round(small.width * scale), round(small.height * scale)))
        qualities = QUALITIES[-1:]
