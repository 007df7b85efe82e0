"""Real processes of a real instance: `eventreg serve`, `eventreg worker`, killed and restarted."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from alembic import command as alembic
from flask import Flask

from eventreg.config import ROOT, MailServer, Settings
from eventreg.factory import create_app
from eventreg.operations import migrations
from eventreg.shared import bell
from eventreg.shared.db import db
from tests.reliability.load import Target

KEY = "a key for tests only, never for an instance"
START_SECONDS = 30.0


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], object], *, seconds: float, every: float = 0.05) -> bool:
    """Looks until `what()` is true; False when the time is over."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True


@dataclass
class Instance:
    """One database, one folder, one port; any number of processes, each a group of its own.

    `mutant` names controls that the processes start without (tests/reliability/mutants.py).
    """

    folder: Path
    database_url: str
    mail_port: int | None = None
    mutant: str = ""
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _app: Flask | None = None

    @property
    def target(self) -> Target:
        return Target(self.port)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "stderr.log"

    @property
    def app(self) -> Flask:
        """The same instance inside this process: to prepare, and for the oracle afterwards."""
        if self._app is None:
            self._app = create_app(
                Settings(
                    env="testing",
                    secret_key=KEY,
                    database_url=self.database_url,
                    queue_url=f"sqlite:///{self.folder / 'queue.sqlite3'}",
                    base_url=self.base_url,
                    rate_limits=False,
                    instance_dir=self.folder,
                    mail_server=self._mail_server(),
                )
            )
            bell.connect(None)
            with self._app.app_context():
                alembic.upgrade(migrations.config(), "head")
        return self._app

    def _mail_server(self) -> MailServer | None:
        port = self.mail_port
        return MailServer(host="127.0.0.1", port=port, security="none") if port else None

    @property
    def environment(self) -> dict[str, str]:
        mail = {"EVENTREG_MAIL_SERVER": "127.0.0.1", "EVENTREG_MAIL_PORT": str(self.mail_port)}
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "EVENTREG_ENV": "development",
            "EVENTREG_SECRET_KEY": KEY,
            "EVENTREG_DATABASE_URL": self.database_url,
            "EVENTREG_INSTANCE_DIR": str(self.folder),
            "EVENTREG_BASE_URL": self.base_url,
            "EVENTREG_RATE_LIMITS": "off",
            **(mail if self.mail_port else {}),
        }

    def start(self, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """`eventreg ARGUMENTS` in the background, in a process group of its own."""
        command = [str(ROOT / ".venv" / "bin" / "eventreg")]
        if self.mutant or not Path(command[0]).exists():
            command = [sys.executable, "-m", "tests.reliability.launch", self.mutant or "none"]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*before, *command, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def serve(
        self, *, workers: int = 2, threads: int = 8, before: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        """The web server, once it answers."""
        _ = self.app  # migrated
        options = ("--port", str(self.port), "--workers", str(workers), "--threads", str(threads))
        process = self.start("serve", *options, before=before)
        if not wait_for(
            lambda: self.answers() or process.poll() is not None, seconds=START_SECONDS
        ):
            raise AssertionError(f"the server did not start: {self.tail()}")
        assert process.poll() is None, self.tail()
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        _ = self.app
        return self.start("worker")

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.base_url}/healthz", timeout=2) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of the whole group: nobody gets to tidy up."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def stop(self) -> None:
        for process in list(self.running):
            self.kill(process)
        if self._app is not None:
            with self._app.app_context():
                db.session.remove()
                db.engine.dispose()

    def tail(self) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return text[-3000:]

    def bugs(self) -> list[str]:
        """What the processes complained of: a bug leaves a traceback and a 500."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [line for line in lines if "Traceback" in line or "bug in request" in line]


class Share:
    """How much of the machine was left for us while something ran (1.0 on an idle machine).

    Bars in seconds are about this machine with nobody else on it. Other people's tests on the
    same cores stretch everything; what they took is measured and the bar is stretched by it.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.left = 1.0

    def __enter__(self) -> "Share":
        self._before = self._ticks()
        return self

    def __exit__(self, *_fault: object) -> None:
        total, busy, ours = (b - a for a, b in zip(self._before, self._ticks(), strict=True))
        if total > 0:
            self.left = max(0.05, 1.0 - max(0.0, busy - ours) / total)

    def _ticks(self) -> tuple[float, float, float]:
        """(all, busy, ours) in clock ticks of all cores; PostgreSQL works for us."""
        try:
            first = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        except OSError:
            return 0.0, 0.0, 0.0
        ticks = [int(number) for number in first]
        groups = {process.pid for process in self.instance.running}
        ours = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, IndexError):
                name, _, rest = path.read_text().partition("(")[2].rpartition(")")
                fields = rest.split()
                mine = path.parent.name == str(os.getpid())
                if mine or int(fields[2]) in groups or name.startswith("postgres"):
                    ours += int(fields[11]) + int(fields[12])
        return float(sum(ticks)), float(sum(ticks) - ticks[3] - ticks[4]), float(ours)
