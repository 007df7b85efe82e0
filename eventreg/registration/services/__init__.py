"""Use cases of registrations. They take part in the caller's transaction and never commit."""

from eventreg.registration.services import invitations
from eventreg.registration.services.applicants import Applicant, Wishes
from eventreg.registration.services.closing import close_due
from eventreg.registration.services.decisions import add_by_hand, decide, take_back
from eventreg.registration.services.holds import expire_due
from eventreg.registration.services.notices import tell_due
from eventreg.registration.services.preparing import Prepared, prepare, refuse_if_shut
from eventreg.registration.services.releasing import release_due
from eventreg.registration.services.reminding import remind_due
from eventreg.registration.services.self_service import cancel, confirm, send_links
from eventreg.registration.services.signup import Answer, refuse_at_sight, register
from eventreg.registration.services.waiting_list import keeps_line, reorder, serve, serve_due

__all__ = [
    "Answer",
    "Applicant",
    "Prepared",
    "Wishes",
    "add_by_hand",
    "cancel",
    "close_due",
    "confirm",
    "decide",
    "expire_due",
    "invitations",
    "keeps_line",
    "prepare",
    "refuse_at_sight",
    "refuse_if_shut",
    "register",
    "release_due",
    "remind_due",
    "reorder",
    "send_links",
    "serve",
    "serve_due",
    "take_back",
    "tell_due",
]
