"""What a digest says as a mail: titles, a line each, and how to get it differently or no more."""

from datetime import datetime

from babel.dates import format_date

from sportello.core.errors import N_
from sportello.core.letters import Letter, Line, Section, translator
from sportello.core.settings import Settings
from sportello.notifications import unsubscribe
from sportello.notifications.delivery.letters import address
from sportello.notifications.models import DigestRhythm
from sportello.notifications.queries.digests import Digest
from sportello.notifications.quiet import zone
from sportello.notifications.recipients import Recipient

WHY = {
    DigestRhythm.DAILY: N_(
        "You get this digest in the morning, on days when there is something new in what you follow."
    ),
    DigestRhythm.WEEKLY: N_("You get this digest on Mondays, when there is something new in what you follow."),
}


def leave_link(settings: Settings, reader: Recipient) -> str:
    """The address that ends digests with one click."""
    return unsubscribe.link(settings, str(reader.viewer.extra.get("key", "")), unsubscribe.DIGEST)


def digest_letter(settings: Settings, reader: Recipient, digest: Digest, rhythm: str, since: datetime) -> Letter:
    """The letter of a digest that holds something, in its reader's language."""
    _ = translator(reader.language)
    items = digest.items
    day = format_date(since.astimezone(zone(reader.timezone)), "d MMMM", locale=reader.language)
    subject = items[0].title
    if len(items) > 1 or digest.more:
        subject = _(N_("%(title)s, and more that is new"), title=subject)
    sections = [
        Section(_(part.heading), [Line(item.title, address(settings, item.path), item.line) for item in part.items])
        for part in digest.parts
    ]
    return Letter(
        subject=subject,
        label=_(N_("Your digest")),
        heading=_(N_("New for you since %(day)s"), day=day),
        paragraphs=(),
        sections=sections,
        link=address(settings, "/kb/") if digest.more else "",
        link_text=_(N_("There is more: open the knowledge base")) if digest.more else "",
        why=_(WHY.get(DigestRhythm(rhythm), WHY[DigestRhythm.WEEKLY])),
        ways=(
            Line(_(N_("No more digests")), leave_link(settings, reader)),
            Line(_(N_("What the next one will hold")), address(settings, "/settings/notifications/digest")),
            Line(_(N_("All settings")), address(settings, "/settings/notifications")),
        ),
    )
