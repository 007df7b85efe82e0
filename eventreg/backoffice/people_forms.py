"""Forms of a list of people: the file and how it is entered, then the list carried back, sealed."""

from datetime import timedelta

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField

from eventreg.backoffice.invitation_forms import LANGUAGES, REASON_LIMIT
from eventreg.registration.services.bulk import Terms
from eventreg.shared import tables, tokens
from eventreg.shared.errors import N_, Invalid
from eventreg.shared.fields import BaseForm, Plain, TextField
from eventreg.shared.tables import Table

ENDINGS = (".csv", ".xlsx", ".txt")
SEALED_FOR = timedelta(hours=2)
SEALED_LIMIT = 1_900_000  # characters: the fields of a form have 2 MB

TOO_LARGE_HERE = N_("This list is too large for a page: ask whoever runs the service to import it.")


class ListOptions(BaseForm):
    """How the people of a list are entered."""

    reason = TextField(_l("Why may everybody in this list come?"), [Plain(REASON_LIMIT)])
    wait = BooleanField(_l("Put those who find no place on the waiting list"))
    quiet = BooleanField(_l("Do not write to the people of the list"))
    language = RadioField(_l("Language of the messages"), choices=LANGUAGES, default="fr")

    def terms(self, actor: str) -> Terms:
        """The facts of a valid form."""
        return Terms(
            actor=actor,
            reason=self.reason.data or "",
            locale=str(self.language.data),
            wait=bool(self.wait.data),
            letters=not self.quiet.data,
        )


class PeopleForm(ListOptions):
    """A list, as a file."""

    file = FileField(_l("List of people"))

    def table(self) -> Table | None:
        """The rows, or None with the fault beside the field."""
        upload = self.file.data
        name = str(upload.filename or "") if upload else ""
        if not name.lower().endswith(ENDINGS):
            self.file.errors = [gettext("Choose a file that ends in .csv or .xlsx.")]
            return None
        raw: bytes = upload.stream.read(tables.BYTES_LIMIT + 1)
        upload.close()
        try:
            return tables.read(raw)
        except Invalid as refusal:
            self.show(refusal)
            return None


class ConfirmPeopleForm(ListOptions):
    """The list of the report, handed back as it was read: nothing of it is kept in between."""

    sealed = HiddenField()

    def table(self, event_id: int, actor: str) -> Table | None:
        """What was read for this event by this account, or None for anything else."""
        found = tokens.read("people-list", str(self.sealed.data or ""), max_age=SEALED_FOR)
        if found is None or found[:2] != [event_id, actor]:
            return None
        return Table(found[2], [(number, row) for number, row in found[3]])


def seal(table: Table, event_id: int, actor: str) -> str:
    """The list as a form carries it. Raises Invalid (field: file) when it is too large for that."""
    sealed = tokens.sign("people-list", [event_id, actor, table.header, table.rows])
    if len(sealed) > SEALED_LIMIT:
        raise Invalid(TOO_LARGE_HERE, field="file")
    return sealed
