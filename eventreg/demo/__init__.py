"""Sample events and people of our own, so that a new site is lively.

The documents are templates in the State's format: their dates are computed when they are loaded.
"""
