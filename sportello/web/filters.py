"""What templates may call: moments in words, the site's identity, where we are."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request
from flask_babel import format_date, format_datetime, format_timedelta, get_locale, get_timezone
from markupsafe import Markup, escape

from sportello.core import clock
from sportello.core.settings import Settings
from sportello.web.access import current_viewer

RELATIVE_DAYS = 30


@dataclass(frozen=True)
class Site:
    """The operator's identity, as templates show it."""

    name: str
    operator: str
    support_email: str
    phone: str
    accent: str
    logo: bool
    base_url: str

    @property
    def full_name(self) -> str:
        return f"{self.operator} {self.name}" if self.operator else self.name


def site_of(settings: Settings) -> Site:
    """The identity that the settings give."""
    return Site(
        name=settings.site_name,
        operator=settings.operator_name,
        support_email=settings.support_email,
        phone=settings.support_phone,
        accent=settings.accent,
        logo=bool(settings.logo_file),
        base_url=settings.base_url.rstrip("/"),
    )


def ago(moment: datetime) -> str:
    """Relative words up to 30 days ("6 days ago"), then a date."""
    delta = clock.now() - moment
    if abs(delta.days) > RELATIVE_DAYS:
        return day(moment)
    return str(format_timedelta(-delta, add_direction=True, granularity="minute"))


def exact(moment: datetime) -> str:
    """Date and time in the reader's zone."""
    return _words(moment, "d MMMM y, HH:mm", get_locale(), get_timezone())


def day(moment: datetime | date, long: bool = False) -> str:
    """A date in the reader's words: 12 Nov 2026, or 12 November 2026."""
    return _words(moment, "d MMMM y" if long else "d MMM y", get_locale(), get_timezone())


@lru_cache(maxsize=4096)
def _words(moment: datetime | date, pattern: str, locale: Any, zone: Any) -> str:
    """A moment in the language and zone of this request, which stand in the key: lists show the same days anew."""
    write = format_datetime if "H" in pattern else format_date
    return str(write(moment, pattern))


def isoday(moment: datetime | date) -> str:
    return moment.date().isoformat() if isinstance(moment, datetime) else moment.isoformat()


def time_ago(moment: datetime) -> Markup:
    """A moment in relative words, the exact time on hover."""
    since = moment.isoformat(timespec="seconds")
    return Markup(f'<time datetime="{since}" title="{escape(exact(moment))}">{escape(ago(moment))}</time>')


def time_day(moment: datetime | date, long: bool = False) -> Markup:
    """A plain date."""
    return Markup(f'<time datetime="{isoday(moment)}">{escape(day(moment, long))}</time>')


def initials(name: str) -> str:
    """First letters of the first and the last word."""
    words = name.split() or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def here() -> str:
    """The address of this page: path and query, without the host."""
    return request.full_path.rstrip("?") if request.query_string else request.path


def with_query(**changes: str | int | None) -> str:
    """This page's address with query arguments set, or removed by None."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key not in changes]
    kept += [(key, str(value)) for key, value in changes.items() if value is not None]
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def init_filters(app: Flask, settings: Settings) -> None:
    """Register filters and globals."""
    app.jinja_env.filters.update(ago=ago, exact=exact, day=day, isoday=isoday, initials=initials)
    app.jinja_env.globals.update(site=site_of(settings), viewer=current_viewer, here=here, with_query=with_query)
    app.jinja_env.globals.update(time_ago=time_ago, time_day=time_day)
