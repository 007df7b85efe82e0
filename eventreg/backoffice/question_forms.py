"""Forms of the entries of an event's form: texts of a page, plain data of a definition."""

import re
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField

from eventreg.backoffice import entries
from eventreg.backoffice.question_words import KINDS, POOL_KINDS
from eventreg.questionnaire.documents import BYTES_LIMIT
from eventreg.questionnaire.errors import BadForm
from eventreg.questionnaire.rules.definition import AUTOCOMPLETE
from eventreg.questionnaire.rules.patterns import PATTERNS
from eventreg.shared.errors import N_
from eventreg.shared.fields import BaseForm, LineField, Required, TextField
from eventreg.shared.i18n import say

BAD_CONDITION = N_(
    "Write one comparison a line, for example: presence = onsite. End a line with et or ou."
)
NAMES = {"label": "label_fr", "help": "help_fr", "title": "label_fr", "eligibility": "form"}


class Entry(BaseForm):
    """What all entries have: a key, words in both languages, the version on the screen."""

    key = LineField(_l("Key"), [Required(N_("Enter a key, for example: presence."))])
    label_fr = LineField(_l("Words in French"))
    label_en = LineField(_l("Words in English"))
    version = HiddenField()

    label_name = "label"

    @property
    def version_seen(self) -> int:
        text = str(self.version.data or "") if self.version.raw_data else ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1

    @classmethod
    def texts(cls, entry: dict[str, Any]) -> dict[str, Any]:
        """An entry as the form writes it."""
        words = entry.get(cls.label_name)
        aid = entry.get("help")
        return {
            **{key: value for key, value in entry.items() if key not in ("label", "when")},
            "label_fr": entries.label(words, "fr"),
            "label_en": entries.label(words, "en"),
            "help_fr": entries.label(aid, "fr"),
            "help_en": entries.label(aid, "en"),
            "when": entries.condition_text(entry.get("when")),
        }

    def entry(self, before: dict[str, Any]) -> dict[str, Any]:
        """The plain data; what the page does not show stays as it was (`before`)."""
        kept = {key: value for key, value in before.items() if key not in self._fields}
        made = {**kept, "key": self.key.data or ""}
        made[self.label_name] = entries.bilingual(
            self.label_fr.data or "", self.label_en.data or ""
        )
        if not made[self.label_name]:
            del made[self.label_name]
        if "help_fr" in self:
            made["help"] = entries.bilingual(self["help_fr"].data or "", self["help_en"].data or "")
        return made

    def tell(self, refusal: BadForm, path: str) -> None:
        """Each mistake beside its field; one elsewhere in the form above all."""
        for fault in refusal.faults:
            words = say(fault.message, dict(fault.params))
            name = _field(fault.path, path)
            if name in self._fields:
                field = self._fields[name]
                field.errors = [*field.errors, words]
            else:
                self.form_errors.append(f"{fault.path}: {words}")

    def _condition(self) -> Any:
        try:
            return entries.condition(str(self["when"].data or ""))
        except ValueError:
            self["when"].errors = [gettext(BAD_CONDITION)]
            return None


def _field(fault: str, path: str) -> str:
    """The field of a fault's path below the entry's."""
    if not fault.startswith(f"{path}."):
        return ""
    rest = fault.removeprefix(f"{path}.")
    if rest.endswith(".en") and rest.split(".")[0] in ("label", "title", "help"):
        return ("label" if rest.startswith(("label", "title")) else "help") + "_en"
    first = re.split(r"[.\[]", rest)[0]
    return NAMES.get(first, first)


def _choices(known: Any, empty: str) -> list[tuple[str, str]]:
    return [("", empty), *((code, say(text)) for code, text in known.items())]


class QuestionForm(Entry):
    section = SelectField(_l("Part of the form"), validate_choice=False)
    kind = SelectField(_l("Kind"), validate_choice=False)
    help_fr = TextField(_l("Help in French"))
    help_en = TextField(_l("Help in English"))
    required = BooleanField(_l("An answer is required"))
    organiser_only = BooleanField(_l("For organisers only: not shown to those who sign up"))
    populations = LineField(_l("Only for these populations"))
    when = TextField(_l("Only if"))
    options = TextField(_l("Choices"))
    min = LineField(_l("At least"))
    max = LineField(_l("At most"))
    decimals = LineField(_l("Digits after the decimal point"))
    pattern = SelectField(_l("Expected form of the text"), validate_choice=False)
    pool = LineField(_l("Pool in which “yes” takes a seat"))
    named = BooleanField(_l("Companions are named, one a line"))
    contact = LineField(_l("Who alone reads the access needs (e-mail address)"))
    autocomplete = SelectField(_l("What browsers may fill in"), validate_choice=False)

    def offer(self, sections: Sequence[tuple[str, str]]) -> None:
        """The choices of the lists."""
        self.section.choices = [("", gettext("Without a heading, first")), *sections]
        self.kind.choices = [(code, say(text)) for code, text in KINDS.items()]
        patterns = {key: pattern.label for key, pattern in PATTERNS.items()}
        self.pattern.choices = _choices(patterns, gettext("Any"))
        self.autocomplete.choices = [("", gettext("Nothing")), *((c, c) for c in AUTOCOMPLETE)]

    @classmethod
    def texts(cls, entry: dict[str, Any]) -> dict[str, Any]:
        return {
            **super().texts(entry),
            "options": entries.options_text(entry.get("options")),
            "populations": ", ".join(entry.get("populations", ())),
        }

    def entry(self, before: dict[str, Any]) -> dict[str, Any]:
        made = super().entry(before)
        for name in (
            "kind",
            "min",
            "max",
            "decimals",
            "pattern",
            "pool",
            "contact",
            "autocomplete",
        ):
            made[name] = self[name].data or None
        for name in ("required", "organiser_only", "named"):
            made[name] = bool(self[name].data)
        names = str(self.populations.data or "").split(",")
        made["populations"] = [text for name in names if (text := name.strip())]
        made["when"] = self._condition()
        try:
            made["options"] = entries.options(str(self.options.data or ""), before.get("options"))
        except ValueError:
            self.options.errors = [gettext(BAD_CONDITION)]
        return made


class SectionForm(Entry):
    label_name = "title"
    help_fr = TextField(_l("Help in French"))
    help_en = TextField(_l("Help in English"))
    when = TextField(_l("Only if"))

    def entry(self, before: dict[str, Any]) -> dict[str, Any]:
        return {**super().entry(before), "when": self._condition()}


class PopulationForm(Entry):
    help_fr = TextField(_l("Help in French"))
    help_en = TextField(_l("Help in English"))
    opens_at = LineField(_l("Sign-ups open"))
    closes_at = LineField(_l("Sign-ups close"))
    approval = SelectField(_l("Approval"), validate_choice=False)
    pool = LineField(_l("Pool of these people"))

    def offer(self, _sections: Sequence[tuple[str, str]]) -> None:
        self.approval.choices = [
            ("", gettext("As the event says")),
            ("none", gettext("Nobody needs to decide")),
            ("manual", gettext("A person decides")),
        ]

    def entry(self, before: dict[str, Any]) -> dict[str, Any]:
        made = super().entry(before)
        for name in ("opens_at", "closes_at", "approval", "pool"):
            made[name] = self[name].data or None
        return made


class PoolForm(Entry):
    kind = SelectField(_l("Kind"), validate_choice=False)
    capacity = LineField(_l("Number of places"))
    waiting_list = BooleanField(_l("Keep a waiting list"))
    companions = BooleanField(_l("Companions take a place too"))
    released_at = LineField(_l("Free places are released on"))
    into = LineField(_l("Into the pool"))

    def offer(self, _sections: Sequence[tuple[str, str]]) -> None:
        self.kind.choices = [(code, say(text)) for code, text in POOL_KINDS.items()]

    @classmethod
    def texts(cls, entry: dict[str, Any]) -> dict[str, Any]:
        return {**super().texts(entry), "companions": entry.get("companions", True)}

    def entry(self, before: dict[str, Any]) -> dict[str, Any]:
        made = super().entry(before)
        for name in ("kind", "capacity", "released_at", "into"):
            made[name] = self[name].data or None
        for name in ("waiting_list", "companions"):
            made[name] = bool(self[name].data)
        return made


FORMS: dict[str, type[Entry]] = {
    "publics": PopulationForm,
    "contingents": PoolForm,
    "parties": SectionForm,
    "questions": QuestionForm,
}


class UploadForm(BaseForm):
    """The whole form as a YAML file."""

    file = FileField(_l("File"))
    version = HiddenField()

    version_seen = Entry.version_seen

    def content(self) -> bytes | None:
        """The bytes, or None with the fault beside the field."""
        given: Any = self.file.data
        if not given or not given.filename:
            self.file.errors = [gettext("Choose a file.")]
            return None
        raw: bytes = given.stream.read(BYTES_LIMIT + 1)
        return raw
