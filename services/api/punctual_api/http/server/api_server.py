"""The HTTP server: embedded gunicorn, configured by PUNCTUAL_ settings only."""

import resource
import signal
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger

from punctual.ops import gc_tuning, tracing
from punctual.ops.config import Settings
from punctual_api.app import create_app
from punctual_api.http.database import THREADS
from punctual_api.http.server.buffering_worker import BufferingWorker
from punctual_api.system.watch import InstallationWatch

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn unlinks its heartbeat file as it opens it

# Longer than clients and proxies keep idle connections, so that no request meets a closing one.
KEEPALIVE_SECONDS = 75
CONNECTIONS = 1000
FROZEN_SECONDS = 20
"""A process whose main thread, which answers no request itself, has stood still for so long is
killed and made anew. Connections that the kernel had given to it wait for as long."""
LONGEST_ADDRESS = 8190  # the most gunicorn accepts


def _allow_files(wanted: int) -> None:
    """Raise this process's limit of open files, each connection being one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if resource.RLIM_INFINITY != soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Quiet(Logger):
    """gunicorn's messages as log lines like all others."""

    def setup(self, cfg: Config) -> None:
        """Hand everything to the root logger."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def stop_in_good_order(arbiter: Arbiter) -> None:
    """Have SIGINT end it as SIGTERM does: a Ctrl-C comes twice where a supervisor passes it on."""
    signal.signal(signal.SIGINT, lambda _number, frame: arbiter.signal(signal.SIGTERM, frame))


class ApiServer(BaseApplication):
    """One gunicorn worker with a pool of threads; scale by starting more processes on the port."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Take everything from here, nothing from files or the command line."""
        chosen = {
            "bind": self._settings.bind,
            "reuse_port": True,
            "worker_class": BufferingWorker,
            "workers": 1,
            "threads": THREADS,
            "worker_connections": CONNECTIONS,
            "timeout": FROZEN_SECONDS,
            "graceful_timeout": 5,
            "keepalive": KEEPALIVE_SECONDS,
            "limit_request_line": LONGEST_ADDRESS,
            "accesslog": None,
            "loglevel": "warning",
            "logger_class": Quiet,
            "control_socket_disable": True,
            "when_ready": stop_in_good_order,
            "proc_name": "punctual-api",
            "worker_tmp_dir": str(IN_MEMORY) if IN_MEMORY.is_dir() else None,
        }
        _allow_files(2 * CONNECTIONS)
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the app, made in the process that serves it: no connection crosses a fork."""
        app = create_app(self._settings)
        # Here and not sooner: what sends spans is a thread, and none crosses a fork.
        app.extensions["punctual_tracing"] = tracing.start(service="api", name=self._settings.name)
        InstallationWatch(app, self._settings).start()
        gc_tuning.set_aside()
        return app
