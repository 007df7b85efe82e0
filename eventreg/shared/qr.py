"""QR codes, drawn by segno: for a page, for a poster."""

import io

import segno
from markupsafe import Markup

BORDER = 4  # modules of white that readers need around the code


def inline(text: str, label: str) -> Markup:
    """An SVG to put in a page, one path; `label` says what it leads to."""
    code = _code(text)
    side = code.symbol_size(border=BORDER)[0]
    path = "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(code.matrix_iter(border=BORDER))
        for x, dark in enumerate(row)
        if dark
    )
    return Markup(
        '<svg class="app-qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}">'
        '<rect class="app-qr__ground" width="{0}" height="{0}"/>'
        '<path class="app-qr__code" d="{2}"/></svg>'
    ).format(side, label, path)


def svg(text: str) -> bytes:
    """A file that prints sharp at any size."""
    out = io.BytesIO()
    _code(text).save(out, kind="svg", border=BORDER, scale=8, xmldecl=True, nl=False)
    return out.getvalue()


def png(text: str) -> bytes:
    """A file for office documents, about 1,000 pixels wide."""
    code, out = _code(text), io.BytesIO()
    code.save(out, kind="png", border=BORDER, scale=1000 // code.symbol_size(border=BORDER)[0])
    return out.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m")
