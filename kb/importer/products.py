"""Products, versions and categories that records name."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kb.importer.record import Line, Place, Record
from kb.importer.report import Options, Report
from kb.services.browsing import ensure_category
from kb.services.write import Writer
from sportello.accounts.models import Product
from sportello.accounts.services.products import create_product
from sportello.core.audience import Viewer
from sportello.core.db import Database


@dataclass
class Catalogue:
    """The products of this site by code, with the names of their versions."""

    versions: dict[str, frozenset[str]]
    created: list[str] = field(default_factory=list)

    @classmethod
    def open(
        cls, database: Database, actor: Viewer, wanted: Collection[str], options: Options, lines: Mapping[str, Line]
    ) -> "Catalogue":
        """What there is; with `create_products` also what is wanted. A dry run only pretends to create."""
        with database.read() as session:
            every = session.scalars(select(Product).options(selectinload(Product.versions)))
            found = cls({product.code: frozenset(row.name for row in product.versions) for product in every})
        if not options.create_products:
            return found
        found.created = sorted(set(wanted) - found.versions.keys())
        told = {code: lines.get(code) or Line(code.replace("-", " ").title()) for code in found.created}
        found.versions.update({code: frozenset(line.versions) for code, line in told.items()})
        if found.created and not options.dry_run:
            with database.write() as session:
                for code in found.created:
                    create_product(session, actor, code, told[code].name, told[code].versions)
        return found

    def products_of(self, record: Record, options: Options, report: Report) -> tuple[str, ...]:
        """The products of a record that exist; the others are counted as missing."""
        named = record.products or options.products
        report.missing_products.update(code for code in named if code not in self.versions)
        return tuple(code for code in dict.fromkeys(named) if code in self.versions)

    def versions_of(self, record: Record, products: Iterable[str], report: Report) -> tuple[str, ...]:
        """The versions of a record that one of its products has, by name or as "PRODUCT NAME"; the others are counted
        as missing."""
        known = {name for code in products for one in self.versions[code] for name in (one, f"{code} {one}")}
        report.missing_versions.update(name for name in record.versions if name not in known)
        return tuple(name for name in record.versions if name in known)

    @staticmethod
    def make_categories(
        session: Session, actor: Viewer, codes: Iterable[str | None], writer: Writer, places: Mapping[str, Place]
    ) -> None:
        """Create the categories that are missing, with those they stand in: they show only where something readable
        is in them. Categories that are there keep their names and their place."""

        def make(code: str) -> None:
            place = places.get(code) or Place({})
            if place.parent and place.parent not in writer.categories:
                make(place.parent)
            writer.categories[code] = ensure_category(
                session, actor, code, place.names, parent=place.parent, position=place.position
            )

        for code in sorted({code for code in codes if code} - writer.categories.keys()):
            if code not in writer.categories:
                make(code)
