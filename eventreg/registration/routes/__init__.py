"""Public pages of registrations: one module per group of pages, all on one blueprint."""

from eventreg.registration.routes import (
    data,
    editing,
    explaining,
    own,
    proposals,
    returning,
    signup,
)
from eventreg.registration.routes.guard import bp

__all__ = ["bp", "data", "editing", "explaining", "own", "proposals", "returning", "signup"]
