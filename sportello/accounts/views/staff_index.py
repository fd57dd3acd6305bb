"""The staff's own pages: where to go, and the audit log. Other features add their entries to the index."""

from dataclasses import dataclass

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue

from sportello.accounts import queries
from sportello.accounts.views.blueprints import staff
from sportello.core.errors import N_, NotFound
from sportello.core.policy import Action, allows
from sportello.web.access import current_viewer, requires
from sportello.web.session import read_session

_EXTENSION = "sportello.staff_entries"


@dataclass(frozen=True)
class StaffEntry:
    """A line of the index, for those whom the policy allows `action`. `figure`: a field of queries.Figures.

    The icon must be named in templates/staff/index.html too, so that it is in the sprite.
    """

    action: Action
    icon: str
    title: str
    text: str
    endpoint: str
    figure: str | None = None


OWN = (
    StaffEntry(
        Action.ORGANISATIONS_MANAGE,
        "building",
        N_("Organisations"),
        N_("Plans, coverage and licensed products."),
        "staff.organisations",
        "organisations",
    ),
    StaffEntry(
        Action.PEOPLE_MANAGE,
        "people",
        N_("People"),
        N_("Customers, contacts and staff, and their roles."),
        "staff.people",
        "people",
    ),
    StaffEntry(
        Action.PRODUCTS_MANAGE,
        "box-seam",
        N_("Products"),
        N_("Product lines and their versions."),
        "staff.products",
        "products",
    ),
    StaffEntry(Action.AUDIT_READ, "journal-text", N_("Audit log"), N_("Who changed what."), "staff.audit_log"),
)


def add_staff_entry(app: Flask, entry: StaffEntry) -> None:
    """Show `entry` on the staff's index."""
    app.extensions.setdefault(_EXTENSION, []).append(entry)


@staff.get("")
@requires(Action.STAFF_PAGES)
def index() -> ResponseReturnValue:
    viewer = current_viewer()
    with read_session() as session:
        figures = queries.figures(session)
    entries = [
        (entry, getattr(figures, entry.figure) if entry.figure else None)
        for entry in (*OWN, *current_app.extensions.get(_EXTENSION, ()))
        if allows(viewer, entry.action)
    ]
    return render_template("staff/index.html", entries=entries)


@staff.get("/audit")
@requires(Action.AUDIT_READ)
def audit_log() -> ResponseReturnValue:
    q, before = request.args.get("q", ""), request.args.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise NotFound
    with read_session() as session:
        page = queries.audit_entries(session, q, int(before) if before else None)
    return render_template("staff/audit.html", page=page, q=q)
