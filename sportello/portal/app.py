"""The application factory: the composition root, the only place that knows every feature."""

from pathlib import Path
from typing import Any

from flask import Flask
from flask_compress import Compress

import editorial.views.pins
import editorial.views.queues
import editorial.views.reviewers
import editorial.views.tuning
import sportello.notifications.views.critical
import sportello.notifications.views.deliveries
import sportello.portal.health
from sportello.accounts.login import init_accounts, request_viewer
from sportello.accounts.views.staff_index import add_staff_entry
from sportello.core.db import Database
from sportello.core.resources import resource
from sportello.core.settings import Settings
from sportello.portal.requestlog import init_request_log
from sportello.portal.site import open_site
from sportello.web.access import init_access, undeclared
from sportello.web.assets import init_assets
from sportello.web.errors import init_errors
from sportello.web.filters import init_filters
from sportello.web.i18n import init_i18n
from sportello.web.security import init_security
from sportello.web.templating import init_templating

COMPRESSED = ["text/html", "text/css", "application/json", "application/xml", "application/atom+xml"]


def _blueprints() -> list[Any]:
    import editorial.views
    import kb.views
    import search_index.views
    import sportello.accounts.views
    import sportello.notifications.views
    import sportello.portal.pages

    return [
        *sportello.accounts.views.blueprints,
        *editorial.views.blueprints,
        *kb.views.blueprints,
        *search_index.views.blueprints,
        *sportello.notifications.views.blueprints,
        sportello.portal.pages.bp,
        sportello.portal.health.bp,
    ]


def create_app(settings: Settings, database: Database | None = None) -> Flask:
    """The site as a WSGI application. Raises SettingsError for a bad plans file."""
    templates, static = resource("templates"), resource("static")
    app = Flask("sportello", template_folder=str(templates), static_folder=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    site = open_site(settings, database)
    app.extensions["sportello.site"] = site
    app.extensions["sportello.settings"] = settings
    app.extensions["sportello.database"] = site.database
    app.extensions["sportello.plans"] = site.plans
    cache = Path(settings.var_dir) / "cache"
    init_templating(app)
    init_request_log(app, settings)
    init_security(app, settings)
    init_i18n(app, resource("translations"), cache / "translations")
    init_filters(app, settings)
    init_errors(app)
    init_accounts(app, settings)
    init_access(app, request_viewer)
    for blueprint in _blueprints():
        app.register_blueprint(blueprint)
    add_staff_entry(app, editorial.views.queues.ENTRY)
    add_staff_entry(app, editorial.views.reviewers.ENTRY)
    add_staff_entry(app, editorial.views.tuning.ENTRY)
    add_staff_entry(app, editorial.views.pins.ENTRY)
    add_staff_entry(app, sportello.notifications.views.critical.ENTRY)
    add_staff_entry(app, sportello.notifications.views.deliveries.ENTRY)
    add_staff_entry(app, sportello.portal.health.ENTRY)
    if missing := undeclared(app):
        raise RuntimeError(f"routes without declared access: {', '.join(missing)}")
    # Not text/plain: what people attached is sent as it is, so that parts of it can be asked for.
    app.config["COMPRESS_MIMETYPES"] = COMPRESSED
    app.config.update(COMPRESS_BR_LEVEL=2, COMPRESS_BR_WINDOW=18)  # a third of the time for a tenth more bytes
    Compress(app)
    init_assets(app, static, templates, cache / "static")
    return app
