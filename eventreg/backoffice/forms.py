"""Forms of organiser pages: shape only, with what was typed kept as it was typed."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice

from eventreg.backoffice import rules, words
from eventreg.backoffice.event_form import (
    FLAGS,
    INSTANTS,
    EventValues,
    FoldField,
    QuietField,
    VersionedForm,
)
from eventreg.registration.exports import COLUMNS, DEFAULT_COLUMNS, STATE_WORDS
from eventreg.registration.rules.people import LINE_LIMIT, NAME_LIMIT, PHONE_LIMIT
from eventreg.registration.services import Applicant
from eventreg.shared.addresses import canonical
from eventreg.shared.errors import N_
from eventreg.shared.fields import (
    BaseForm,
    EmailAddress,
    LineField,
    Plain,
    Required,
    TextField,
)

REASON_LIMIT = 1_000
MESSAGE_LIMIT = 2_000
LANGUAGES = [SelectChoice("fr", "Français"), SelectChoice("en", "English")]


def _options(table: Mapping[str, str]) -> list[SelectChoice]:
    """Codes and words for a field, in the reader's language."""
    return [SelectChoice(code, text) for code, text in words.choices(table)]


class ActForm(BaseForm):
    """A button alone."""


class CancelForm(BaseForm):
    """The end of an event, and why."""

    message = TextField(_l("Message to the public and to people signed up"), [Plain(MESSAGE_LIMIT)])
    quiet = BooleanField(_l("Do not write to the people signed up"))


class NewEventForm(EventValues):
    keys = ("title", "starts_at")

    title = LineField(_l("Title"), [Required(N_("Enter the event's title."))])
    slug = LineField(
        _l("Short name, for the address of the page"),
        [Required(N_("Enter a short name, for example: journee-design."))],
    )
    starts_at = LineField(_l("Start"), [Required(N_("Enter the day and time of the start."))])
    starts_at_fold = FoldField()


class SettingsForm(VersionedForm):
    keys = tuple(words.SETTINGS)

    title = LineField(_l("Title"), [Required(N_("Enter the event's title."))])
    starts_at = LineField(_l("Start"))
    starts_at_fold = FoldField()
    ends_at = LineField(_l("End"))
    ends_at_fold = FoldField()
    timezone = LineField(_l("Time zone"), [Required(N_("Enter a time zone: Europe/Paris."))])
    venue = LineField(_l("Venue"))
    address = LineField(_l("Postal address"))
    online = BooleanField(_l("The event can be followed online"))
    registration_mode = RadioField(_l("Where do people sign up?"))
    external_url = LineField(_l("Address of the other site"))
    external_name = LineField(_l("Name of the other site"))
    opens_at = LineField(_l("Opening of sign-ups"))
    opens_at_fold = FoldField()
    closes_at = LineField(_l("Sign-ups close"))
    closes_at_fold = FoldField()
    capacity = LineField(_l("Number of places"))
    show_places = BooleanField(_l("The public sees how many places are left"))
    closed_message = TextField(_l("Message once sign-ups are closed"))
    closed_message_en = TextField(_l("The same message in English"))
    closed_message_from = LineField(_l("Show this message from"))
    closed_message_from_fold = FoldField()
    audience = RadioField(_l("Who may come?"))
    audience_text = TextField(_l("Words about the audience"))
    approval = RadioField(_l("Who accepts the requests?"))
    pending_holds_seat = BooleanField(_l("A request that awaits a decision holds a place"))
    confirmation_hours = LineField(_l("Hours left to confirm an address"))
    remind_days = LineField(_l("Days after which owners are reminded of requests nobody decided"))
    waiting_list = BooleanField(_l("Keep a waiting list when the event is full"))
    offer_hours = LineField(_l("Hours left to accept a place offered"))
    offer_working_hours = BooleanField(_l("Count those hours on weekdays from 9:00 to 18:00 only"))
    offers_after_closing = BooleanField(_l("Go on offering places after sign-ups have closed"))
    groups = RadioField(_l("When too few places are free for a group"))
    modify_until = LineField(_l("People may change their answers until"))
    modify_until_fold = FoldField()
    cancel_until = LineField(_l("People may give their place back themselves until"))
    cancel_until_fold = FoldField()
    reset_on_edit = BooleanField(_l("A confirmed person who changes an answer is decided on again"))
    transfers = BooleanField(_l("A confirmed person may hand their place to a colleague"))
    retention_days = LineField(_l("Days during which the list is kept after the event"))
    contact_name = LineField(_l("Name of the contact"))
    contact_email = LineField(_l("E-mail address of the contact"))
    quiet = QuietField()
    asked = HiddenField()  # the plan of which the page has said how many will be told

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.registration_mode.choices = _options(words.MODES)
        self.audience.choices = _options(words.AUDIENCES)
        self.approval.choices = _options(words.APPROVALS)
        self.groups.choices = _options(words.GROUPS)


def texts_of(event: Any, capacity: int | None) -> dict[str, str]:
    """An event's settings as the form writes them."""
    texts = {}
    for key in words.SETTINGS:
        value: Any = capacity if key == "capacity" else getattr(event, key)
        if key in INSTANTS:
            texts[key] = rules.local_text(value, event.timezone)
        elif key in FLAGS:
            texts[key] = "on" if value else "off"
        elif isinstance(value, float):
            texts[key] = f"{value:g}"
        else:
            texts[key] = "" if value is None else str(value)
    return texts


def field_data(texts: dict[str, str]) -> dict[str, Any]:
    """`texts_of` as data of the form."""
    return {key: text == "on" if key in FLAGS else text for key, text in texts.items()}


class ReasonForm(BaseForm):
    """A decision about a person; whether the reason is compulsory depends on the decision."""

    reason = TextField(_l("Reason"), [Plain(REASON_LIMIT)])


class AddForm(BaseForm):
    """Somebody added by an organiser."""

    given_name = LineField(
        _l("First name"), [Required(N_("Enter the first name.")), Plain(NAME_LIMIT, name=True)]
    )
    family_name = LineField(
        _l("Last name"), [Required(N_("Enter the last name.")), Plain(NAME_LIMIT, name=True)]
    )
    email = LineField(
        _l("E-mail address"),
        [Required(N_("Enter an e-mail address, for example: name@example.org.")), EmailAddress()],
    )
    organisation = LineField(_l("Organisation"), [Plain(LINE_LIMIT)])
    job_title = LineField(_l("Position"), [Plain(LINE_LIMIT)])
    phone = LineField(_l("Telephone"), [Plain(PHONE_LIMIT)])
    language = RadioField(_l("Language of the messages"), choices=LANGUAGES, default="fr")
    reason = TextField(
        _l("Why is this person added by hand?"),
        [Required(N_("Write why this person is added by hand.")), Plain(REASON_LIMIT)],
    )
    over_capacity = BooleanField(_l("Add this person even if no place is left"))

    def applicant(self) -> Applicant:
        """The facts of a valid form."""
        return Applicant(
            address=canonical(self.email.data or ""),
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            organisation=self.organisation.data or "",
            job_title=self.job_title.data or "",
            phone=self.phone.data or "",
        )


class ExportForm(BaseForm):
    """Which people, which columns, which format, and why the list leaves the service."""

    format = RadioField(_l("Format"), default="csv")
    states = SelectMultipleField(_l("People"))
    columns = SelectMultipleField(_l("Columns"), default=list(DEFAULT_COLUMNS))
    reason = RadioField(_l("What is the list for?"), validate_choice=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.format.choices = _options(words.EXPORT_FORMATS)
        self.states.choices = _options(STATE_WORDS)
        self.columns.choices = _options(COLUMNS)
        self.reason.choices = _options(words.EXPORT_REASONS)

    def validate(self, *args: Any, **options: Any) -> bool:
        good = bool(super().validate(*args, **options))
        if self.reason.data not in words.EXPORT_REASONS:
            self.reason.errors = [gettext("Choose what the list is for.")]
            return False
        return good
