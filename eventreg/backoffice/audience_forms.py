"""Forms about who may come: a policy composed without code, lists, a tester, domains."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice

from eventreg.backoffice import audience_words as words
from eventreg.eligibility.rules import (
    Parsed,
    Policy,
    PolicyFault,
    policy_from_data,
    policy_to_data,
    read_list,
)
from eventreg.eligibility.tables import Addition
from eventreg.shared.errors import N_
from eventreg.shared.fields import BaseForm, LineField, Plain, Required, TextField
from eventreg.shared.i18n import say

LISTS = ("accepted", "refused", "invited")
LIST_BYTES = 8 * 1024 * 1024
SHOWN_FAULTS = 20


def _options(table: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(code, say(text)) for code, text in table.items()]


class PolicyForm(BaseForm):
    """Who may come to an event; `policy` holds what it means once `check` has said yes."""

    who = SelectMultipleField(_l("Who may come?"), validate_choice=False)
    families = SelectMultipleField(_l("Which public agents?"), validate_choice=False)
    sense = RadioField(_l("Public agents, in which sense?"), validate_choice=False)
    on_review = RadioField(_l("What happens to a doubtful address?"), validate_choice=False)
    on_unknown = RadioField(_l("What happens to an unknown domain?"), validate_choice=False)
    accepted = TextField(_l("Accepted addresses and domains"))
    refused = TextField(_l("Refused addresses and domains"))
    invited = TextField(_l("Invited people"))
    name = LineField(_l("Name under which to keep these conditions"), [Plain(80)])
    version = HiddenField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.policy = Policy()
        self.who.choices = _options(words.WHO)
        self.families.choices = _options(words.FAMILIES)
        self.sense.choices = _options(words.SENSES)
        self.on_review.choices = _options(words.ON_REVIEW)
        self.on_unknown.choices = _options(words.ON_UNKNOWN)

    @property
    def version_seen(self) -> int:
        """The version that was on the screen; an altered one is as stale as any, or as none."""
        text = str(self.version.data or "") if self.version.raw_data else ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1

    def check(self) -> bool:
        """Reads the policy; every fault stands beside its field."""
        good = bool(self.validate_on_submit())
        data: dict[str, Any] = {
            "who": self.who.data or [],
            "families": self.families.data or [],
            **{
                key: self[key].data
                for key in ("sense", "on_review", "on_unknown")
                if self[key].data
            },
        }
        for key in LISTS:
            data[key] = self._lines(key)
        if any(self[key].errors for key in LISTS):
            return False
        try:
            self.policy = policy_from_data(data)
        except PolicyFault as fault:
            field = self[fault.path.partition("[")[0]]
            field.errors = [*field.errors, _said(fault)]
            return False
        return good

    def _lines(self, key: str) -> list[str]:
        """The lines of a short list; those that cannot be read are named by their number."""
        read = read_list(self[key].data or "")
        self[key].errors = [*self[key].errors, *line_faults(read)]
        if read.refused:
            message = gettext("Write exclusions in the list of what is refused.")
            self[key].errors = [*self[key].errors, message]
        return list(read.accepted)


def _said(fault: PolicyFault) -> str:
    """The fault in the words of the page, without its codes where it has better ones."""
    if fault.path == "who":
        return str(gettext("Choose at least one answer."))
    if fault.path == "families":
        return str(gettext("This narrows public agents: tick them above, or untick this."))
    return say(fault.message, dict(fault.params))


def line_faults(read: Parsed) -> list[str]:
    """Row errors as sentences, the first of them, then how many more."""
    said = [
        gettext(
            "Line %(line)s, “%(text)s”: %(fault)s",
            line=fault.line,
            text=fault.text,
            fault=say(fault.message, fault.params),
        )
        for fault in read.faults[:SHOWN_FAULTS]
    ]
    more = read.faulty - len(said)
    if more > 0:
        said.append(gettext("And %(more)s more lines with a mistake.", more=more))
    return said


def policy_texts(policy: Policy) -> dict[str, Any]:
    """A policy as data of the form."""
    data = policy_to_data(policy)
    return {
        "who": data["who"],
        "families": data.get("families", []),
        **{key: getattr(policy, key) for key in ("sense", "on_review", "on_unknown")},
        **{key: "\n".join(map(words.written, data.get(key, ()))) for key in LISTS},
    }


class ListForm(BaseForm):
    """A long list, pasted or as a file."""

    verdict = RadioField(_l("Where do these lines go?"), validate_choice=False)
    lines = TextField(_l("Addresses and domains, one on each line"))
    file = FileField(_l("Or a file (TXT or CSV)"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.verdict.choices = _options(words.LISTS)

    def read(self) -> Parsed | None:
        """The list, or None with the faults beside the fields."""
        upload = self.file.data
        text = str(self.lines.data or "")
        if upload and upload.filename:
            raw: bytes = upload.stream.read(LIST_BYTES + 1)
            upload.close()
            if len(raw) > LIST_BYTES:
                self.file.errors = [gettext("The file is too large: 8 MB at most.")]
                return None
            text = decoded(raw)
        read = read_list(text)
        if read.faults:
            self.lines.errors = line_faults(read)
            return None
        return read


def decoded(raw: bytes) -> str:
    """A text file as people save it: UTF-8, else what Windows writes."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


class EntryForm(BaseForm):
    """One line of a list, to be taken away; or a whole list, by its name."""

    entry = LineField(_l("Address or domain"))
    verdict = HiddenField()


class WhyForm(BaseForm):
    """Any address, to be tried."""

    email = LineField(
        _l("E-mail address or domain"),
        [Required(N_("Enter an address, or the part after the @ sign.")), Plain(2_000)],
    )


class DomainForm(BaseForm):
    """A domain accepted, held or refused for every event."""

    domain = LineField(_l("Domain"), [Required(N_("Enter a domain, for example: example.org."))])
    below = BooleanField(_l("Also everything below it"))
    verdict = RadioField(_l("What is decided"), validate_choice=False, default="accepted")
    category = SelectField(_l("Sort of body"), validate_choice=False, default="commune")
    organisation = LineField(_l("Name of the body"), [Plain(300)])
    reason = LineField(
        _l("Reason"), [Required(N_("Write the reason: colleagues will want to know.")), Plain(300)]
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.verdict.choices = _options(words.VERDICTS)
        self.category.choices = _options(words.CATEGORIES)

    def addition(self) -> Addition:
        """The facts as typed; the service reads the domain."""
        name = str(self.domain.data or "").removeprefix("@")
        dotted = name if not self.below.data or name.startswith((".", "*")) else f".{name}"
        return Addition(
            dotted,
            False,
            str(self.verdict.data or ""),
            str(self.category.data or ""),
            str(self.organisation.data or ""),
        )
