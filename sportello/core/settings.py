"""Every setting, from `SPORTELLO_*` environment variables: the only module that reads the environment."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

VAR = Path("var")
DEVELOPMENT_KEY = "development-only-not-a-secret"
MIN_SECRET = 32
DEMO_FILE = "demo.env"
AGENTS_PUBLISH = ("none", "work-in-progress", "not-validated", "validated")


class SettingsError(Exception):
    """A missing or bad setting: one clear line, exit code 2."""


def _setting(default: Any, help: str, parse: Any = str) -> Any:
    return field(default=default, metadata={"help": help, "parse": parse})


def _bool(value: str) -> bool:
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("use 1 or 0")


def _natural(value: str) -> int:
    if (number := int(value)) < 0:
        raise ValueError("use a number from 0 up")
    return number


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _networks(value: str) -> tuple[str, ...]:
    return tuple(str(ipaddress.ip_network(part)) for part in _list(value))  # raises ValueError, which names it


def _agents_publish(value: str) -> str:
    if value not in AGENTS_PUBLISH:
        raise ValueError(f"use {', '.join(AGENTS_PUBLISH[:-1])} or {AGENTS_PUBLISH[-1]}")
    return value


def _mailbox(value: str) -> str:
    local, at, host = value.rpartition("@")
    if not at or not local or not host or any(c in value for c in " <>,;\r\n"):
        raise ValueError("use an address, for example bounces@support.example")
    return value


def _accent(value: str) -> str:
    digits = value.removeprefix("#")
    if len(digits) != 6 or any(c not in "0123456789abcdefABCDEF" for c in digits):
        raise ValueError("use six hexadecimal digits, for example #0b5a57")
    return f"#{digits.lower()}"


@dataclass(frozen=True)
class Settings:
    """The site's configuration. Field NAME is read from SPORTELLO_NAME; `metadata["help"]` documents it."""

    environment: str = _setting("production", "`production` or `development` (weak secrets and plain HTTP allowed)")
    secret_key: str = _setting("", f"signs cookies and tokens; at least {MIN_SECRET} characters, kept secret")
    var_dir: Path = _setting(VAR, "folder for database, index, media, mail and logs", Path)
    database_url: str = _setting("", "SQLAlchemy URL; empty: SQLite at VAR_DIR/sportello.sqlite")
    base_url: str = _setting("http://127.0.0.1:8000", "the site's public address, used in mails and feeds")
    hosts: tuple[str, ...] = _setting((), "host names answered; empty: BASE_URL's, localhost, 127.0.0.1", _list)
    trusted_proxies: int = _setting(0, "number of reverse proxies whose X-Forwarded-* headers count", _natural)
    site_name: str = _setting("Sportello", "name of the site")
    operator_name: str = _setting("", "name of the vendor, shown beside the site's name")
    logo_file: str = _setting("", "path of an SVG or PNG logo; empty: Sportello's mark")
    accent: str = _setting("", "accent colour as #rrggbb; empty: the style sheet's teal", _accent)
    support_email: str = _setting("support@localhost", "address that people are told to write to")
    support_phone: str = _setting("", "phone number shown to covered customers")
    privacy_file: str = _setting("", "Markdown file shown at /privacy; empty: a plain default text")
    terms_file: str = _setting("", "Markdown file shown at /terms")
    accessibility_file: str = _setting("", "Markdown file shown at /accessibility")
    default_language: str = _setting("en", "`en` or `it`: for signed-out visitors whose browser asks for neither")
    default_timezone: str = _setting("Europe/Rome", "time zone of new people")
    plans_file: str = _setting("", "TOML file of plans and features; empty: the three shipped plans")
    smtp_url: str = _setting("", "smtp://user:password@host:587 or smtps://...; empty: files under VAR_DIR/mail")
    mail_from: str = _setting("", "sender of mails; empty: SUPPORT_EMAIL")
    webhook_networks: tuple[str, ...] = _setting(
        (),
        "networks (`10.20.0.0/16`) that webhooks may call although they are not public; there plain HTTP is allowed"
        " too",
        _networks,
    )
    bounce_address: str = _setting(
        "",
        "mailbox to which mails that cannot be delivered come back, each under a name of its own (NAME+KEY@HOST);"
        " `sportello mail bounce` reads them; empty: they come back to the sender",
        _mailbox,
    )
    require_staff_totp: bool = _setting(False, "staff must set up a second factor before anything else", _bool)
    agents_publish: str = _setting(
        "not-validated",
        "the confidence up to which agents publish by themselves: `none`, `work-in-progress`, `not-validated` or"
        " `validated`",
        _agents_publish,
    )
    critical_confirmation: bool = _setting(
        False, "a critical notice, its correction and its withdrawal need a second editor before they go out", _bool
    )
    session_days: int = _setting(30, 'days that "keep me signed in" lasts (otherwise 12 hours idle)', _natural)
    search_log_days: int = _setting(180, "days that the search log is kept", _natural)
    verify_days: int = _setting(365, "days after which an article must be looked at again; 0: never", _natural)
    limit_sign_in_account: int = _setting(
        10, "failed sign-ins per account in 5 minutes; 0: no limit, as for the others", _natural
    )
    limit_sign_in_ip: int = _setting(100, "failed sign-ins per client address in 5 minutes", _natural)
    limit_reset_daily: int = _setting(5, "password reset mails per account and day", _natural)
    limit_search_person: int = _setting(5, "searches per second and person", _natural)
    limit_search_ip: int = _setting(30, "searches per second and anonymous client address", _natural)
    limit_reports_daily: int = _setting(20, "reports of a problem in an article per person and day", _natural)
    max_body_kib: int = _setting(1024, "largest request body in KiB (uploads have their own limit)", _natural)
    max_upload_kib: int = _setting(20480, "largest file that may be attached to an article, in KiB", _natural)
    health_token: str = _setting("", "bearer token that shows the details of /healthz; empty: staff sessions only")
    workers: int = _setting(2, "web worker processes", _natural)
    threads: int = _setting(4, "threads per web worker", _natural)
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR")

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, defaults: Mapping[str, str] | None = None
    ) -> "Settings":
        """Read and check the environment. Raises SettingsError with one line that names the variable.

        `defaults`: variables for which the environment says nothing. A demo keeps its own in VAR_DIR/demo.env.
        """
        given = {name: value for name, value in (os.environ if environ is None else environ).items() if value}
        folder = given.get("SPORTELLO_VAR_DIR") or str(cls.var_dir)
        environ = {**_read_demo(Path(folder) / DEMO_FILE), **(defaults or {}), **given}
        known = {f"SPORTELLO_{f.name.upper()}": f for f in fields(cls)}
        values: dict[str, Any] = {}
        for variable, f in known.items():
            raw = environ.get(variable)
            if raw is None or raw == "":
                continue
            try:
                values[f.name] = f.metadata["parse"](raw)
            except ValueError as error:
                raise SettingsError(f"{variable}={raw!r} is not valid: {error}") from None
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raise SettingsError for combinations that must not run."""
        if self.environment not in {"production", "development"}:
            raise SettingsError(f"SPORTELLO_ENVIRONMENT={self.environment!r}: use production or development")
        if not self.is_development and (len(self.secret_key) < MIN_SECRET or self.secret_key == DEVELOPMENT_KEY):
            raise SettingsError(
                f"SPORTELLO_SECRET_KEY must have at least {MIN_SECRET} characters;"
                ' make one with: python3 -c "import secrets; print(secrets.token_hex(32))"'
            )
        if self.default_language not in {"en", "it"}:
            raise SettingsError(f"SPORTELLO_DEFAULT_LANGUAGE={self.default_language!r}: use en or it")
        if not self.base_url.startswith(("http://", "https://")):
            raise SettingsError(f"SPORTELLO_BASE_URL={self.base_url!r}: it must begin with http:// or https://")
        if self.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise SettingsError(f"SPORTELLO_LOG_LEVEL={self.log_level!r}: use DEBUG, INFO, WARNING or ERROR")
        for name in ("plans_file", "logo_file", "privacy_file", "terms_file", "accessibility_file"):
            if (path := getattr(self, name)) and not Path(path).is_file():
                raise SettingsError(f"SPORTELLO_{name.upper()}={path!r}: there is no such file")

    @property
    def is_development(self) -> bool:
        return self.environment == "development"

    @property
    def is_secure(self) -> bool:
        """Served over TLS: cookies are Secure and named __Host-."""
        return self.base_url.startswith("https://")

    @property
    def signing_key(self) -> str:
        return self.secret_key or DEVELOPMENT_KEY

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.var_dir / 'sportello.sqlite').resolve()}"

    @property
    def counters_database(self) -> str | None:
        """None: the counters live in the site's own database (PostgreSQL)."""
        if not self.database.startswith("sqlite"):
            return None
        return f"sqlite:///{(self.var_dir / 'counters.sqlite').resolve()}"

    @property
    def index_dir(self) -> Path:
        return self.var_dir / "index"

    @property
    def media_dir(self) -> Path:
        return self.var_dir / "media"

    @property
    def mail_dir(self) -> Path:
        return self.var_dir / "mail"

    @property
    def sender(self) -> str:
        return self.mail_from or self.support_email

    def environ(self) -> dict[str, str]:
        """This process's environment with these settings in it: what a child process is started with."""
        own = {f"SPORTELLO_{f.name.upper()}": _written(getattr(self, f.name)) for f in fields(self)}
        return {**os.environ, **own}


def _read_demo(path: Path) -> dict[str, str]:
    """NAME=value lines, so that every command works on a demo's folder without further settings."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _written(value: object) -> str:
    """The reverse of the parsers."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value)
