"""What answers take of the pools beside the event's own."""

from typing import Any

from eventreg.questionnaire.rules.shapes import Form
from eventreg.questionnaire.rules.visibility import Answers, walk


def companions_of(form: Form, population: str, answers: Answers) -> int:
    """How many people come along, counted or named, where the form asks it."""
    asking = [key for key, question in form.by_key.items() if question.kind == "companions"]
    if not asking:
        return 0
    known = walk(form, population, answers, by_organiser=True)
    return sum(_count(known[key]) for key in asking if key in known)


def _count(answer: Any) -> int:
    if isinstance(answer, list):
        return len(answer)
    return max(answer, 0) if isinstance(answer, int) and not isinstance(answer, bool) else 0


def wanted_pools(
    form: Form, population: str, answers: Answers, *, companions: int = 0
) -> dict[str, int]:
    """Pool key -> seats, for the person and those who come along. A pool named twice counts once:
    nobody sits on two chairs.
    """
    if not form.pools:
        return {}
    named = {chosen.pool} if (chosen := form.population(population)) else set()
    for key, answer in walk(form, population, answers, by_organiser=True).items():
        question = form.by_key[key]
        if question.pool and answer is True:
            named.add(question.pool)
        elif question.options and answer is not None:
            named.update(o.pool for o in question.options if _is_chosen(o.key, answer))
    party = 1 + max(companions, 0)
    return {pool.key: party if pool.companions else 1 for pool in form.pools if pool.key in named}


def _is_chosen(key: str, answer: Any) -> bool:
    return key in answer if isinstance(answer, list) else key == answer
