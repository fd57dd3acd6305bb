"""Who knows of a critical notice: a page for staff, and the same as a table for their own programs."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from sportello.core import clock
from sportello.core.errors import N_, NotFound
from sportello.core.policy import Action
from sportello.notifications.models import CriticalNotice, CriticalState, MessageKind
from sportello.notifications.queries.critical.lists import critical_entry
from sportello.notifications.queries.critical.report import (
    Report,
    Row,
    Standing,
    ids_of,
    message_rows,
    page_of,
    progress,
    report_of,
)
from sportello.notifications.queries.critical.told import heard_by
from sportello.notifications.services.critical.end import may_remind
from sportello.notifications.views.blueprints import bp
from sportello.web.access import current_viewer, requires
from sportello.web.session import read_session, running_site, settings

NAMED = 25  # people of an organisation on the page; the table has them all
CHUNK = 500
STANDINGS = {
    Standing.NONE: N_("Nobody has acknowledged"),
    Standing.PART: N_("Some have acknowledged"),
    Standing.ALL: N_("Acknowledged"),
    Standing.NOBODY: N_("Nobody there to tell"),
    Standing.LEFT: N_("No longer concerned"),
}
MESSAGES = {
    MessageKind.NOTICE: N_("Sent out"),
    MessageKind.REMINDER: N_("Reminder"),
    MessageKind.CORRECTION: N_("Correction"),
    MessageKind.WITHDRAWAL: N_("Withdrawal"),
}
MAILS = {
    "queued": N_("Mail waits"),
    "sent": N_("Mail sent"),
    "dropped": N_("No mail"),
    "failed": N_("Mail came back"),
}
HEADINGS = (
    "organisation", "standing", "name", "email", "account", "told_at", "mail", "mail_at", "acknowledged_at",
    "for_organisation",
)  # fmt: skip


def standing_page(session: Session, common: Mapping[str, Any]) -> str:
    """The page of a notice that went out."""
    notice: CriticalNotice = common["notice"]
    report = report_of(session, current_viewer(), running_site().plans, notice)
    everybody = request.args.get("show") == "all" or not report.missing
    rows, following = page_of(report.rows if everybody else report.missing, request.args.get("after"))
    asked = notice.asked_by_id
    return render_template(
        "notifications/critical/report.html",
        report=report,
        rows=rows,
        following=following,
        everybody=everybody,
        heard=heard_by(session, notice, ids_of(rows)),
        named=NAMED,
        messages=message_rows(session, notice),
        going=progress(session, notice),
        standings=STANDINGS,
        kinds=MESSAGES,
        mails=MAILS,
        stands=notice.state == CriticalState.SENT,
        may_remind=may_remind(notice),
        may_confirm=common["sends"] and (not settings().critical_confirmation or asked != current_viewer().person_id),
        **common,
    )


@bp.get("/staff/critical/<key>/report.csv")
@requires(Action.CRITICAL_DRAFT)
def critical_table(key: str) -> ResponseReturnValue:
    """A line a person or address, an organisation without any has one too."""
    with read_session() as session:
        notice = critical_entry(session, current_viewer(), key).notice
        if notice.sent_at is None:
            raise NotFound
        report = report_of(session, current_viewer(), running_site().plans, notice)
        out = StringIO()
        table = csv.writer(out)
        table.writerow(HEADINGS)
        table.writerows([_harmless(cell) for cell in line] for line in _lines(session, notice, report))
    name = f"critical-{key}-{clock.today().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(out.getvalue(), mimetype="text/csv", headers=headers)


def _lines(session: Session, notice: CriticalNotice, report: Report) -> Iterator[Iterable[Any]]:
    for start in range(0, len(report.rows), CHUNK):
        rows = report.rows[start : start + CHUNK]
        heard = heard_by(session, notice, ids_of(rows))
        for row in rows:
            if not heard.get(row.id):
                yield [row.name, row.standing.value, *[""] * (len(HEADINGS) - 2)]
            yield from (_line(row, one) for one in heard.get(row.id, ()))


def _line(row: Row, one: Any) -> list[Any]:
    account = "person" if one.person else "address"
    moments = [
        moment.isoformat(timespec="seconds") if moment else "" for moment in (one.told_at, one.mail_at, one.known_at)
    ]
    told, mailed, known = moments
    whole = "yes" if one.for_organisation else ""
    return [row.name, row.standing.value, one.name, one.email, account, told, one.mail or "", mailed, known, whole]


def _harmless(cell: Any) -> str:
    """A spreadsheet takes no name for a formula."""
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
