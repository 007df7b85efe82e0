"""The web server: gunicorn with threads, the application loaded once and shared by its workers."""

import gc
import logging
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import ParseException

from eventreg.shared import http, logs

BACKLOG = 4096  # a rush waits in the kernel instead of being refused (R1)
CONNECTIONS = 4096
KEEP_ALIVE = 5
# A thread that comes back from its commit holds the database's lock: it must not wait 5 ms for
# the interpreter while the others render pages.
SWITCH = 0.0005  # seconds
# A request makes thousands of objects and hardly any circle: collecting every 700 costs 8 %.
COLLECT = (20_000, 20, 20)


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn without its command line."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self.app = app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.app


def serve(
    app: Flask,
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    after_fork: Callable[[], None] = lambda: None,
) -> None:
    """Serves until it is stopped; SIGTERM finishes the requests under way.

    `after_fork` runs in each new worker process.
    """
    log_to_stderr()
    logging.getLogger("gunicorn.error").addFilter(logs.WithoutAddresses())
    app.register_error_handler(
        ParseException, lambda _fault: http.error_page(HTTPStatus.BAD_REQUEST)
    )
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = {
        "bind": bind,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "worker_connections": CONNECTIONS,
        "backlog": BACKLOG,
        "keepalive": KEEP_ALIVE,
        "timeout": 60,
        "graceful_timeout": 15,
        "preload_app": True,
        "worker_tmp_dir": None,
        "forwarded_allow_ips": "",  # ProxyFix alone trusts, by an exact count
        "limit_request_line": 4094,
        "limit_request_fields": 60,
        "accesslog": None,  # our own log line names the route, never the path (R50)
        "errorlog": "-",
        "loglevel": "warning",
        "proc_name": "eventreg",
        "control_socket_disable": True,
        "post_fork": lambda _server, _worker: _begin(after_fork),
    }
    _Server(app, options).run()


def _begin(after_fork: Callable[[], None]) -> None:
    sys.setswitchinterval(SWITCH)
    gc.freeze()  # the code and templates loaded before the fork are never looked at again
    gc.set_threshold(*COLLECT)
    after_fork()


def log_to_stderr() -> None:
    """One line per request and per job, in UTC, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logs.Discreet())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("eventreg").setLevel(logging.INFO)
