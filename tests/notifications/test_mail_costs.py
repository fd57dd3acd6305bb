"""What a mail costs the database: questions that everybody's mail asks anew, and one commit that says it was sent."""

from collections import Counter

from sqlalchemy import event

from sportello.core import outbox
from sportello.core.handling import Site
from sportello.notifications.events import MailDue
from sportello.portal.wiring import MAILS
from sportello.portal.worker.lanes import RowLane
from tests.notifications.posting import arrived, deliveries
from tests.notifications.telling import tell, waiting
from tests.notifications.things import MENTION, Posts
from tests.people import Cast

QUESTIONS = 16  # of a reader with an organisation


def test_a_mail_asks_a_known_number_of_questions_and_is_noted_in_one_commit(
    site: Site, cast: Cast, posts: Posts
) -> None:
    people = [cast.anna.id, cast.piero.id, cast.elena.id]
    notice = tell(site, MENTION, posts.write("Totals differ"), people=people)
    with site.database.write() as session:
        rows = outbox.claim(session, "worker", [MailDue.name])
    done: Counter[str] = Counter()

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        done[statement.split(maxsplit=1)[0]] += 1

    def commit(connection: object) -> None:
        done["commit"] += 1

    engine = site.database.engine
    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", commit)
    RowLane(site, MAILS).handle(rows)
    event.remove(engine, "before_cursor_execute", note)
    event.remove(engine, "commit", commit)
    assert [row.state for row in deliveries(site, notice)] == ["sent"] * 3
    assert (len(arrived(site)), waiting(site.database, MailDue.name)) == (3, [])
    assert done["commit"] == 3
    assert done["SELECT"] <= 3 * QUESTIONS
    assert done["UPDATE"] == 2 * 3  # the delivery and the event
