"""`make run`: database brought up to date, sample events, web server and worker, until Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from alembic import command as alembic  # noqa: E402
from sqlalchemy import func, select  # noqa: E402

from eventreg.config import BadSettings  # noqa: E402
from eventreg.demo import loading  # noqa: E402
from eventreg.events.models import Event  # noqa: E402
from eventreg.factory import create_app  # noqa: E402
from eventreg.operations import migrations  # noqa: E402
from eventreg.organisers import services as organisers  # noqa: E402
from eventreg.organisers.rules import PRINTED_LINK_LIFE  # noqa: E402
from eventreg.shared import urls  # noqa: E402
from eventreg.shared.clock import utc_now  # noqa: E402
from eventreg.shared.db import db, transaction  # noqa: E402

EVENTREG = ROOT / ".venv" / "bin" / "eventreg"


def prepare() -> tuple[str, str]:
    """The base URL and a one-time sign-in link, once the database is ready."""
    app = create_app()
    with app.app_context():
        alembic.upgrade(migrations.config(), "head")
        if db.session.execute(select(func.count()).select_from(Event)).scalar_one() == 0:
            print("Loading the sample events…", flush=True)  # noqa: T201 - a launcher speaks
            loading.load(utc_now())
        with transaction():
            _locale, code = organisers.link(
                loading.ORGANISER_EMAIL, life=PRINTED_LINK_LIFE, now=utc_now()
            )
        link = urls.absolute("organisers.enter", "fr", token=code)
        return app.extensions["settings"].base_url, link


def wait_until_up(port: str, process: subprocess.Popen[bytes]) -> bool:
    for _ in range(100):
        if process.poll() is not None:
            return False
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return True
        except (URLError, OSError):
            time.sleep(0.1)
    return False


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()


def main() -> int:
    host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
    try:
        base, link = prepare()
    except BadSettings as fault:
        sys.stderr.write("\n".join(f"settings: {m}" for m in fault.mistakes) + "\n")
        return 1
    processes = [
        subprocess.Popen([str(EVENTREG), "serve", "--host", host, "--port", port]),  # noqa: S603
        subprocess.Popen([str(EVENTREG), "worker"]),  # noqa: S603
    ]
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        if not wait_until_up(port, processes[0]):
            sys.stderr.write(f"The web server did not start (is port {port} free?).\n")
            return 1
        print(  # noqa: T201
            f"\n  Site public          {base}/\n"
            f"  Courriels capturés   {base}/dev/courriels\n"
            f"  Espace organisateur  {link}\n"
            "  (ce lien sert une fois)   Ctrl-C arrête tout.\n",
            flush=True,
        )
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stop(processes)


if __name__ == "__main__":
    sys.exit(main())
