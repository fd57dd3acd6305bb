"""How it is reached: the bell, subscriptions, preferences, critical notices, deliveries."""

from sportello.notifications.views import (
    addresses,
    bell,
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
_modules = (addresses, bell, deliveries, digest, feed, follow, inbox, preferences, unsubscribe, webhooks)
