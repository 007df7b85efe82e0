"""Who may come: an address is read against the domain files, in ten ordered steps.

Others use `rules` (Policy, Decision, decide) with a registry from `registry.load()`.
"""
