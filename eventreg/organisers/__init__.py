"""Organisers: accounts, roles per event, sign-in by mailed link, sessions kept on the server.

Others use `access` (guards of organiser pages), `rules`, `queries` and `services`.
"""
