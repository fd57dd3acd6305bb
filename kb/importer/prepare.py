"""From a record to a draft: links, audience, products, dates, kind; or the reason why there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from kb.importer import native
from kb.importer.beside import Beside, look, mark
from kb.importer.fields import KINDS, kb_codes_in
from kb.importer.products import Catalogue
from kb.importer.record import Bad, Record
from kb.importer.report import Options, Report
from kb.importer.rewrite import Around, Changes, rewrite
from kb.importer.survey import Known, Survey
from kb.models import Confidence, Kind
from kb.services.draft import Draft
from kb.services.rendering import is_solution
from sportello.core import clock
from sportello.core.audience import STAFF, check_key
from sportello.core.errors import Invalid
from sportello.core.keys import is_key

Announce = Callable[[str, Record], None]  # "new", "changed" or "kept", for each such record


@dataclass(frozen=True)
class Prepared:
    """A record that has to be written."""

    record: Record
    draft: Draft
    known: Known | None
    changes: Changes
    files: Mapping[str, Beside] = field(default_factory=dict)  # by id


@dataclass
class Preparer:
    """Decides for each record whether anything has to be written, and what."""

    source: str
    options: Options
    survey: Survey
    catalogue: Catalogue
    report: Report
    announce: Announce
    find_file: Callable[[str, str], Path | None] | None = None  # by the record's path and the one that its text says

    def prepare(self, record: Record | Bad) -> Prepared | None:
        """What has to be written for a record; None if nothing has."""
        if isinstance(record, Bad):
            self.report.bad.append(record)
            return None
        self.report.unknown_keys.update(record.unknown_keys)
        if (first := self.survey.where[record.source_id]) != record.where:
            self.report.bad.append(Bad(record.where, f"the id {record.source_id!r} is already taken by {first}"))
            return None
        try:
            complete, changes, files = self._complete(record)
            draft = self._draft(complete)
            draft.check()
        except Invalid as error:
            self.report.bad.append(Bad(record.where, str(error)))
            return None
        known = self.survey.known.get(record.source_id)
        if known and known.edited_here and not self.options.overwrite:
            self.report.kept.append(record.source_id)
            self.announce("kept", record)
            return None
        if known and known.source_hash == draft.source_hash and not known.edited_here:
            self.report.unchanged += 1
            return None
        return Prepared(record, draft, known, changes, files)

    def _complete(self, record: Record) -> tuple[Record, Changes, dict[str, Beside]]:
        """The record with its links rewritten and the operator's answers where it says nothing; the files it needs."""
        changes, files = Changes(), {file.id: file for file in record.files.values()}
        texts = {}
        for language, words in record.texts.items():
            around = self._around(record, language, files)
            if record.exact:
                markdown, here = native.from_folder(words.markdown, around)
            else:
                markdown, here = rewrite(words.markdown, words.title, around)
            texts[language] = replace(words, markdown=markdown)
            changes.add(here)
        key = record.audience or self.options.audience or STAFF
        check_key(key, self.options.ladder)
        products = self.catalogue.products_of(record, self.options, self.report)
        versions = self.catalogue.versions_of(record, products, self.report)
        complete = replace(record, texts=texts, audience=key, products=products, versions=versions)
        return (complete if record.exact else replace(complete, files=files)), changes, files

    def _around(self, record: Record, language: str, files: dict[str, Beside]) -> Around:
        """What links and pictures of one text can mean; files that it names are added to `files`."""
        base = record.aliases[0] if record.aliases else record.source_id

        def file(path: str, words: str) -> str | None:
            found = record.files.get(path)
            if found is None and not record.exact and self.find_file is not None:
                there = self.find_file(base, path)
                found = look(there, words) if there else None
            if found is None:
                return None
            files[found.id] = found
            return mark(found)

        if record.exact:
            return Around(lambda path: native.slug_of(self.survey.links, path), file)
        return Around(lambda target: self.survey.links.find(target, base, language), file)

    def _draft(self, record: Record) -> Draft:
        now = clock.now()

        def ago(days: float | None) -> datetime | None:
            return None if days is None else now - timedelta(days=days)

        return Draft(
            texts=record.texts,
            audience=record.audience or STAFF,
            kind=record.kind or guess_kind(record),
            products=record.products,
            versions=record.versions,
            category=record.category,
            tags=record.tags,
            codes=record.codes if record.exact else tuple(dict.fromkeys((*record.codes, *codes_in(record)))),
            critical=record.critical,
            confidence=record.confidence or Confidence.VALIDATED,
            verify_days=record.verify_days,
            verified_at=record.verified_at or ago(record.verified_days_ago),
            updated_at=record.updated_at or ago(record.updated_days_ago),
            votes=record.votes,
            source=self.source,
            source_id=record.source_id,
            source_hash=record.digest(),
            owner=record.author,
            key=record.source_id if record.exact and is_key(record.source_id) else None,
        )


def guess_kind(record: Record) -> Kind:
    """What an article seems to be when it does not say: by its tags, its sections, its title."""
    for tag in record.tags:
        if (kind := KINDS.get(tag.lower())) is not None:
            return kind
    words = next(iter(record.texts.values()))
    headings = [line.lstrip("# ").strip() for line in words.markdown.splitlines() if line.startswith("#")]
    if is_solution(headings):
        return Kind.SOLUTION
    return Kind.HOW_TO if words.title.lower().startswith(("how to ", "come ")) else Kind.REFERENCE


def codes_in(record: Record) -> tuple[str, ...]:
    """Numbers that the texts declare to be theirs."""
    return tuple(code for words in record.texts.values() for code in kb_codes_in(words.markdown))
