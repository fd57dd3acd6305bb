"""Every address at which somebody is told something, or sees what they were told, made from the routes themselves."""

import re
from collections.abc import Iterator

from flask.testing import FlaskClient
from sqlalchemy import select

from sportello.notifications import unsubscribe
from sportello.notifications.models import CriticalNotice, Webhook
from sportello.web import gather
from sportello.web.access import access_of
from tests.browsing import Answer, ask, client_for
from tests.gating.addresses import get_rules
from tests.gating.sites import Site
from tests.gating.telling import REFS, feed_token, parts_of

LEADING = ("/", "/kb", "/search?q=invoice", "/organisation", "/settings", "/staff")
"""Pages on which the bell and the banner stand."""
LANGUAGES = ("en", "it")
ABSENT = "no-such-token"
_OLDER = re.compile(rb'href="([^"]*before=[^"]*)" rel="next"')
_COUNT = re.compile(rb"data-unread>(\d+\+?)<")


def told_addresses(full: Site, name: str) -> list[str]:
    """What to ask as `name`: pages of the service, with keys and tokens of everything that is in `full`; the bell and
    the banner on other pages; what can be followed. A new route with an argument nobody listed here fails."""
    return [*LEADING, *_of_the_service(full, name), *_followed(full)]


def _of_the_service(full: Site, name: str) -> Iterator[str]:
    adapter = full.app.url_map.bind("localhost")
    for rule in get_rules(full.app):
        access = access_of(full.app, rule.endpoint)
        if not rule.endpoint.startswith("notifications.") or access is None or access.action is not None:
            continue
        for value in _values(full, name, rule.endpoint) if rule.arguments else [""]:
            yield adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, value))


def _values(full: Site, name: str, endpoint: str) -> list[str]:
    with full.database.read() as session:
        if endpoint == "notifications.webhook":
            keys = select(Webhook.key).where(Webhook.organisation_id == full.cast.people[name].organisation_id)
            return list(session.scalars(keys))
        if endpoint == "notifications.feed":
            return [feed_token(name), ABSENT]
        if endpoint == "notifications.unsubscribe":
            settings, person = parts_of(full).settings, full.cast.people[name]
            topics = [unsubscribe.topic(REFS[item]) for item in full.slugs]
            return [unsubscribe.token(settings, person.key, topic) for topic in topics]
        if endpoint.startswith("notifications.critical"):
            return [*session.scalars(select(CriticalNotice.key)), "neverwas00"]
    return {"notifications.confirm_address": [ABSENT], "notifications.leave_address": [ABSENT]}[endpoint]


def _followed(full: Site) -> Iterator[str]:
    for item, slugs in full.slugs.items():
        yield f"/kb/{slugs[0]}"
        if item.number % 4 == 0:
            yield f"/kb/tags/tag-{item.canary}"
            yield f"/kb/categories/category-{item.canary}"
    yield from (f"/kb/products/{code}" for code in ("ledger", "foundry", "harbor"))


def told_answers(site: Site, full: Site, name: str) -> dict[str, Answer]:
    """What `name` is answered at each of them, and in both languages on every page of what they were told."""
    found = {}
    client = client_for(site.app, site.cast.people[name])
    for address in told_addresses(full, name):
        found[address] = ask(client, address)
        gather.write_out()
    for language in LANGUAGES:
        client.set_cookie("language", language)
        for address in ("/notifications?unread=1", "/settings/subscriptions", "/settings/notifications/digest"):
            found[f"{language} {address}"] = ask(client, address)
        for number, answer in enumerate(list_pages(client)):
            found[f"{language} page {number}"] = answer
    return found


def list_pages(client: FlaskClient, address: str = "/notifications") -> Iterator[Answer]:
    """The list of notifications, page by page."""
    while True:
        answer = ask(client, address)
        yield answer
        older = _OLDER.search(answer.body)
        if older is None:
            return
        address = older.group(1).decode().replace("&amp;", "&")


def bell(client: FlaskClient) -> int:
    """The count at the bell of a page."""
    found = _COUNT.search(ask(client, "/plans").body)
    return int(found.group(1).rstrip(b"+")) if found else 0
