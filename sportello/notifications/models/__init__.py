"""The tables of the notification service."""

from sportello.notifications.models.critical import (
    Acknowledgement,
    CriticalMessage,
    CriticalNotice,
    CriticalState,
    MessageKind,
    RegisteredAddress,
)
from sportello.notifications.models.deliveries import Delivery, DeliveryChannel, DeliveryState, SuppressedAddress
from sportello.notifications.models.notices import Notice, Notification, SeenMark
from sportello.notifications.models.preferences import ChannelChoice, DigestRhythm, Preference, Subscription
from sportello.notifications.models.webhooks import Webhook, WebhookAttempt

__all__ = [
    "Acknowledgement",
    "ChannelChoice",
    "CriticalMessage",
    "CriticalNotice",
    "CriticalState",
    "Delivery",
    "DeliveryChannel",
    "DeliveryState",
    "DigestRhythm",
    "MessageKind",
    "Notice",
    "Notification",
    "Preference",
    "RegisteredAddress",
    "SeenMark",
    "Subscription",
    "SuppressedAddress",
    "Webhook",
    "WebhookAttempt",
]
