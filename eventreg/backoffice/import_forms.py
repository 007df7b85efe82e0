"""Forms of an import: the document, then what to do with it."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from eventreg.backoffice import rules, values, words
from eventreg.backoffice.event_form import QuietField
from eventreg.events.importing import OURS, THEIRS, Clash
from eventreg.shared.fields import BaseForm

KEEP = "keep_"  # before the key of each field that asks which value to keep


class ImportForm(BaseForm):
    """One document, as a file."""

    document = FileField(_l("Document"))

    def content(self) -> tuple[str, bytes] | None:
        """(file name, bytes), or None with the fault beside the field."""
        upload = self.document.data
        if not upload or not upload.filename:
            self.document.errors = [gettext("Choose a document that ends in .md or .markdown.")]
            return None
        name = str(upload.filename).replace("\\", "/").rpartition("/")[2]
        if not name.lower().endswith(rules.UPLOAD_ENDINGS):
            self.document.errors = [gettext("The document's name must end in .md or .markdown.")]
            return None
        raw: bytes = upload.stream.read(rules.UPLOAD_LIMIT + 1)
        if len(raw) > rules.UPLOAD_LIMIT:
            self.document.errors = [gettext("The document is too large: 1 MB at most.")]
            return None
        return name[:200], raw


class ConfirmImportForm(BaseForm):
    """The document of the report, handed back as it was read.

    `version` is that of the event the report spoke of: another one means that both values must be
    shown again.
    """

    quiet = QuietField()
    name = HiddenField()
    packed = HiddenField()
    version = HiddenField()

    def content(self) -> tuple[str, bytes] | None:
        """(file name, bytes), or None when what came back is not what was given."""
        try:
            raw = base64.b64decode(self.packed.data or "", validate=True)
        except (binascii.Error, ValueError):
            return None
        name = str(self.name.data or "")
        return (name, raw) if name and 0 < len(raw) <= rules.UPLOAD_LIMIT else None

    @property
    def version_seen(self) -> int:
        """The version the report spoke of, 0 for none; an altered one is as stale as any."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def choices_form(clashes: Sequence[Clash], zone: str, **data: Any) -> ConfirmImportForm:
    """The confirmation with one question for each thing that changed on both sides."""
    fields = {f"{KEEP}{clash.key}": _question(clash, zone) for clash in clashes}
    form = type("ChoicesForm", (ConfirmImportForm,), fields)
    return form(formdata=None, data=data)  # type: ignore[no-any-return]


def _question(clash: Clash, zone: str) -> RadioField:
    here, given = (values.fact(clash.key, value, zone) for value in (clash.here, clash.document))
    return RadioField(
        words.setting(clash.key),
        choices=[
            SelectChoice(OURS, gettext("Keep the value of here: %(value)s", value=here)),
            SelectChoice(THEIRS, gettext("Take that of the document: %(value)s", value=given)),
        ],
        default=OURS,
    )
