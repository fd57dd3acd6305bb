"""Clients that browse as somebody, and answers made comparable."""

import re
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient

from sportello.accounts.models import Person
from sportello.accounts.services.sessions import Client, open_session
from sportello.core.db import Database
from sportello.core.settings import Settings


def client_for(app: Flask, person: Person | None) -> FlaskClient:
    """A client whose browser is signed in as `person`, or a signed-out one."""
    client = app.test_client()
    if person is None:
        return client
    settings: Settings = app.extensions["sportello.settings"]
    database: Database = app.extensions["sportello.database"]
    with database.write() as session:
        token = open_session(session, settings, session.get_one(Person, person.id), Client("127.0.0.1", "tests"))
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client


CSRF = re.compile(rb'(name="(?:[a-z]+-)?csrf_token"[^>]*value=")[^"]+(")')
VOLATILE_HEADERS = {"date", "set-cookie", "content-length", "x-request-id", "server"}


@dataclass(frozen=True)
class Answer:
    """What a browser got, without what differs between two requests for the same thing."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def ask(client: FlaskClient, address: str, method: str = "GET") -> Answer:
    """Request `address` and normalise CSRF tokens and volatile headers."""
    response = client.open(address, method=method)
    headers = sorted((k.lower(), v) for k, v in response.headers if k.lower() not in VOLATILE_HEADERS)
    body = CSRF.sub(rb"\1-\2", response.data)
    response.close()
    return Answer(response.status_code, tuple(headers), body)
