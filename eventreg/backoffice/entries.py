"""A form's definition as plain data, changed one entry at a time; texts of its pages. Pure."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from eventreg.questionnaire import documents

LISTS = {
    "publics": "populations",
    "contingents": "pools",
    "parties": "sections",
    "questions": "questions",
}
LOOSE = ""  # the section of questions without a heading


def places(data: Mapping[str, Any], kind: str) -> Iterator[tuple[str, list[Any], int]]:
    """(path, list, index) of each entry of a kind."""
    if kind != "questions":
        entries = data.get(LISTS[kind], [])
        for index in range(len(entries)):
            yield f"{LISTS[kind]}[{index}]", entries, index
        return
    loose = data.get("questions", [])
    for index in range(len(loose)):
        yield f"questions[{index}]", loose, index
    for number, section in enumerate(data.get("sections", [])):
        inner = section.get("questions", [])
        for index in range(len(inner)):
            yield f"sections[{number}].questions[{index}]", inner, index


def find(data: Mapping[str, Any], kind: str, key: str) -> tuple[str, list[Any], int] | None:
    return next((one for one in places(data, kind) if one[1][one[2]].get("key") == key), None)


def section_of(data: Mapping[str, Any], key: str) -> str:
    """The key of the section that holds a question."""
    for section in data.get("sections", []):
        if any(one.get("key") == key for one in section.get("questions", [])):
            return str(section["key"])
    return LOOSE


def put(
    data: Mapping[str, Any],
    kind: str,
    entry: dict[str, Any],
    *,
    old: str = "",
    section: str = LOOSE,
) -> tuple[dict[str, Any], str]:
    """The data with the entry in place of `old`, or added at the end, and the entry's path."""
    new = copy.deepcopy(dict(data))
    found = find(new, kind, old) if old else None
    if kind == "parties" and found:
        entry = {**entry, "questions": found[1][found[2]].get("questions", [])}
    if found and (kind != "questions" or section_of(new, old) == section):
        path, entries, index = found
        entries[index] = entry
        return new, path
    if found:
        del found[1][found[2]]
    holder = next((s for s in new.get("sections", []) if s.get("key") == section), None)
    target = new if kind != "questions" or holder is None else holder
    name = LISTS[kind]
    target.setdefault(name, []).append(entry)
    path = f"{name}[{len(target[name]) - 1}]"
    if target is not new:
        path = f"sections[{new['sections'].index(holder)}].{path}"
    return new, path


def moved(data: Mapping[str, Any], kind: str, key: str, by: int) -> dict[str, Any]:
    """The data with the entry one place earlier or later."""
    new = copy.deepcopy(dict(data))
    found = find(new, kind, key)
    if found:
        _, entries, index = found
        entry = entries.pop(index)
        entries.insert(min(max(index + by, 0), len(entries)), entry)
    return new


def without(data: Mapping[str, Any], kind: str, key: str) -> dict[str, Any]:
    """The data without the entry; the questions of a section go with it."""
    new = copy.deepcopy(dict(data))
    found = find(new, kind, key)
    if found:
        del found[1][found[2]]
    return new


def label(data: Any, locale: str) -> str:
    """One language of a label as it is written."""
    if isinstance(data, Mapping):
        return str(data.get(locale, ""))
    return str(data or "") if locale == "fr" else ""


def condition_text(when: Any) -> str:
    """One line where it is a plain comparison, else YAML."""
    if not when:
        return ""
    if "question" in when:
        name = when["question"]
        for operator, sign in (("is", "="), ("in", "="), ("is_not", "!="), ("not_in", "!=")):
            if operator in when:
                value = when[operator]
                texts = value if isinstance(value, list) else [value]
                return f"{name} {sign} {', '.join(str(text) for text in texts)}"
        return f"{name} {'?' if when.get('answered') else '!?'}"
    how, parts = next(iter(when.items()))
    if all("question" in part for part in parts):
        word = "et" if how == "all" else "ou"
        return f" {word}\n".join(condition_text(part) for part in parts)
    return yaml.safe_dump(when, allow_unicode=True, default_flow_style=True, width=1_000).strip()


def condition(text: str) -> Any:
    """What `condition_text` wrote, or a person: None for always. Raises ValueError."""
    text = text.strip()
    if not text:
        return None
    if text.startswith("{"):
        found = documents.read(text.encode())
        if found.problems:
            raise ValueError(text)
        return found.data
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    joins = {
        word
        for line in lines[:-1]
        if (word := line.rpartition(" ")[2]) in ("et", "ou", "and", "or")
    }
    if len(joins) > 1:
        raise ValueError(text)
    tests = [_test(_without_join(line)) for line in lines]
    if len(tests) == 1:
        return tests[0]
    return {"any" if joins & {"ou", "or"} else "all": tests}


def _without_join(line: str) -> str:
    head, _, last = line.rpartition(" ")
    return head if last in ("et", "ou", "and", "or") and head else line


def _test(line: str) -> dict[str, Any]:
    for sign, one, several in (("!=", "is_not", "not_in"), ("=", "is", "in")):
        name, found, values = line.partition(sign)
        if found:
            texts = [text for value in values.split(",") if (text := value.strip())]
            if not texts:
                raise ValueError(line)
            key = name.strip()
            return (
                {"question": key, one: texts[0]}
                if len(texts) == 1
                else {"question": key, several: texts}
            )
    for sign, answered in (("!?", False), ("?", True)):
        if line.endswith(sign):
            return {"question": line.removesuffix(sign).strip(), "answered": answered}
    raise ValueError(line)


def options_text(options: Any) -> str:
    """One option a line: key | French | English | pool | condition."""
    lines = []
    for one in options or ():
        when = condition_text(one.get("when")).replace("\n", " ")
        parts = [one.get("key", ""), label(one.get("label"), "fr"), label(one.get("label"), "en")]
        parts += [one.get("pool", ""), when]
        lines.append(" | ".join(parts).rstrip(" |"))
    return "\n".join(lines)


def options(text: str, before: Any) -> list[dict[str, Any]]:
    """The options of a text; a condition too long for a line stays what it was (`before`)."""
    known = {one.get("key"): one for one in before or ()}
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        key, fr, en, pool, when = ([part.strip() for part in line.split("|", 4)] + [""] * 4)[:5]
        entry: dict[str, Any] = {"key": key, "label": bilingual(fr or key, en)}
        if pool:
            entry["pool"] = pool
        old = known.get(key, {}).get("when")
        if when:
            same = old and condition_text(old).replace("\n", " ") == when
            entry["when"] = old if same else condition(when)
        found.append(entry)
    return found


def bilingual(fr: str, en: str) -> dict[str, str]:
    return {locale: text for locale, text in (("fr", fr), ("en", en)) if text}
