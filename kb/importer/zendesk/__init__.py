"""Articles of a Zendesk Help Center, from the JSON that its API gives."""

from kb.importer.zendesk.reader import HelpCenter
from kb.importer.zendesk.segments import Segments

__all__ = ["HelpCenter", "Segments"]
