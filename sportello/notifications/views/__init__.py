"""How it is reached: the bell, subscriptions, preferences, critical notices, deliveries."""

from sportello.notifications.views import (
    addresses,
    banner,
    bell,
    critical,
    critical_change,
    critical_report,
    deliveries,
    digest,
    feed,
    follow,
    inbox,
    preferences,
    unsubscribe,
    webhooks,
)
from sportello.notifications.views.blueprints import bp

__all__ = ["blueprints"]

blueprints = (bp,)
_modules = (
    *(addresses, banner, bell, critical, critical_change, critical_report, deliveries, digest, feed),
    *(follow, inbox, preferences, unsubscribe, webhooks),
)
