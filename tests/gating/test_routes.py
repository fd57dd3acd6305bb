"""Who may enter which route, told a second time: a new route fails until it stands here."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sportello.core.policy import Action
from sportello.web.access import Access, access_of
from tests.browsing import client_for
from tests.gating.addresses import get_rules, values_of
from tests.gating.sites import Site
from tests.people import NAMES

PUBLIC = Access()
SIGNED_IN = Access(signed_in=True)


def only(action: Action) -> Access:
    return Access(signed_in=True, action=action)


ROUTES: dict[str, Access] = {
    "accounts.begin_second_factor": SIGNED_IN,
    "accounts.cancel_email_change": SIGNED_IN,
    "accounts.change_email": SIGNED_IN,
    "accounts.change_password": SIGNED_IN,
    "accounts.change_second_factor": SIGNED_IN,
    "accounts.confirm_email": PUBLIC,
    "accounts.confirm_second_factor": SIGNED_IN,
    "accounts.end_all_sessions": SIGNED_IN,
    "accounts.end_session": SIGNED_IN,
    "accounts.forgotten": PUBLIC,
    "accounts.invite_colleague": only(Action.COLLEAGUES_MANAGE),
    "accounts.manage_colleague": only(Action.COLLEAGUES_MANAGE),
    "accounts.my_sessions": SIGNED_IN,
    "accounts.organisation": SIGNED_IN,
    "accounts.plans": PUBLIC,
    "accounts.preferences": PUBLIC,
    "accounts.second_factor": SIGNED_IN,
    "accounts.security": SIGNED_IN,
    "accounts.set_password": PUBLIC,
    "accounts.settings": SIGNED_IN,
    "accounts.sign_in": PUBLIC,
    "accounts.sign_in_code": PUBLIC,
    "accounts.sign_out": PUBLIC,
    "editorial.archive": only(Action.ARTICLE_ARCHIVE),
    "editorial.autosave": only(Action.ARTICLE_DRAFT),
    "editorial.bin_article": only(Action.ARTICLE_ARCHIVE),
    "editorial.bulk_progress": only(Action.ARTICLE_BULK),
    "editorial.bulk_run": only(Action.ARTICLE_BULK),
    "editorial.compare": only(Action.ARTICLE_HISTORY),
    "editorial.decide": only(Action.ARTICLE_REVIEW),
    "editorial.decide_gap": only(Action.SEARCH_TUNE),
    "editorial.discard": only(Action.ARTICLE_DRAFT),
    "editorial.edit": only(Action.ARTICLE_DRAFT),
    "editorial.edit_pin": only(Action.SEARCH_TUNE),
    "editorial.edit_synonym": only(Action.SEARCH_TUNE),
    "editorial.handle_feedback": only(Action.FEEDBACK_READ),
    "editorial.history": only(Action.ARTICLE_HISTORY),
    "editorial.insight": only(Action.FEEDBACK_READ),
    "editorial.link_gap": only(Action.SEARCH_TUNE),
    "editorial.move": only(Action.ARTICLE_DRAFT),
    "editorial.new": only(Action.ARTICLE_DRAFT),
    "editorial.note": only(Action.ARTICLE_HISTORY),
    "editorial.pins": only(Action.SEARCH_TUNE),
    "editorial.preview": only(Action.ARTICLE_DRAFT),
    "editorial.preview_bulk": only(Action.ARTICLE_BULK),
    "editorial.publish": only(Action.ARTICLE_DRAFT),
    "editorial.push": only(Action.ARTICLE_PUSH),
    "editorial.send_push": only(Action.ARTICLE_PUSH),
    "editorial.queue_archived": only(Action.ARTICLE_HISTORY),
    "editorial.queue_bin": only(Action.ARTICLE_HISTORY),
    "editorial.queue_bulk": only(Action.ARTICLE_BULK),
    "editorial.queue_drafts": only(Action.ARTICLE_HISTORY),
    "editorial.queue_feedback": only(Action.FEEDBACK_READ),
    "editorial.queue_gaps": only(Action.FEEDBACK_READ),
    "editorial.queue_links": only(Action.ARTICLE_HISTORY),
    "editorial.queue_review": only(Action.ARTICLE_HISTORY),
    "editorial.queue_verify": only(Action.ARTICLE_VERIFY),
    "editorial.queues": only(Action.ARTICLE_HISTORY),
    "editorial.raise_pin": only(Action.SEARCH_TUNE),
    "editorial.readers": only(Action.ARTICLE_DRAFT),
    "editorial.remove_pin": only(Action.SEARCH_TUNE),
    "editorial.remove_synonym": only(Action.SEARCH_TUNE),
    "editorial.resolve": only(Action.ARTICLE_HISTORY),
    "editorial.restore": only(Action.ARTICLE_DRAFT),
    "editorial.restore_pin": only(Action.SEARCH_TUNE),
    "editorial.restore_synonym": only(Action.SEARCH_TUNE),
    "editorial.review": only(Action.ARTICLE_HISTORY),
    "editorial.reviewers": only(Action.REVIEWERS_MANAGE),
    "editorial.revision": only(Action.ARTICLE_HISTORY),
    "editorial.save": only(Action.ARTICLE_DRAFT),
    "editorial.save_translation": only(Action.ARTICLE_DRAFT),
    "editorial.schedule": only(Action.ARTICLE_DRAFT),
    "editorial.set_confidence": only(Action.ARTICLE_PUBLISH),
    "editorial.set_reviewers": only(Action.REVIEWERS_MANAGE),
    "editorial.similar": only(Action.ARTICLE_DRAFT),
    "editorial.similar_new": only(Action.ARTICLE_DRAFT),
    "editorial.start_bulk": only(Action.ARTICLE_BULK),
    "editorial.start": only(Action.ARTICLE_DRAFT),
    "editorial.synonyms": only(Action.SEARCH_TUNE),
    "editorial.translate": only(Action.ARTICLE_DRAFT),
    "editorial.unarchive": only(Action.ARTICLE_ARCHIVE),
    "editorial.unbin": only(Action.ARTICLE_ARCHIVE),
    "editorial.undo_bulk": only(Action.ARTICLE_BULK),
    "editorial.unpublish": only(Action.ARTICLE_PUBLISH),
    "editorial.upkeep": only(Action.ARTICLE_VERIFY),
    "editorial.verify": only(Action.ARTICLE_VERIFY),
    "health.healthz": PUBLIC,
    "kb.browse": PUBLIC,
    "kb.category": PUBLIC,
    "kb.everything": PUBLIC,
    "kb.feed": PUBLIC,
    "kb.file": PUBLIC,
    "kb.markdown": PUBLIC,
    "kb.product": PUBLIC,
    "kb.report": only(Action.ARTICLE_REPORT),
    "kb.show": PUBLIC,
    "kb.tag": PUBLIC,
    "kb.upload": only(Action.ARTICLE_DRAFT),
    "kb.vote": only(Action.ARTICLE_VOTE),
    "kb_root.sitemap": PUBLIC,
    "notifications.addresses": only(Action.COLLEAGUES_MANAGE),
    "notifications.confirm_address": PUBLIC,
    "notifications.acknowledge": SIGNED_IN,
    "notifications.critical_act": only(Action.CRITICAL_DRAFT),
    "notifications.critical_begin": only(Action.CRITICAL_DRAFT),
    "notifications.critical_change": only(Action.CRITICAL_DRAFT),
    "notifications.critical_correct": only(Action.CRITICAL_DRAFT),
    "notifications.critical_discard": only(Action.CRITICAL_DRAFT),
    "notifications.critical_edit": only(Action.CRITICAL_DRAFT),
    "notifications.critical_list": only(Action.CRITICAL_DRAFT),
    "notifications.critical_mine": SIGNED_IN,
    "notifications.critical_notice": only(Action.CRITICAL_DRAFT),
    "notifications.critical_remind": only(Action.CRITICAL_SEND),
    "notifications.critical_save": only(Action.CRITICAL_DRAFT),
    "notifications.critical_shown": SIGNED_IN,
    "notifications.critical_table": only(Action.CRITICAL_DRAFT),
    "notifications.critical_withdraw": only(Action.CRITICAL_DRAFT),
    "notifications.deliveries": only(Action.DELIVERIES_MANAGE),
    "notifications.digest": SIGNED_IN,
    "notifications.feed": PUBLIC,
    "notifications.follow": SIGNED_IN,
    "notifications.inbox": SIGNED_IN,
    "notifications.leave_address": PUBLIC,
    "notifications.leave_address_now": PUBLIC,
    "notifications.let_go_delivery": only(Action.DELIVERIES_MANAGE),
    "notifications.lift_address": only(Action.DELIVERIES_MANAGE),
    "notifications.manage_address": only(Action.COLLEAGUES_MANAGE),
    "notifications.manage_feed": SIGNED_IN,
    "notifications.manage_webhook": only(Action.WEBHOOKS_MANAGE),
    "notifications.organisation_addresses": only(Action.ORGANISATIONS_MANAGE),
    "notifications.organisation_webhooks": only(Action.ORGANISATIONS_MANAGE),
    "notifications.preferences": SIGNED_IN,
    "notifications.read": SIGNED_IN,
    "notifications.read_all": SIGNED_IN,
    "notifications.remove_webhook": only(Action.WEBHOOKS_MANAGE),
    "notifications.renew_secret": only(Action.WEBHOOKS_MANAGE),
    "notifications.end_old_secret": only(Action.WEBHOOKS_MANAGE),
    "notifications.retry_call": only(Action.WEBHOOKS_MANAGE),
    "notifications.retry_deliveries": only(Action.DELIVERIES_MANAGE),
    "notifications.retry_delivery": only(Action.DELIVERIES_MANAGE),
    "notifications.retry_event": only(Action.DELIVERIES_MANAGE),
    "notifications.subscriptions": SIGNED_IN,
    "notifications.unsubscribe": PUBLIC,
    "notifications.unsubscribe_now": PUBLIC,
    "notifications.webhook": only(Action.WEBHOOKS_MANAGE),
    "notifications.webhooks": only(Action.WEBHOOKS_MANAGE),
    "portal.accent": PUBLIC,
    "portal.favicon": PUBLIC,
    "portal.home": PUBLIC,
    "portal.logo": PUBLIC,
    "portal.robots": PUBLIC,
    "portal.styleguide": PUBLIC,
    "portal.text": PUBLIC,
    "search.click": PUBLIC,
    "search.opensearch": PUBLIC,
    "search.results": PUBLIC,
    "search.suggest": PUBLIC,
    "staff.audit_log": only(Action.AUDIT_READ),
    "staff.edit_organisation": only(Action.ORGANISATIONS_MANAGE),
    "staff.edit_person": only(Action.PEOPLE_MANAGE),
    "staff.edit_product": only(Action.PRODUCTS_MANAGE),
    "staff.index": only(Action.STAFF_PAGES),
    "staff.manage_person": only(Action.PEOPLE_MANAGE),
    "staff.new_organisation": only(Action.ORGANISATIONS_MANAGE),
    "staff.new_person": only(Action.PEOPLE_MANAGE),
    "staff.new_product": only(Action.PRODUCTS_MANAGE),
    "staff.organisations": only(Action.ORGANISATIONS_MANAGE),
    "staff.people": only(Action.PEOPLE_MANAGE),
    "staff.products": only(Action.PRODUCTS_MANAGE),
    "staff.remove_second_factor": only(Action.PEOPLE_MANAGE),
}
MAY: dict[Action, set[str]] = {
    Action.REVIEWERS_MANAGE: {"sara", "ada"},
    Action.ARTICLE_REVIEW: {"sara", "ada"},
    Action.ARTICLE_ARCHIVE: {"sara", "ada"},
    Action.ARTICLE_PUSH: {"sara", "ada"},
    Action.ARTICLE_BULK: {"sara", "ada"},
    Action.ARTICLE_DRAFT: {"sara", "ada"},
    Action.ARTICLE_HISTORY: {"sara", "ada"},
    Action.ARTICLE_PUBLISH: {"sara", "ada"},
    Action.ARTICLE_REPORT: {"anna", "piero", "elena", "ezio", "sara", "ada"},
    Action.ARTICLE_VERIFY: {"sara", "ada"},
    Action.ARTICLE_VOTE: {"anna", "piero", "elena", "ezio", "sara", "ada"},
    Action.AUDIT_READ: {"ada"},
    Action.CRITICAL_DRAFT: {"sara", "ada"},
    Action.CRITICAL_SEND: {"sara", "ada"},
    Action.COLLEAGUES_MANAGE: {"anna", "piero", "ada"},
    Action.DELIVERIES_MANAGE: {"ada"},
    Action.FEEDBACK_READ: {"sara", "ada"},
    Action.ORGANISATIONS_MANAGE: {"ada"},
    Action.PEOPLE_MANAGE: {"ada"},
    Action.PRODUCTS_MANAGE: {"ada"},
    Action.SEARCH_TUNE: {"sara", "ada"},
    Action.STAFF_PAGES: {"sara", "ada"},
    Action.WEBHOOKS_MANAGE: {"anna", "piero", "ada"},
}
OF_THEIR_ORGANISATION = {"accounts.organisation"}
"""Signed in, but there is such a page only for those who belong to an organisation."""


def test_every_route_is_classified(full_site: Site) -> None:
    declared = {endpoint: access_of(full_site.app, endpoint) for endpoint in full_site.app.view_functions}
    assert declared == ROUTES


def test_every_rule_has_its_view_and_methods(full_site: Site) -> None:
    """No route answers more than reading and its own forms."""
    for rule in full_site.app.url_map.iter_rules():
        assert rule.endpoint in ROUTES
        assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}


def expected(endpoint: str, name: str) -> str:
    """`in`, `door` (sent to sign in and back) or `absent`."""
    access = ROUTES[endpoint]
    if access.action is not None:
        return "in" if name in MAY[access.action] else "absent"
    if access.signed_in and name == "anonymous":
        return "door"
    if endpoint in OF_THEIR_ORGANISATION and name in ("sara", "ada"):
        return "absent"
    return "in"


def existing(app: Flask, site: Site) -> dict[str, str]:
    """An address of every GET route that there is for staff: something public where it names something."""
    slug = next(slugs[0] for item, slugs in site.slugs.items() if item.audience == "public")
    adapter, found = app.url_map.bind("localhost"), {}
    for rule in get_rules(app):
        values = values_of(rule, [slug], list(site.slugs))[0]
        if rule.endpoint == "staff.edit_person":
            values = {"key": site.cast.anna.key}
        found[rule.endpoint] = adapter.build(rule.endpoint, values)
    return found


# What answers otherwise than by its access alone: no such token, no operator's logo or colour, already or not yet.
PARTICULAR = {
    "editorial.link_gap": {302},
    "accounts.set_password": {404},
    "accounts.confirm_email": {404},
    "accounts.sign_in": {200, 302},
    "accounts.sign_in_code": {302},
    "editorial.bulk_progress": {404},
    "editorial.bulk_run": {404},
    "editorial.queues": {302},
    "notifications.critical_change": {404},
    "notifications.critical_edit": {404},
    "notifications.critical_notice": {404},
    "notifications.critical_shown": {404},
    "notifications.critical_table": {404},
    "notifications.feed": {404},
    "notifications.addresses": {200, 404},  # staff have no organisation: they come by its staff page
    "notifications.confirm_address": {404},
    "notifications.leave_address": {404},
    "notifications.unsubscribe": {404},
    "notifications.webhook": {404},
    "notifications.webhooks": {200, 404},
    "portal.accent": {404},
    "portal.logo": {404},
}


@pytest.mark.parametrize("name", NAMES)
def test_everybody_enters_where_they_may_and_nowhere_else(full_site: Site, name: str) -> None:
    client = client_for(full_site.app, full_site.cast.people.get(name))
    wrong = {}
    for endpoint, address in existing(full_site.app, full_site).items():
        for method in ("GET", "HEAD"):
            answer = client.open(address, method=method)
            ok = {"in": {200}, "door": {302}, "absent": {404}}[expected(endpoint, name)]
            if expected(endpoint, name) == "in":
                ok = PARTICULAR.get(endpoint, ok)
            if answer.status_code not in ok:
                wrong[f"{method} {address}"] = answer.status_code
            if expected(endpoint, name) == "door":
                assert answer.headers["Location"].startswith("/sign-in"), address
            answer.close()
    assert wrong == {}


@pytest.mark.parametrize("name", NAMES)
def test_what_somebody_may_not_send_does_not_exist_for_them(full_site: Site, name: str) -> None:
    """Every POST route, refused before its form is looked at: with a token, so that only the access decides."""
    from tests.web.routes import unsafe_routes
    from tests.web.test_csrf import token

    client = client_for(full_site.app, full_site.cast.people.get(name))
    form = {"csrf_token": token(client)}
    adapter = full_site.app.url_map.bind("localhost")
    for method, address in unsafe_routes(full_site.app):
        endpoint = adapter.match(address, method=method)[0]
        wanted = expected(endpoint, name)
        if wanted == "in":
            continue
        answer = client.open(address, method=method, data=form)
        if wanted == "absent":
            assert answer.status_code == 404, address
        else:
            assert answer.status_code == 302, address
            assert answer.headers["Location"].startswith("/sign-in"), address


def test_a_route_without_declared_access_stops_the_application(
    full_site: Site, sign_in: Callable[[str], FlaskClient], app: Flask
) -> None:
    from sportello.web.access import undeclared

    assert undeclared(app) == []
    app.add_url_rule("/forgotten-by-somebody", "forgotten", lambda: "x")
    assert undeclared(app) == ["forgotten"]
    assert app.test_client().get("/forgotten-by-somebody").status_code == 500
