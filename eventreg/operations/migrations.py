"""Alembic, with our settings."""

from alembic.config import Config

from eventreg.config import ROOT


def config() -> Config:
    """The configuration that Alembic's own commands take."""
    made = Config(toml_file=str(ROOT / "pyproject.toml"))
    made.set_main_option("script_location", str(ROOT / "migrations"))
    return made
