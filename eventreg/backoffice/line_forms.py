"""Forms of the waiting list: a new rank, an offer out of order, an offer withdrawn."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from eventreg.shared.errors import N_
from eventreg.shared.fields import BaseForm, LineField, Plain, Required, TextField

REASON_LIMIT = 1_000


class LineActForm(BaseForm):
    """An act on somebody in line, as they stood on the screen, and why."""

    version = HiddenField()
    reason = TextField(
        _l("Reason"),
        [Required(N_("Write the reason: the person will read it.")), Plain(REASON_LIMIT)],
    )

    @property
    def version_seen(self) -> int:
        """An altered or missing one is as stale as any."""
        text = str(self.version.data or "") if self.version.raw_data else ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


class MoveForm(LineActForm):
    rank = LineField(_l("New rank"), [Required(N_("Write the new rank, from 1."))])

    @property
    def wanted(self) -> int:
        return int(self.rank.data or "")

    def validate(self, *args: object, **options: object) -> bool:
        good = bool(super().validate(*args, **options))
        text = str(self.rank.data or "")
        number = text.isascii() and text.isdecimal() and len(text) < 8 and int(text) > 0
        if text and not number:
            self.rank.errors = [gettext("Write the new rank, from 1.")]
        return good and number
