"""Words of the pages on an event's form."""

from collections.abc import Mapping

from eventreg.shared.errors import N_

KINDS: Mapping[str, str] = {
    "text": N_("Short text"),
    "long_text": N_("Long text"),
    "number": N_("Number"),
    "date": N_("Date"),
    "email": N_("E-mail address"),
    "phone": N_("Telephone"),
    "yes_no": N_("Yes or no"),
    "one": N_("One choice"),
    "several": N_("Several choices"),
    "select": N_("One choice in a long list"),
    "file": N_("File"),
    "consent": N_("Box to tick"),
    "companions": N_("People who come along"),
    "access_needs": N_("Access needs"),
    "info": N_("Text without a question"),
}
POOL_KINDS: Mapping[str, str] = {
    "population": N_("Population"),
    "workshop": N_("Workshop"),
    "day": N_("Day"),
    "option": N_("Option, such as a meal"),
}
TITLES: Mapping[str, tuple[str, str, str]] = {  # in the list, to add, to change
    "publics": (N_("Populations"), N_("Add a population"), N_("Change the population")),
    "contingents": (N_("Pools of places"), N_("Add a pool"), N_("Change the pool")),
    "parties": (N_("Parts of the form"), N_("Add a part"), N_("Change the part")),
    "questions": (N_("Questions"), N_("Add a question"), N_("Change the question")),
}
INTROS: Mapping[str, str] = {
    "publics": N_(
        "People who sign up under their own terms: their window, their approval. "
        "Who may come as each is said in the file (key “eligibility”)."
    ),
    "contingents": N_("Places beside the event's own: a workshop, a day, a meal, a population."),
    "parties": N_("A heading over some questions, shown to all or on a condition."),
    "questions": N_("What is asked beside name, address, organisation, position and telephone."),
}
