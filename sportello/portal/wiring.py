"""Who hears what: every event of the outbox, and what handles it. The one place that knows both sides."""

from collections.abc import Mapping, Sequence

import editorial.events as writing
import kb.events as articles
import kb.mails as article_mails
import sportello.accounts.events as accounts
from editorial import handlers as editorial
from editorial.services.bulk import on_bulk_run_wanted
from kb import notices as article_notices
from kb.services.attachments import on_file_stored, on_files_dropped
from kb.services.links import keep_links
from search_index import handlers as search
from search_index import rebuild
from search_index.rebuild import IndexRebuildRequested
from sportello.accounts import mails
from sportello.core.audience import EVERYTHING
from sportello.core.handling import Handler, Site
from sportello.core.outbox import Event
from sportello.core.types import Ref
from sportello.notifications import events as notices
from sportello.notifications.delivery.critical_mails import on_critical_asked
from sportello.notifications.delivery.digest_mail import on_digest_due
from sportello.notifications.delivery.mails import on_mail_due
from sportello.notifications.delivery.organisation_mails import on_address_registered, on_webhook_switched_off
from sportello.notifications.delivery.webhooks import on_call_due
from sportello.notifications.fanout import on_notice_posted
from sportello.portal.housekeeping import duties
from sportello.portal.worker import Worker
from sportello.portal.worker.lanes import IndexLane, RefsOf, RowLane, SideLane
from sportello.portal.worker.leadership import Leadership


def _one(event: articles.ArticleChanged) -> list[Ref]:
    return [Ref("article", event.key)]


def _many(event: articles.ArticlesChanged) -> list[Ref]:
    return [Ref("article", key) for key in event.keys]


def follow_articles(site: Site, refs: Sequence[Ref]) -> None:
    """What stands beside the articles is made equal to them: the index first, then the links that their texts hold."""
    search.update_index(site, refs)
    keep_links(site.database, [ref.key for ref in refs if ref.kind == "article"], site.settings.base_url)


INDEXED: Mapping[type[Event], RefsOf] = {
    articles.ArticleChanged: _one,
    articles.ArticlesChanged: _many,
    IndexRebuildRequested: search.rebuild_refs,
}
"""Events that change what search must find: the refs that each touches, written to the index in batches."""

HANDLERS: Mapping[type[Event], Sequence[Handler]] = {
    accounts.PersonInvited: (mails.on_person_invited,),
    accounts.PasswordResetRequested: (mails.on_password_reset_requested,),
    accounts.EmailChangeRequested: (mails.on_email_change_requested,),
    accounts.CredentialsChanged: (mails.on_credentials_changed,),
    articles.ArticlesFellDue: (article_mails.on_articles_fell_due,),
    writing.PublicationPlanned: (editorial.on_publication_planned,),
    writing.UnpublicationPlanned: (editorial.on_unpublication_planned,),
}
"""Everything else, row by row."""

FILES: Mapping[type[Event], Sequence[Handler]] = {
    articles.FileStored: (on_file_stored,),
    articles.FilesDropped: (on_files_dropped,),
}
"""What may take half a minute a file: in a lane of its own, so that no mail waits for it."""

MANY: Mapping[type[Event], Sequence[Handler]] = {writing.BulkRunWanted: (on_bulk_run_wanted,)}
"""Changes of many articles, a batch at a time, in a lane of their own."""

NOTICES: Mapping[type[Event], Sequence[Handler]] = {
    articles.ArticlePublished: (article_notices.on_article_published,),
    notices.NoticePosted: (on_notice_posted,),
}
"""Who is to be told, a batch of people at a time, in a lane of its own: nobody's password waits for thousands."""

MAILS: Mapping[type[Event], Sequence[Handler]] = {
    notices.MailDue: (on_mail_due,),
    notices.AddressRegistered: (on_address_registered,),
    notices.WebhookSwitchedOff: (on_webhook_switched_off,),
}
"""What goes by mail to many: behind a slow mail server it waits for itself only."""

DIGESTS: Mapping[type[Event], Sequence[Handler]] = {notices.DigestDue: (on_digest_due,)}
"""On Monday mornings there are very many of them, and each asks a lot."""

URGENT: Mapping[type[Event], Sequence[Handler]] = {
    notices.UrgentMailDue: (on_mail_due,),
    notices.CriticalAsked: (on_critical_asked,),
}
"""Mails about critical notices, behind no others. One after the other: a kill in between repeats one at most."""

CALLS: Mapping[type[Event], Sequence[Handler]] = {notices.CallDue: (on_call_due,)}
"""Calls to the systems of organisations, which may take their time: several side by side."""

LANES = (HANDLERS, FILES, MANY, NOTICES, URGENT, MAILS, DIGESTS)


def make_worker(site: Site) -> Worker:
    """The worker with every event wired."""
    return Worker(
        site,
        index_lane=IndexLane(site, INDEXED, follow_articles),
        lanes=[*(RowLane(site, handlers) for handlers in LANES), SideLane(site, CALLS)],
        duties=duties(),
    )


def rebuild_index(site: Site) -> int:
    """Build the index now, or ask the worker that leads to; returns the number of documents (0: the worker will)."""
    leadership = Leadership(site.database)
    if not leadership.acquire():
        with site.database.write() as session:
            rebuild.request_rebuild(session, "asked")
        return 0
    try:
        rebuild.rebuild(site.engine, site.database)
        return len(site.engine.refs(EVERYTHING))
    finally:
        leadership.release()
