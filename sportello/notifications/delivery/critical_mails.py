"""The mail to those who may let a critical notice go out: one waits for them, and customers wait for it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sportello.accounts.models import Person
from sportello.accounts.viewer import viewer_of
from sportello.core.audience import admits
from sportello.core.errors import N_
from sportello.core.handling import Site
from sportello.core.letters import Letter, translator, write
from sportello.core.policy import Action, allows
from sportello.notifications.delivery.holding import suppressed
from sportello.notifications.delivery.letters import address
from sportello.notifications.events import CriticalAsked
from sportello.notifications.models import CriticalNotice, MessageKind
from sportello.notifications.queries.critical.subjects import abouts, pick
from sportello.notifications.registry import Subject
from sportello.notifications.services.critical.held import stamp


def on_critical_asked(site: Site, event: CriticalAsked) -> None:
    """Tell one of them, if it still waits as it was asked for, and they may still send it."""
    with site.database.read() as session:
        person = session.get(Person, event.person)
        complete = not site.settings.require_staff_totp or (person is not None and person.totp_confirmed_at is not None)
        viewer = viewer_of(person, site.plans, second_factor=complete)
        notice = session.scalars(select(CriticalNotice).where(CriticalNotice.key == event.key)).one_or_none()
        if person is None or notice is None or stamp(notice) != event.asked:
            return
        about = abouts(session, [notice]).get(notice.subject)
        if about is None or not admits(viewer, about.audience) or not allows(viewer, Action.CRITICAL_SEND):
            return
        if suppressed(session, person.email):
            return
        letter = asked_letter(site, session, person, notice, about)
    key = f"critical-asked:{event.key}:{person.key}:{event.asked}"
    site.mailer.send(write(site.settings, person.email, person.language, letter, key))


def asked_letter(site: Site, session: Session, person: Person, notice: CriticalNotice, about: Subject) -> Letter:
    """Who asks, for what, and what it says."""
    _ = translator(person.language)
    title = about.titles[about.language(person.language)]
    asked_by = session.get(Person, notice.asked_by_id) if notice.asked_by_id else None
    staged = notice.staged or {}
    asks = {
        None: N_("%(name)s asks you to read a critical notice, and to send it."),
        MessageKind.CORRECTION.value: N_(
            "%(name)s asks you to read the correction of a critical notice, and to send it."
        ),
        MessageKind.WITHDRAWAL.value: N_(
            "%(name)s asks you to read why a critical notice is withdrawn, and to confirm it."
        ),
    }[staged.get("kind")]
    spoken, reason = pick(staged.get("reason", {}), person.language)
    spoken, consequence = pick(staged.get("consequence", {} if staged else notice.consequence), person.language, spoken)
    action = pick(staged.get("action", {} if staged else notice.action), person.language, spoken)[1]
    return Letter(
        subject=_(N_("To confirm: %(title)s"), title=title),
        label=_(N_("Critical notice")),
        heading=title,
        critical=True,
        paragraphs=[
            _(asks, name=asked_by.name if asked_by else _(N_("Somebody who left"))),
            *(text for text in (reason, consequence, action) if text),
        ],
        link=address(site.settings, f"/staff/critical/{notice.key}"),
        link_text=_(N_("Read and decide")),
        closing=[
            _(N_("You get this mail because you may send critical notices. Until somebody does, no customer is told."))
        ],
    )
