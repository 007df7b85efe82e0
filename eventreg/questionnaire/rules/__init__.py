"""Forms of events: what they ask, of whom, and what answers mean. Pure."""

from eventreg.questionnaire.rules.answers import Checked, Fault, check
from eventreg.questionnaire.rules.conditions import as_data as as_condition
from eventreg.questionnaire.rules.definition import as_data, parse
from eventreg.questionnaire.rules.faults import BadDefinition, SchemaFault
from eventreg.questionnaire.rules.reading import shown_day
from eventreg.questionnaire.rules.seats import companions_of, wanted_pools
from eventreg.questionnaire.rules.shapes import (
    BOOLEANS,
    CHOICES,
    KINDS,
    NO_FORM,
    POOL_KINDS,
    Condition,
    Form,
    Group,
    Label,
    Option,
    PoolSpec,
    Population,
    Question,
    Section,
    Test,
    words,
)
from eventreg.questionnaire.rules.visibility import met, offered, visible, walk

__all__ = [
    "BOOLEANS",
    "CHOICES",
    "KINDS",
    "NO_FORM",
    "POOL_KINDS",
    "BadDefinition",
    "Checked",
    "Condition",
    "Fault",
    "Form",
    "Group",
    "Label",
    "Option",
    "PoolSpec",
    "Population",
    "Question",
    "SchemaFault",
    "Section",
    "Test",
    "as_condition",
    "as_data",
    "check",
    "companions_of",
    "met",
    "offered",
    "parse",
    "shown_day",
    "visible",
    "walk",
    "wanted_pools",
    "words",
]
