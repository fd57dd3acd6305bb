"""Every page a person can reach by its links, one address a route, and the few that no link leads to."""

import re
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from flask import Flask
from playwright.sync_api import APIRequestContext
from werkzeug.exceptions import HTTPException

HREF = re.compile(r'<a\b[^>]*\bhref="([^"#]+)"')
SEEDS = (
    "/", "/sign-in", "/password/forgotten", "/plans", "/privacy", "/terms", "/accessibility", "/styleguide", "/kb",
    "/search", "/search?q=invoice", "/search?q=invoice+roundng", "/search?q=zzyzzx", "/search?q=product%3A",
    "/no-such-page", "/password/set/no-such-token", "/email/confirm/no-such-token",
)  # fmt: skip
AT_MOST = {"kb.show": 3}
"""Addresses tried of one route; one of any other."""


@dataclass
class Crawl:
    """What was found: HTML pages by address, with their status, and the routes behind them."""

    pages: dict[str, int] = field(default_factory=dict)
    endpoints: dict[str, int] = field(default_factory=dict)


def _endpoint(app: Flask, address: str) -> str | None:
    try:
        endpoint, _ = app.url_map.bind("127.0.0.1").match(urlsplit(address).path)
    except HTTPException:
        return None
    return str(endpoint)


def crawl(app: Flask, browser: APIRequestContext, origin: str) -> Crawl:
    """Follow links from SEEDS within the site. `app` only tells which route an address belongs to."""
    found = Crawl()
    queue = deque(SEEDS)
    seen = set(SEEDS)
    while queue:
        address = queue.popleft()
        endpoint = _endpoint(app, address) or ""
        if address not in SEEDS and found.endpoints.get(endpoint, 0) >= AT_MOST.get(endpoint, 1):
            continue
        answer = browser.get(origin + address, max_redirects=0)
        if not answer.headers.get("content-type", "").startswith("text/html") or 300 <= answer.status < 400:
            continue
        found.pages[address] = answer.status
        found.endpoints[endpoint] = found.endpoints.get(endpoint, 0) + 1
        for href in HREF.findall(answer.text()):
            target = urlsplit(urljoin(origin + address, href.replace("&amp;", "&")))
            path = target.path + (f"?{target.query}" if target.query else "")
            if f"{target.scheme}://{target.netloc}" == origin and path not in seen:
                seen.add(path)
                queue.append(path)
    return found
