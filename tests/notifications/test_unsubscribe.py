"""The links at the foot of mails: each is good for one thing of one person, and cannot be made up."""

from dataclasses import replace

import pytest

from sportello.core.errors import NotFound
from sportello.core.settings import Settings
from sportello.core.types import Ref
from sportello.notifications import unsubscribe
from sportello.notifications.unsubscribe import Unsubscription


def test_a_link_says_whose_it_is_and_what_it_switches_off(settings: Settings) -> None:
    for what, meant in (
        (unsubscribe.event("article-published"), Unsubscription("p-anna", event="article-published")),
        (unsubscribe.topic(Ref("product", "ledger")), Unsubscription("p-anna", topic=Ref("product", "ledger"))),
        (unsubscribe.topic(Ref("tag", "a:b")), Unsubscription("p-anna", topic=Ref("tag", "a:b"))),
        (unsubscribe.DIGEST, Unsubscription("p-anna")),
    ):
        assert unsubscribe.read(settings, unsubscribe.token(settings, "p-anna", what)) == meant


def test_the_same_link_is_made_again_for_the_same_thing(settings: Settings) -> None:
    assert unsubscribe.link(settings, "p-anna", "digest") == unsubscribe.link(settings, "p-anna", "digest")
    assert unsubscribe.link(settings, "p-anna", "digest").startswith("http://127.0.0.1:8000/unsubscribe/")


@pytest.mark.parametrize("signed", ["", "x", "a.b", ".", "é.x", "x" * 5000])
def test_what_was_made_up_is_not_found(settings: Settings, signed: str) -> None:
    with pytest.raises(NotFound):
        unsubscribe.read(settings, signed)


def test_a_link_cannot_be_changed_nor_signed_by_another_site(settings: Settings) -> None:
    good = unsubscribe.token(settings, "p-anna", "digest")
    other = unsubscribe.token(
        replace(settings, secret_key="another-secret-of-at-least-32-characters"), "p-anna", "digest"
    )
    for bad in (good[:-1], "A" + good, other):
        with pytest.raises(NotFound):
            unsubscribe.read(settings, bad)


@pytest.mark.parametrize("what", ["", "event:", "topic:x", "everything", "digest:daily"])
def test_a_signed_word_without_a_meaning_is_not_found(settings: Settings, what: str) -> None:
    with pytest.raises(NotFound):
        unsubscribe.read(settings, unsubscribe.token(settings, "p-anna", what))
