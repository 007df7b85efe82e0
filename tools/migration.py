"""Writes the migration that is being worked on afresh, from the models.

    python tools/migration.py 0002 places       replaces migrations/versions/0002_places.py

For a revision that has not been published yet: its predecessors are run on an empty SQLite
database, Alembic compares it with the models, ruff formats the result. Read it before you commit.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from alembic import command as alembic  # noqa: E402

from eventreg.config import Settings  # noqa: E402
from eventreg.factory import create_app  # noqa: E402
from eventreg.operations import migrations  # noqa: E402


def write(revision: str, words: str) -> Path:
    """The file, made anew."""
    versions = ROOT / "migrations" / "versions"
    for old in versions.glob(f"{revision}_*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            Settings(
                env="testing",
                secret_key="a-secret-for-migrations-only-0123456789",  # noqa: S106 - opens nothing
                instance_dir=Path(folder),
                database_url=f"sqlite:///{folder}/empty.sqlite",
                queue_url=f"sqlite:///{folder}/queue.sqlite3",
            )
        )
        with app.app_context():
            alembic.upgrade(migrations.config(), "head")
            alembic.revision(migrations.config(), words, rev_id=revision, autogenerate=True)
    (made,) = versions.glob(f"{revision}_*.py")
    # SQLite alters in place: a table made anew would lose AUTOINCREMENT, and ids would come back.
    text = made.read_text().replace("schema=None)", 'schema=None, recreate="never")')
    made.write_text(text)
    for arguments in (["format", "-q"], ["check", "-q", "--fix"]):
        subprocess.run([str(ROOT / ".venv/bin/ruff"), *arguments, str(made)], check=False)  # noqa: S603
    return made


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__)  # noqa: T201
        return 2
    with Path(tempfile.gettempdir(), f"eventreg-migration-{os.getuid()}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print(write(*sys.argv[1:]).relative_to(ROOT))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
