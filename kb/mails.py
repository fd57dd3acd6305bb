"""Mails of the knowledge base: what an owner should look at again. Asked anew when it is sent."""

from babel.dates import format_date

from kb.events import ArticlesFellDue
from kb.queries.verification import Kept, Queue, Show, Upkeep, verify_queue
from sportello.accounts.models import Person
from sportello.accounts.viewer import viewer_of
from sportello.core.errors import N_
from sportello.core.handling import Site
from sportello.core.letters import Letter, Translator, translator, write

NAMED = 10  # titles in one mail; the queue has them all


def on_articles_fell_due(site: Site, event: ArticlesFellDue) -> None:
    """Tell the owner which of their articles are due now, if there are any and they still write."""
    with site.database.read() as session:
        person = session.get(Person, event.person_id)
        viewer = viewer_of(person, site.plans)
        if person is None or not viewer.writes:
            return
        queue = verify_queue(session, viewer, Upkeep(Show.DUE, owner=person.id))
    if not queue.rows:
        return
    letter = due_letter(site, person, queue)
    key = f"verify:{person.key}:{event.day}"
    site.mailer.send(write(site.settings, person.email, person.language, letter, key))


def due_letter(site: Site, person: Person, queue: Queue) -> Letter:
    """The mail: the longest due first, and where to say that they are still correct."""
    _ = translator(person.language)
    count = queue.counts[Show.DUE]
    more = count - len(queue.rows[:NAMED])
    closing = [_(N_("You get this mail because you answer for these articles: at most one a day."))]
    return Letter(
        subject=_(N_("Still correct? %(count)s to verify"), count=count),
        paragraphs=(
            _(N_("Hello %(name)s,"), name=person.name),
            _(N_("these articles of yours should be looked at again:")),
            *(_line(_, person, row) for row in queue.rows[:NAMED]),
            *([_(N_("And %(count)s more."), count=more)] if more else []),
        ),
        link=f"{site.settings.base_url.rstrip('/')}/queues/verify?whose=mine",
        link_text=_(N_("Open the queue")),
        closing=closing,
    )


def _line(_: Translator, person: Person, row: Kept) -> str:
    day = format_date(row.due_at, "d MMMM y", locale=person.language) if row.due_at else ""
    return _(N_("“%(title)s”, due since %(day)s"), title=row.title, day=day)
