"""The `eventreg` command: the application's own commands, without Flask's development ones."""

import sys

from flask.cli import ScriptInfo
from sqlalchemy.exc import OperationalError, ProgrammingError

from eventreg.config import BadSettings
from eventreg.factory import create_app


def main() -> None:
    """Runs one command; bad settings and a database that is away are said in one line each."""
    try:
        app = create_app()
    except BadSettings as fault:
        for mistake in fault.mistakes:
            sys.stderr.write(f"settings: {mistake}\n")
        sys.exit(1)
    app.cli.help = "Publish events and take sign-ups."
    try:
        app.cli.main(prog_name="eventreg", obj=ScriptInfo(create_app=lambda: app))
    except (OperationalError, ProgrammingError) as fault:
        first = str(fault.orig).strip().splitlines()[0] if fault.orig else str(fault)
        sys.stderr.write(f"database: {first} (is it up to date? eventreg db upgrade)\n")
        sys.exit(1)
    except UnicodeEncodeError:
        # Bytes of the command line that are no text would reach the database.
        sys.stderr.write("eventreg: an argument is not UTF-8 text\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
