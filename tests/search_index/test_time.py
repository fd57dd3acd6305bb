"""A search has little time: what comes beside the hits is left out when it runs out, never the page."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from search_index import rebuild, service
from search_index.sources import register
from sportello.core.db import Database
from tests.people import Cast
from tests.search_index.contract.cast import CAST
from tests.search_index.shelf import Shelf

ADDRESS = "/search?q=invoice+rounding"
OFFERED = 'type="checkbox" name="product"'


@pytest.fixture
def client(app: Flask, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Somebody on a site whose articles are the small cast of documents, in the Whoosh engine."""
    monkeypatch.setattr("search_index.sources._registered", {})
    register(Shelf.of(CAST))
    rebuild.rebuild(app.extensions["sportello.site"].engine, database)
    return app.test_client()


def answer(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.text


def found(page: str) -> tuple[list[str], list[str]]:
    return re.findall(r'data-ref="([^"]+)"', page), re.findall(r'data-total="(\d+)"', page)


def test_facets_are_left_out_and_the_hits_stay(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    in_time = answer(client, ADDRESS)
    monkeypatch.setattr(service, "FACET_BUDGET_MS", 0)
    late = answer(client, ADDRESS)
    assert OFFERED in in_time
    assert OFFERED not in late
    assert found(late) == found(in_time)
    assert found(late)[0]


def test_a_chosen_filter_can_be_undone_without_its_count(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "FACET_BUDGET_MS", 0)
    late = answer(client, "/search?q=invoice&product=ledger")
    assert 'name="product" value="ledger" checked>Ledger</label>' in late
    assert '<a class="chip" href="?q=invoice"><span>Ledger</span>' in late


def test_help_with_spelling_is_left_out(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    in_time = answer(client, "/search?q=invoyce")
    monkeypatch.setattr(service, "HELP_BUDGET", -1)
    late = answer(client, "/search?q=invoyce")
    assert "invoice" in in_time
    assert found(in_time)[0]
    assert found(late)[0] == []
