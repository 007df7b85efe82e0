"""Public pages of registrations: one module per group of pages, all on one blueprint."""

from eventreg.registration.routes import own, signup
from eventreg.registration.routes.guard import bp

__all__ = ["bp", "own", "signup"]
