"""What a decision says to the person: what was recognised and, when refused, the way out."""

from collections.abc import Mapping

from eventreg.eligibility.decisions import Outcome
from eventreg.shared.errors import N_

_SENTENCES: Mapping[tuple[str, Outcome], str] = {
    ("open_to_all", Outcome.ELIGIBLE): N_("This event is open to everyone."),
    ("domain_listed", Outcome.ELIGIBLE): N_("Address recognised: %(organisation)s."),
    ("event_allowed", Outcome.ELIGIBLE): N_("The organiser accepts this address for this event."),
    ("instance_accepted", Outcome.ELIGIBLE): N_("Address recognised: %(organisation)s."),
    ("instance_review", Outcome.REVIEW): N_(
        "“%(domain)s” may be that of public agents or of others. A person will read your request."
    ),
    ("instance_refused", Outcome.REFUSED): N_(
        "“%(domain)s” is not an address of a public agent. Use your professional address in a "
        "public body, or write to the organiser."
    ),
    ("invited", Outcome.ELIGIBLE): N_("The organiser invited this address to this event."),
    ("not_listed", Outcome.REFUSED): N_(
        "This event is for addresses that the organiser listed, and this one is not among them. "
        "Use another professional address, or write to the organiser."
    ),
    ("not_invited", Outcome.REFUSED): N_(
        "This event is for people who were invited. Open the link of your invitation, use the "
        "address at which you received it, or write to the organiser."
    ),
    ("proconnect_agent_public", Outcome.ELIGIBLE): N_(
        "ProConnect says that you belong to a public body: %(organisation)s."
    ),
    ("proconnect_other_family", Outcome.REVIEW): N_(
        "ProConnect says that you belong to a public body (%(organisation)s). This event is meant "
        "for other public bodies. A person will read your request."
    ),
    ("proconnect_role_missing", Outcome.REVIEW): N_(
        "ProConnect does not say that your organisation is a public body. A person will read your "
        "request."
    ),
    ("proconnect_no_siret", Outcome.REVIEW): N_(
        "ProConnect does not say which organisation you belong to. A person will read your request."
    ),
    ("proconnect_other_address", Outcome.REVIEW): N_(
        "This is not the address that ProConnect knows you by. A person will read your request."
    ),
    ("proconnect_not_public", Outcome.REFUSED): N_(
        "ProConnect does not say that your organisation is a public body, and this event is for "
        "public agents. Use your professional address in a public body, or write to the organiser."
    ),
    ("strict_sense", Outcome.REVIEW): N_(
        "Address recognised: %(organisation)s. This event is for staff under public law, and not "
        "all are there. A person will read your request."
    ),
    ("event_refused", Outcome.REFUSED): N_(
        "The organiser does not accept this address for this event. Use another professional "
        "address, or write to the organiser."
    ),
    ("other_family", Outcome.REVIEW): N_(
        "Address recognised: %(organisation)s. This event is meant for other public bodies. A "
        "person will read your request."
    ),
    ("domain_web_only", Outcome.REVIEW): N_(
        "“%(domain)s” is known as the web site of a body with a public mission, not as the "
        "address of its staff. A person will read your request."
    ),
    ("domain_shared", Outcome.REVIEW): N_(
        "Address recognised: %(organisation)s. Staff and students may both have one there. A "
        "person will read your request."
    ),
    ("domain_below_listed", Outcome.REVIEW): N_(
        "“%(domain)s” depends on a domain that we know (%(organisation)s), but may have been "
        "entrusted to others. A person will read your request."
    ),
    ("overseas_government", Outcome.REVIEW): N_(
        "“%(domain)s” is an overseas public administration, which no national directory "
        "lists. A person will read your request."
    ),
    ("public_body_on_isp_mailbox", Outcome.REVIEW): N_(
        "“%(domain)s” is a personal mailbox provider, and this address looks like that of a "
        "public body. A person will read your request."
    ),
    ("unknown_domain_public_marker", Outcome.REVIEW): N_(
        "“%(domain)s” looks like the domain of a public body, but we do not know it. A person "
        "will read your request."
    ),
    ("shared_local_hosting", Outcome.REVIEW): N_(
        "“%(domain)s” is shared by several local authorities. A person will read your request."
    ),
    ("contractor_possible", Outcome.REVIEW): N_(
        "Public agents and contractors both have addresses at “%(domain)s”. A person will "
        "read your request."
    ),
    ("health_secure_mail", Outcome.REVIEW): N_(
        "“%(domain)s” is secure health mail, used in public hospitals and in private "
        "practice. A person will read your request."
    ),
    ("public_company", Outcome.REVIEW): N_(
        "“%(domain)s” is a public company, whose staff are not all public agents. A person "
        "will read your request."
    ),
    ("mixed_employers", Outcome.REVIEW): N_(
        "People at “%(domain)s” are employed by public and by private bodies. A person will "
        "read your request."
    ),
    ("volunteer", Outcome.REVIEW): N_(
        "“%(domain)s” is the domain of volunteers who serve the public. A person will read "
        "your request."
    ),
    ("association", Outcome.REVIEW): N_(
        "“%(domain)s” is the domain of an association of public bodies. A person will read "
        "your request."
    ),
    ("association", Outcome.REFUSED): N_(
        "“%(domain)s” is the domain of an association, and this event is for public agents. "
        "Use your professional address in a public body, or write to the organiser."
    ),
    ("espic", Outcome.REVIEW): N_(
        "“%(domain)s” is a private non-profit health establishment with a public mission. A "
        "person will read your request."
    ),
    ("professional_order", Outcome.REVIEW): N_(
        "“%(domain)s” is the domain of a professional order. A person will read your request."
    ),
    ("parliamentary_staff", Outcome.REVIEW): N_(
        "“%(domain)s” is the domain of members of Parliament's assistants, whose contracts "
        "are private. A person will read your request."
    ),
    ("gip", Outcome.REVIEW): N_(
        "“%(domain)s” is a public interest grouping, whose staff are not all public agents. A "
        "person will read your request."
    ),
    ("former_domain", Outcome.REVIEW): N_(
        "“%(domain)s” is a former domain of a public body. A person will read your request."
    ),
    ("contractor", Outcome.REVIEW): N_(
        "This address looks like that of a contractor. A person will read your request."
    ),
    ("trainee", Outcome.REVIEW): N_(
        "This address looks like that of a trainee or an apprentice. A person will read your "
        "request."
    ),
    ("student_official", Outcome.REVIEW): N_(
        "This address looks like that of a pupil of a public service school. A person will "
        "read your request."
    ),
    ("rule_error", Outcome.REVIEW): N_(
        "Your address could not be checked automatically. A person will read your request."
    ),
    ("student", Outcome.REFUSED): N_(
        "This address looks like that of a student, and this event is for public agents. Use "
        "your professional address in a public body, or write to the organiser."
    ),
    ("free_or_isp_mailbox", Outcome.REFUSED): N_(
        "“%(domain)s” is a personal mailbox provider. Use your professional address in a "
        "public body, or write to the organiser."
    ),
    ("disposable", Outcome.REFUSED): N_(
        "“%(domain)s” is a throw-away mailbox provider. Use your professional address in a "
        "public body, or write to the organiser."
    ),
    ("citizen", Outcome.REFUSED): N_(
        "“%(domain)s” is a mailbox given to every citizen. Use your professional address in a "
        "public body, or write to the organiser."
    ),
    ("private_profession", Outcome.REFUSED): N_(
        "“%(domain)s” is the domain of a private profession. Use your professional address in "
        "a public body, or write to the organiser."
    ),
    ("lookalike", Outcome.REFUSED): N_(
        "“%(domain)s” resembles an official domain but is not one: check it. Use your "
        "professional address in a public body, or write to the organiser."
    ),
    ("punycode_unlisted", Outcome.REFUSED): N_(
        "“%(domain)s” holds accents or unusual letters and is not a public domain that we "
        "know: check it. Use your professional address in a public body, or write to the "
        "organiser."
    ),
    ("unknown_domain", Outcome.REFUSED): N_(
        "“%(domain)s” is not the domain of a public body that we know: check it. Use your "
        "professional address in a public body, or write to the organiser."
    ),
}

UNKNOWN_ASKED = N_(
    "“%(domain)s” is not the domain of a public body that we know. A person will read your request."
)
EXCEPTION = N_("You asked the organising team for an exception. A person will read your request.")
ACCEPTED = N_("The organiser accepts addresses such as this one for this event.")
REVIEW_CLOSED = N_(
    "This address does not show for certain that you are a public agent, and this event "
    "takes only addresses recognised at once. Use your professional address in a public "
    "body, or write to the organiser."
)
OTHER_REVIEW = N_(
    "“%(domain)s” is known, but does not show for certain that you are a public agent. A "
    "person will read your request."
)
OTHER_REFUSED = N_(
    "“%(domain)s” is not an address of a public agent. Use your professional address in a "
    "public body, or write to the organiser."
)

REASONS = frozenset(reason for reason, _ in _SENTENCES) | {"invalid_address"}
"""Every reason that has its own sentence."""


def sentence(reason: str, outcome: Outcome) -> str:
    """The English id for `reason`; a class new in the files has a general sentence."""
    known = _SENTENCES.get((reason, outcome))
    if known is not None:
        return known
    if outcome is Outcome.ELIGIBLE:
        return ACCEPTED
    return OTHER_REVIEW if outcome is Outcome.REVIEW else OTHER_REFUSED
