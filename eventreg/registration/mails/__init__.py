"""Letters about a registration: facts in, finished mail out. Nothing is looked up.

No letter holds a word typed by the person who signed up, not even a name: anybody can type
somebody else's address (R24). Titles, places and reasons are the organiser's.
"""

from eventreg.registration.mails.frame import About, EventFacts, duration
from eventreg.registration.mails.news import event_news
from eventreg.registration.mails.organisers import (
    Recap,
    Undecided,
    closing_recap,
    needs_told,
    undecided,
)
from eventreg.registration.mails.own import (
    LinkEntry,
    address_asked,
    address_warning,
    already_registered,
    my_links,
    place_answered,
    place_offered,
)
from eventreg.registration.mails.registrants import (
    accepted,
    cancelled,
    confirm_address,
    confirmed,
    first_letter,
    invitation,
    offer,
    offer_ended,
    offer_withdrawn,
    pending,
    rejected,
    waiting,
)

__all__ = [
    "About",
    "EventFacts",
    "LinkEntry",
    "Recap",
    "Undecided",
    "accepted",
    "address_asked",
    "address_warning",
    "already_registered",
    "cancelled",
    "closing_recap",
    "confirm_address",
    "confirmed",
    "duration",
    "event_news",
    "first_letter",
    "invitation",
    "my_links",
    "needs_told",
    "offer",
    "offer_ended",
    "offer_withdrawn",
    "pending",
    "place_answered",
    "place_offered",
    "rejected",
    "undecided",
    "waiting",
]
