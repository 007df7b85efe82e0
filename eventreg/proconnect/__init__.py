"""ProConnect, the State's sign-in: a second door for registrants, a sign-in for organisers.

Nothing that the provider sends is stored in clear or logged; see docs/decisions.
"""
