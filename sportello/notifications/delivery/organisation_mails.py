"""Mails to and about organisations: the link that confirms an address, and a system that is not called any more."""

from babel.lists import format_list

from sportello.accounts.models import Organisation, Person
from sportello.core import clock
from sportello.core.errors import N_
from sportello.core.handling import Site
from sportello.core.letters import Letter, Line, translator, write
from sportello.core.mail import MailError, Message
from sportello.notifications import leaving
from sportello.notifications.delivery.holding import suppress, suppressed
from sportello.notifications.delivery.letters import address
from sportello.notifications.events import AddressRegistered, WebhookSwitchedOff
from sportello.notifications.models import RegisteredAddress, Webhook
from sportello.notifications.queries.addresses import product_names
from sportello.notifications.services.addresses import LIFETIME, make_token, note_refused


def on_address_registered(site: Site, event: AddressRegistered) -> None:
    """Ask the address whether it wants critical notices, unless it has answered or mail to it comes back.

    What its mail server refuses for good is not tried again: whoever registered it sees that.
    """
    with site.database.write() as session:
        made = make_token(session, event.address)
        if made is None or suppressed(session, made[0].email):
            return
        row, raw = made
        organisation = session.get_one(Organisation, row.organisation_id)
        names = product_names(session, set(row.products))
        products = sorted(names.get(code, code) for code in row.products)
    letter = registration_letter(site, row, organisation.name, products, raw)
    asked = int(row.asked_at.timestamp()) if row.asked_at else 0
    message = write(site.settings, row.email, row.language, letter, f"registered:{row.key}:{asked}")
    if refused := _send(site, message):
        with site.database.write() as session:
            note_refused(session, row.id, refused)


def registration_letter(site: Site, row: RegisteredAddress, organisation: str, products: list[str], raw: str) -> Letter:
    """Who asked, for what, and both answers."""
    _ = translator(row.language)
    name = f"{site.settings.operator_name} {site.settings.site_name}".strip()
    about = _(
        N_("%(organisation)s wants critical notices of %(site)s to come to this address."),
        organisation=organisation,
        site=name,
    )
    what = _(N_("They are few: something may cost you data, money or a standstill, and what to do against it."))
    which = (
        _(N_("They would be about %(products)s."), products=format_list(products, locale=row.language))
        if products
        else _(N_("They would be about the products that %(organisation)s licenses."), organisation=organisation)
    )
    return Letter(
        subject=_(N_("Critical notices for %(organisation)s: do you want them here?"), organisation=organisation),
        paragraphs=(_(N_("Hello %(name)s,"), name=row.name), about, f"{what} {which}"),
        link=address(site.settings, f"/registered/confirm/{raw}"),
        link_text=_(N_("Yes, send them here")),
        closing=(
            _(N_("The link works for %(days)s days, once."), days=LIFETIME.days),
            _(N_("If you do not want them, you need not do anything: nothing more is sent here.")),
        ),
        ways=(Line(_(N_("Remove this address now")), leaving.link(site.settings, row.key)),),
    )


def on_webhook_switched_off(site: Site, event: WebhookSwitchedOff) -> None:
    """Tell a contact that a system of theirs is not called any more, if it is so still."""
    with site.database.read() as session:
        webhook, person = session.get(Webhook, event.webhook), session.get(Person, event.person)
        if webhook is None or webhook.active or person is None or not person.active:
            return
        if person.organisation_id != webhook.organisation_id or suppressed(session, person.email):
            return
    _ = translator(person.language)
    since = int(webhook.failing_since.timestamp()) if webhook.failing_since else 0
    letter = Letter(
        subject=_(N_("“%(name)s” is not called any more"), name=webhook.name),
        paragraphs=(
            _(N_("Hello %(name)s,"), name=person.name),
            _(
                N_("the webhook “%(name)s” of your organisation did not answer as it should for days, or asked for no"
                   " more calls. It is switched off."),
                name=webhook.name,
            ),
            _(N_("Its page shows what it answered. Put it right, try it with a test call, and switch it on again.")),
        ),
        link=address(site.settings, f"/webhooks/{webhook.key}"),
        link_text=_(N_("Open the webhook")),
        why=_(N_("You get this mail because you are a contact of your organisation.")),
    )  # fmt: skip
    key = f"webhook-off:{webhook.key}:{since}:{person.key}"
    _send(site, write(site.settings, person.email, person.language, letter, key))


def _send(site: Site, message: Message) -> str:
    """Why it never will be taken; empty when it was. A mailbox that does not exist gets nothing else. Raises MailError.

    Pages of the organisation say how it stands, so nobody of the staff is called.
    """
    try:
        site.mailer.send(message)
    except MailError as error:
        if error.gone:
            with site.database.write() as session:
                suppress(session, message.to, str(error), clock.now())
        elif not error.answer:
            raise
        return error.answer or str(error)
    return ""
