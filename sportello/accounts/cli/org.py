"""`sportello org`: organisations, their plan, coverage and products."""

from dataclasses import replace
from datetime import date, datetime

import click
from sqlalchemy.orm import Session

from sportello.accounts import queries
from sportello.accounts.cli.common import Group, given, missing, print_table, shell_actor
from sportello.accounts.models import Organisation
from sportello.accounts.plans import Plans
from sportello.accounts.services import organisations as service
from sportello.accounts.services.organisations import OrganisationData
from sportello.core import clock
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.shell import Shell, pass_shell

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group)
def org() -> None:
    """Organisations: plan, coverage, licensed products."""


def _find(session: Session, name: str) -> Organisation:
    try:
        return queries.find_organisation(session, name)
    except NotFound:
        raise missing("organisation", name) from None


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


@org.command("list")
@click.option("--query", "-q", default="", help="Part of a name.")
@pass_shell
def list_organisations(shell: Shell, query: str) -> None:
    """Print key, plan, coverage, products and name of every organisation."""
    rows: list[tuple[str, ...]] = []
    after: str | None = None
    with shell.database.read() as session:
        while True:
            page = queries.organisations(session, query, after)
            for row in page.rows:
                covered = "covered" if row.covered_on(clock.today()) else "not covered"
                products = ",".join(product.code for product in row.products) or "-"
                days = f"{row.coverage_start} {row.coverage_end}"
                rows.append((row.key, row.plan, days, covered, products, row.name))
            if (after := page.next) is None:
                break
    print_table(rows)


@org.command("create")
@click.argument("name")
@click.option("--plan", required=True, help="Code of the plan.")
@click.option("--start", type=DAY, help="First covered day, YYYY-MM-DD; default: today.")
@click.option("--end", type=DAY, required=True, help="Last covered day, YYYY-MM-DD.")
@click.option("--product", "products", multiple=True, help="Code of a licensed product; may be repeated.")
@pass_shell
def create(
    shell: Shell, name: str, plan: str, start: datetime | None, end: datetime, products: tuple[str, ...]
) -> None:
    """Create the organisation NAME and print its key."""
    data = OrganisationData(name, plan, _day(start) or clock.today(), end.date(), products)
    plans = Plans.load(shell.settings.plans_file)
    with shell.database.write() as session:
        created = service.create_organisation(session, shell_actor(), plans, data)
    click.echo(created.key)


@org.command("edit")
@click.argument("organisation")
@click.option("--name", help="New name.")
@click.option("--plan", help="Code of the plan.")
@click.option("--start", type=DAY, help="First covered day, YYYY-MM-DD.")
@click.option("--end", type=DAY, help="Last covered day, YYYY-MM-DD.")
@click.option("--product", "products", multiple=True, help="Code of a licensed product; replaces all.")
@click.option("--no-products", is_flag=True, help="License no product.")
@pass_shell
def edit(
    shell: Shell,
    organisation: str,
    name: str | None,
    plan: str | None,
    start: datetime | None,
    end: datetime | None,
    products: tuple[str, ...],
    no_products: bool,
) -> None:
    """Change ORGANISATION (key or name); what is not named stays."""
    changes = given(name=name, plan=plan, coverage_start=_day(start), coverage_end=_day(end), products=products)
    if no_products:
        changes["products"] = ()
    if not changes:
        raise Invalid(N_("Say what to change; see --help."))
    plans = Plans.load(shell.settings.plans_file)
    with shell.database.write() as session:
        found = _find(session, organisation)
        held = tuple(product.code for product in found.products)
        now = OrganisationData(found.name, found.plan, found.coverage_start, found.coverage_end, held)
        service.edit_organisation(session, shell_actor(), plans, found.key, replace(now, **changes))
