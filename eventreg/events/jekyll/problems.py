"""What is wrong with a document, said so that a page or a terminal can translate it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Translate = Callable[..., str]

MAX_PROBLEMS = 50


def N_(message: str) -> str:  # noqa: N802 - the mark by which the catalogues find the ids
    """The message itself; it is translated where it is shown."""
    return message


def in_english(message: str, /, **params: str) -> str:
    """The default translation: the English id with its parameters."""
    return message % params if params else message


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: line (None: the whole document), stable code, English id, parameters."""

    line: int | None
    code: str
    message: str
    params: Mapping[str, str] = field(default_factory=dict)

    def text(self, translate: Translate = in_english) -> str:
        """The sentence for a reader; `translate` has the signature of gettext."""
        return translate(self.message, **self.params)


class DocumentError(ValueError):
    """A document that cannot be imported, with every problem found in it."""

    def __init__(self, problems: tuple[Problem, ...], name: str = "") -> None:
        self.problems = problems
        self.name = name
        super().__init__("; ".join(f"{name}:{p.line or 0}: {p.text()}" for p in problems))


class Findings:
    """Collects problems while a document is read: errors refuse it, warnings do not."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def error(self, line: int | None, code: str, message: str, **params: object) -> None:
        self._note(self.errors, line, code, message, params)

    def warn(self, line: int | None, code: str, message: str, **params: object) -> None:
        self._note(self.warnings, line, code, message, params)

    @staticmethod
    def _note(
        place: list[Problem], line: int | None, code: str, message: str, params: dict[str, object]
    ) -> None:
        problem = Problem(line, code, message, {key: _short(params[key]) for key in params})
        if problem not in place and len(place) < MAX_PROBLEMS:
            place.append(problem)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 300 else f"{text[:299]}…"
