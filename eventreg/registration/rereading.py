"""The questions of a sign-up once more: drawn with what is stored, read again to be changed."""

from dataclasses import replace
from typing import Any

from eventreg.questionnaire import queries
from eventreg.questionnaire.drawing import Questions, sent_of
from eventreg.questionnaire.rules import Form, wanted_pools
from eventreg.registration import answering
from eventreg.registration.queries import SignupPage
from eventreg.registration.services import Wishes


def population_of(form: Form, registration: Any, asked: str = "") -> str:
    """What was asked for where the form still has it, else what is stored, else the first one."""
    for key in (asked, registration.population):
        if form.population(key):
            return str(key)
    return form.populations[0].key if form.populations else ""


def stored(page: SignupPage, registration: Any, population: str = "") -> Questions:
    """The present questions, with the answers that they share with those of before."""
    form = answering.form_of(page)
    needs = queries.needs_of(registration.id) if registration.form_version else {}
    answers = {**registration.answers, **needs}
    own = {key: value for key, value in answers.items() if not _organisers(form, key)}
    sent = sent_of(form, own)
    questions = Questions(form, population_of(form, registration, population), sent)
    files = {key: value for key, value in own.items() if isinstance(value, dict) and key in sent}
    tickets = {
        key: [answering.ticket_of(page, value["file"], value["name"])]
        for key, value in files.items()
    }
    questions.file_names = {key: value["name"] for key, value in files.items()}
    _ = questions.checked  # of what was sent: the tickets are for the page
    questions.sent = {**sent, **tickets}
    return questions


def read(page: SignupPage, registration: Any, population: str) -> Questions:
    """The questions with what was sent."""
    form = answering.form_of(page)
    return answering.read(page, form, population_of(form, registration, population))


def wishes_of(questions: Questions, registration: Any) -> Wishes:
    """What the answers ask; what organisers noted stays beside them."""
    form = questions.form
    noted = {k: v for k, v in registration.answers.items() if _organisers(form, k)}
    wishes = answering.wishes_of(questions)
    answers = {**wishes.answers, **noted}
    pools = wanted_pools(form, wishes.population, answers, companions=wishes.companions)
    return replace(wishes, answers=answers, pools=pools)


def _organisers(form: Form, key: str) -> bool:
    question = form.by_key.get(key)
    return question is not None and question.organiser_only
