"""`champs_informations`: label, value and link of each line, wherever the editor put them."""

import re

from eventreg.events.jekyll.document import InfoField
from eventreg.events.jekyll.front_matter import Node, Table, Text
from eventreg.events.jekyll.problems import N_, Findings
from eventreg.events.jekyll.words import fold, is_placeholder, squeeze, strip_tags
from eventreg.shared import richtext

_LINK_KEYS = ("lien", "Lien", "Key", "key", "url", "URL", "intitulé", "Intitulé")
_MAIL_KEYS = ("mailto", "mail to", "mail", "email")
_LABEL_KEYS = ("intitule", "Intitulé", "intitulé", "Intitule")
_SILENT = frozenset({"title"})
_WEB = re.compile(r"https?://[^\s<>\"')\]]+")
_FAMILIES = re.compile(r"modalites?|horaires?|dates?|inscriptions?|acces|lieu|contact|tarifs?")


def read(table: Table, findings: Findings) -> InfoField | None:
    """One line of practical information; None when it says nothing."""
    return _Field(table, findings).read()


class _Field:
    def __init__(self, table: Table, findings: Findings) -> None:
        self.findings = findings
        self.line = table.line
        self.given: dict[str, tuple[str, int]] = {}
        for name, node in table.entries:
            if text := _text(node):
                self.given[name.value] = (text, node.line)

    def read(self) -> InfoField | None:
        link = self._link()
        label = self._take(*_LABEL_KEYS)
        value = self._take("contenu")
        if value and label and _is_label(value) and not _is_label(label):
            label, value = value, label
        leftovers = [
            text if key in _LINK_KEYS else f"{key} : {text}"
            for key, (text, _) in self.given.items()
            if key not in _SILENT and text not in {label, value}
        ]
        value = " ; ".join(part for part in (value, *leftovers) if part) or None
        if leftovers:
            self._warn(
                "unknown-key", N_("Unknown entries were added to the value: %(value)s."), value
            )
        if link is None and value:
            link = self._from_value(value)
        if label is None and value is None and link is None:
            self._warn(
                "field-empty", N_("A line of practical information is empty and was left out."), ""
            )
            return None
        return InfoField(label, value, link, self.line)

    def _take(self, *keys: str) -> str | None:
        for key in keys:
            if key in self.given:
                return strip_tags(self.given.pop(key)[0]) or None
        return None

    def _link(self) -> str | None:
        for key in _LINK_KEYS:
            text, _line = self.given.get(key, ("", 0))
            written = squeeze(text).strip(" ()<>")
            if not written or (key not in {"lien", "Lien"} and not _looks_like_address(written)):
                continue
            del self.given[key]
            if squeeze(text).strip("()<> ") != squeeze(text):
                self._warn(
                    "link-repaired",
                    N_("The link was read without the signs around it: %(value)s."),
                    squeeze(text),
                )
            return self._usable(written, key)
        for key in _MAIL_KEYS:
            if key in self.given:
                return self._usable(squeeze(self.given.pop(key)[0]), key)
        return None

    def _usable(self, written: str, key: str) -> str | None:
        href = richtext.safe_href(written)
        if href is None:
            code, message = (
                ("link-placeholder", N_("The link is still to come: “%(value)s”."))
                if is_placeholder(written)
                else ("link-broken", N_("The address of a link cannot be used: %(value)s."))
            )
            self._warn(code, message, written)
        elif key not in {"lien", "mailto", "mail to"}:
            self._warn(
                "link-under-odd-key", N_("The link was found under the key “%(value)s”."), key
            )
        return href

    def _from_value(self, value: str) -> str | None:
        if is_placeholder(value) and "lien" in fold(value):
            self._warn("link-placeholder", N_("The link is still to come: “%(value)s”."), value)
            return None
        found = _WEB.search(value)
        if found is None:
            return None
        href = richtext.safe_href(found.group().rstrip(".,;"))
        self._warn(
            "link-under-odd-key", N_("The link was found under the key “%(value)s”."), "contenu"
        )
        return href

    def _warn(self, code: str, message: str, value: str | None) -> None:
        params = {"value": value} if value else {}
        self.findings.warn(self.line, code, message, **params)


def _text(node: Node) -> str:
    if not isinstance(node, Text) or node.is_null or node.value.strip().lower() == "null":
        return ""
    return node.value if node.value.strip() else ""


def _is_label(text: str) -> bool:
    return _FAMILIES.fullmatch(fold(text).strip(" :?")) is not None


def _looks_like_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://", "mailto:")) or richtext.is_email(text)
