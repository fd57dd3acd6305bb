"""What a call to an organisation's system says: JSON after Standard Webhooks, about what the organisation may read."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sportello.accounts.somebody import Customer
from sportello.core import clock
from sportello.core.audience import Viewer
from sportello.notifications.models import Notice
from sportello.notifications.registry import Subject

More = Callable[[Session, Viewer, Notice, Subject], Mapping[str, Any]]
MORE: dict[str, More] = {}
"""What a feature adds to `data` for its event, by code: only for what the viewer may read, who is asked before."""
TEST = "test"


def notice_body(
    session: Session, base_url: str, customer: Customer, viewer: Viewer, notice: Notice, subject: Subject
) -> bytes:
    """About a notice, as its subject is now. The caller has asked whether `viewer` may read it."""
    base = base_url.rstrip("/")
    more = MORE.get(notice.event)
    about = {
        "kind": subject.ref.kind,
        "key": subject.ref.key,
        "titles": dict(subject.titles),
        "summaries": {language: text for language, text in subject.summaries.items() if text},
        "urls": {language: base + path for language, path in subject.paths.items()},
        "products": sorted(subject.products),
        "versions": {code: list(names) for code, names in subject.versions.items()},
    }
    data = {"notice": notice.key, "organisation": _organisation(customer), "subject": about, "says": dict(notice.says)}
    return _written(
        notice.event, notice.created_at, data | dict(more(session, viewer, notice, subject) if more else {})
    )


def test_body(customer: Customer) -> bytes:
    """A call that says nothing but that it arrives."""
    return _written(TEST, clock.now(), {"organisation": _organisation(customer), "message": "It works."})


def _organisation(customer: Customer) -> dict[str, str]:
    return {"key": customer.key, "name": customer.name}


def _written(type: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    body = {"type": type, "timestamp": at.isoformat(timespec="seconds").replace("+00:00", "Z"), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
