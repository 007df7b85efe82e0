"""Forms of an event's pictures and documents."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField

from eventreg.files import services as files
from eventreg.files.errors import FileRefused
from eventreg.files.rules import ALT_LIMIT, BYTES_LIMIT, Prepared
from eventreg.shared.errors import N_
from eventreg.shared.fields import BaseForm, LineField, Plain, Required

TITLE_LIMIT = 150


class _Upload(BaseForm):
    purpose = ""
    file = FileField(_l("File"))

    def ready(self, *, others_good: bool) -> Prepared | None:
        """The file, read and checked; None with the fault beside the field."""
        given: Any = self.file.data
        if not given or not given.filename:
            self.file.errors = [gettext("Choose a file.")]
            return None
        try:
            found = files.prepare(
                given.stream.read(BYTES_LIMIT + 1), name=given.filename, purpose=self.purpose
            )
        except FileRefused as refusal:
            self.show(refusal)
            return None
        if others_good:
            return found
        self.file.errors = [gettext("The file is good. Choose it again: browsers do not keep it.")]
        return None


class Described(BaseForm):
    """A picture is described, or said to be decorative; never both, never neither."""

    alt = LineField(_l("Description of the picture"), [Plain(ALT_LIMIT)])
    decorative = BooleanField(
        _l("This picture is decorative: it says nothing that the page does not")
    )

    def check_alt(self) -> bool:
        """Whether exactly one of the two was said; the fault stands beside its field."""
        if self.alt.errors:
            return False
        if not self.alt.data and not self.decorative.data:
            self.alt.errors = [
                gettext("Describe what the picture shows, or say that it is decorative.")
            ]
        elif self.alt.data and self.decorative.data:
            self.decorative.errors = [
                gettext("A decorative picture has no description: untick this, or clear the text.")
            ]
        return not (self.alt.errors or self.decorative.errors)


class Titled(BaseForm):
    """A document has a title for the list."""

    alt = LineField(
        _l("Title of the document"),
        [Required(N_("Enter a title, for example: Detailed programme.")), Plain(TITLE_LIMIT)],
    )


class ImageForm(Described, _Upload):
    purpose = "image"


class DocumentForm(Titled, _Upload):
    purpose = "document"
