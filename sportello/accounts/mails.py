"""Handlers that write to people. Each makes its token when it sends; what is no longer wanted is not sent."""

from sqlalchemy import select

from sportello.accounts.events import (
    CredentialsChanged,
    EmailChangeRequested,
    PasswordResetRequested,
    PersonInvited,
)
from sportello.accounts.models import Person
from sportello.accounts.services import tokens
from sportello.accounts.services.tokens import Purpose
from sportello.core.errors import N_
from sportello.core.handling import Site
from sportello.core.letters import Letter, Translator, translator, write

NOT_YOU = N_("If you did not ask for this, you need not do anything: without the link nothing changes.")
CHANGES = {
    "password": (
        N_("Your password was changed"),
        N_("The password of your account at %(site)s was changed, and all its sessions were ended."),
    ),
    "email": (
        N_("Your address was changed"),
        N_("This is now the address of your account at %(site)s. Sign in with it from now on."),
    ),
}


def on_person_invited(site: Site, event: PersonInvited) -> None:
    """Send the link that sets the first password, unless there is one already or the account is closed."""
    with site.database.write() as session:
        person = session.get(Person, event.person_id)
        if person is None or not person.active or person.password_hash:
            return
        raw = tokens.make(session, person, Purpose.INVITATION)
    _ = translator(person.language)
    name = _site_name(site)
    letter = Letter(
        subject=_(N_("Your account at %(site)s"), site=name),
        paragraphs=(
            _(N_("Hello %(name)s,"), name=person.name),
            _(N_("you have an account at %(site)s. Choose a password to begin."), site=name),
        ),
        link=_address(site, f"/password/set/{raw}"),
        link_text=_(N_("Choose a password")),
        closing=(_(N_("The link works for 7 days, once.")),),
    )
    _send(site, person.email, person, letter, f"invitation:{event.request}")


def on_password_reset_requested(site: Site, event: PasswordResetRequested) -> None:
    """Send the link that sets a new password, if there is somebody to send it to."""
    with site.database.write() as session:
        person = session.get(Person, event.person_id)
        if person is None or not person.active:
            return
        raw = tokens.make(session, person, Purpose.RESET)
    _ = translator(person.language)
    letter = Letter(
        subject=_(N_("Set a new password")),
        paragraphs=(
            _(N_("Hello %(name)s,"), name=person.name),
            _(N_("somebody, probably you, asked for a new password at %(site)s."), site=_site_name(site)),
        ),
        link=_address(site, f"/password/set/{raw}"),
        link_text=_(N_("Set a new password")),
        closing=(_(N_("The link works for 2 hours, once.")), _(NOT_YOU)),
    )
    _send(site, person.email, person, letter, f"reset:{event.request}")


def on_email_change_requested(site: Site, event: EmailChangeRequested) -> None:
    """Ask the old and the new address to confirm; a new address that somebody has already gets no mail."""
    with site.database.write() as session:
        person = session.get(Person, event.person_id)
        if person is None or not person.active or not person.pending_email:
            return
        address = person.pending_email
        data = {"email": address, "request": event.request}
        old = tokens.make(session, person, Purpose.EMAIL_OLD, data)
        new = tokens.make(session, person, Purpose.EMAIL_NEW, data)
        taken = session.scalar(select(Person.id).where(Person.email == address)) is not None
    _ = translator(person.language)
    letter = _email_letter(_, site, person, address, old)
    _send(site, person.email, person, letter, f"email-old:{event.request}")
    if not taken:
        letter = _email_letter(_, site, person, address, new)
        _send(site, address, person, letter, f"email-new:{event.request}")


def _email_letter(_: Translator, site: Site, person: Person, address: str, raw: str) -> Letter:
    return Letter(
        subject=_(N_("Confirm your new address")),
        paragraphs=(
            _(N_("Hello %(name)s,"), name=person.name),
            _(
                N_("the address of your account at %(site)s is to change from %(old)s to %(new)s."),
                site=_site_name(site),
                old=person.email,
                new=address,
            ),
            _(N_("Both addresses must confirm. This is the link of this one.")),
        ),
        link=_address(site, f"/email/confirm/{raw}"),
        link_text=_(N_("Confirm")),
        closing=(_(N_("The link works for 24 hours, once.")), _(NOT_YOU)),
    )


def on_credentials_changed(site: Site, event: CredentialsChanged) -> None:
    """Tell the owner, so that a change by somebody else is noticed."""
    with site.database.read() as session:
        person = session.get(Person, event.person_id)
    if person is None or not person.active:
        return
    _ = translator(person.language)
    subject, sentence = CHANGES[event.what]
    letter = Letter(
        subject=_(subject),
        paragraphs=(
            _(N_("Hello %(name)s,"), name=person.name),
            _(sentence, site=_site_name(site)),
            _(N_("If this was not you, write to %(support)s at once."), support=site.settings.support_email),
        ),
    )
    _send(site, person.email, person, letter, f"changed:{event.request}")


def _send(site: Site, to: str, person: Person, letter: Letter, key: str) -> None:
    site.mailer.send(write(site.settings, to, person.language, letter, key))


def _address(site: Site, path: str) -> str:
    return site.settings.base_url.rstrip("/") + path


def _site_name(site: Site) -> str:
    settings = site.settings
    return f"{settings.operator_name} {settings.site_name}".strip()
