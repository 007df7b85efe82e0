"""What the forms of an event have in common: text in, typed values out, nobody overwritten."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from eventreg.backoffice import rules
from eventreg.events import services as events
from eventreg.events.errors import BadValue
from eventreg.shared.errors import N_
from eventreg.shared.fields import BaseForm, parse_local

INSTANTS = events.INSTANTS
FLAGS = events.FLAGS


class QuietField(BooleanField):
    """For a move that is only a correction."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(_l("Do not write to them: this only corrects a mistake"), *args, **options)


class FoldField(RadioField):
    """Which of the two hours, when clocks go back; not asked otherwise."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["choices"] = [
            SelectChoice("0", _l("The first one (summer time)")),
            SelectChoice("1", _l("The second one (winter time)")),
        ]
        super().__init__(*args, validate_choice=False, **options)


class EventValues(BaseForm):
    """Fields of an event as text; `values` holds what they mean once `check` has said yes."""

    keys: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.values: dict[str, Any] = {}
        self.ambiguous: set[str] = set()

    def text(self, key: str) -> str:
        data = self[key].data
        return ("on" if data else "off") if key in FLAGS else str(data or "")

    def check(self, stored: dict[str, str], zone: str) -> bool:
        """Reads each field that differs from `stored`; every fault stands beside its field."""
        good = bool(self.validate_on_submit())
        if "timezone" in self.keys:
            zone = self._zone(zone)
        for key in self.keys:
            # What was not touched is not read again: a stored instant may be finer than its text.
            untouched = self.text(key) == stored.get(key) and zone == stored.get("timezone", zone)
            if untouched or self[key].errors:
                continue
            try:
                self.values[key] = events.parse(key, self._spoken(key, zone), zone)
            except BadValue as fault:
                self.show(fault)
        return good and not any(field.errors for field in self)

    def _zone(self, zone: str) -> str:
        try:
            return events.parse_zone(self.text("timezone"))
        except BadValue:
            return zone  # told beside the field

    def _spoken(self, key: str, zone: str) -> str:
        """The text of a field; for an hour that happens twice, with the offset that was chosen."""
        text = self.text(key)
        if key not in INSTANTS or not text:
            return text
        try:
            parse_local(text, zone)
        except ValueError as fault:
            if str(fault) != "twice":
                return text
            self.ambiguous.add(key)
            fold = self[f"{key}_fold"].data
            if fold not in ("0", "1"):
                raise BadValue(
                    N_("This hour happens twice on that day: clocks go back. Choose which one."),
                    field=key,
                ) from fault
            return rules.with_fold(text, zone, int(fold))
        return text


class VersionedForm(EventValues):
    """Fields of an event as they stood at a version: two people do not overwrite each other."""

    version = HiddenField()

    @property
    def version_seen(self) -> int:
        """The version that was on the screen; an altered one is as stale as any, or as none."""
        # A field that was not sent would keep the present version and write over everything.
        text = str(self.version.data or "") if self.version.raw_data else ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1

    def differences(self, stored: dict[str, str]) -> list[rules.Difference]:
        """The settings for which my text and the stored one differ."""
        return [
            rules.Difference(key=key, mine=self.text(key), theirs=stored[key])
            for key in self.keys
            if self.text(key) != stored[key]
        ]
