"""Everything that somebody may read, as a folder of Markdown that `import markdown` reads back."""

from kb.exporter.run import ExportOptions, ExportReport, run_export
from kb.exporter.select import What

__all__ = ["ExportOptions", "ExportReport", "What", "run_export"]
