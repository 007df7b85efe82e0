"""Organisers' pages: their events, settings, people, files, trace. Above registration and events."""
