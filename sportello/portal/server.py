"""The web server: gunicorn with threads, set up in code so that one command is the whole configuration."""

import logging
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from sportello.core import logs
from sportello.core.settings import Settings
from sportello.portal.app import create_app


class JsonLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own lines go the way of all others: JSON on standard error."""

    def setup(self, cfg: Any) -> None:
        for name in ("gunicorn.error", "gunicorn.access"):
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.propagate = True
        self.error_log.setLevel(max(logging.getLogger().level, logging.INFO))


def _options(settings: Settings, bind: str) -> dict[str, Any]:
    """Gunicorn's settings by name. Forwarded headers are left to the application, which knows the proxies."""
    shared_memory = Path("/dev/shm")
    return {
        "bind": bind,
        "worker_class": "gthread",
        "workers": max(1, settings.workers),
        "threads": max(1, settings.threads),
        "timeout": 60,
        "graceful_timeout": 20,
        "keepalive": 5,
        "max_requests": 50_000,
        "max_requests_jitter": 5_000,
        "logger_class": JsonLogger,
        "accesslog": None,
        "secure_scheme_headers": {},
        "forwarded_allow_ips": "",
        "worker_tmp_dir": str(shared_memory) if shared_memory.is_dir() else None,
        "control_socket_disable": True,
        "proc_name": "sportello",
    }


class WebServer(BaseApplication):  # type: ignore[misc]
    """`WebServer(settings, "127.0.0.1:8000").run()` serves until SIGTERM."""

    def __init__(self, settings: Settings, bind: str) -> None:
        self._settings, self._bind = settings, bind
        super().__init__()

    def load_config(self) -> None:
        known = self.cfg.settings
        for name, value in _options(self._settings, self._bind).items():
            if name in known:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        logs.configure(self._settings.log_level)
        return create_app(self._settings)
