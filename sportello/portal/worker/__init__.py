"""The background worker: one leads, carries the outbox through its two lanes, and keeps house by the clock."""

from sportello.portal.worker.loop import Worker, stop_on_signals

__all__ = ["Worker", "stop_on_signals"]
