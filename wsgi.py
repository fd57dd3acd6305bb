"""For any WSGI server: `gunicorn wsgi:app`. A worker must run beside it: `sportello worker`."""

from sportello.core import logs
from sportello.core.settings import Settings
from sportello.portal.app import create_app

settings = Settings.from_env()
logs.configure(settings.log_level)
app = create_app(settings)
