"""`sportello user`: people, their roles and their accounts."""

from dataclasses import replace

import click
from sqlalchemy.orm import Session

from sportello.accounts import queries
from sportello.accounts.cli.common import Group, given, missing, print_table, shell_actor
from sportello.accounts.models import Person
from sportello.accounts.services import audit, tokens
from sportello.accounts.services import people as service
from sportello.accounts.services.people import PersonData
from sportello.accounts.services.tokens import Purpose
from sportello.accounts.viewer import find_person
from sportello.core.audience import Role
from sportello.core.errors import N_, Invalid, NotFound
from sportello.core.shell import Shell, pass_shell

ROLES = click.Choice([role.value for role in Role])


@click.group(cls=Group)
def user() -> None:
    """People: customers, company contacts and staff."""


def _find(session: Session, email: str) -> Person:
    if (person := find_person(session, email)) is None:
        raise missing("person", email)
    return person


def _organisation(session: Session, name: str | None) -> str | None:
    if not name:
        return None
    try:
        return queries.find_organisation(session, name).key
    except NotFound:
        raise missing("organisation", name) from None


@user.command("list")
@click.option("--query", "-q", default="", help="Part of a name or an address.")
@pass_shell
def list_people(shell: Shell, query: str) -> None:
    """Print address, state, roles, organisation and name of everybody."""
    rows: list[tuple[str, ...]] = []
    after: str | None = None
    with shell.database.read() as session:
        while True:
            page = queries.people(session, query, after)
            for row in page.rows:
                state = "active" if row.password_hash else "invited"
                organisation = row.organisation.name if row.organisation else "-"
                roles = ",".join(sorted(row.roles))
                rows.append((row.email, state if row.active else "deactivated", roles, organisation, row.name))
            if (after := page.next) is None:
                break
    print_table(rows)


@user.command("create")
@click.argument("email")
@click.option("--name", required=True, help="Name of the person.")
@click.option("--org", help="Key or name of the organisation; none for staff.")
@click.option("--role", "roles", type=ROLES, multiple=True, help="May be repeated; default: customer.")
@click.option("--language", type=click.Choice(["en", "it"]), help="Default: the site's.")
@click.option("--timezone", help="For example Europe/Rome; default: the site's.")
@click.option("--no-mail", is_flag=True, help="Send no invitation; `sportello user link` prints a link.")
@pass_shell
def create(
    shell: Shell,
    email: str,
    name: str,
    org: str | None,
    roles: tuple[str, ...],
    language: str | None,
    timezone: str | None,
    no_mail: bool,
) -> None:
    """Create the person EMAIL and invite them by mail to set a password."""
    settings = shell.settings
    with shell.database.write() as session:
        data = PersonData(
            email,
            name,
            roles or (Role.CUSTOMER.value,),
            _organisation(session, org),
            language or settings.default_language,
            timezone or settings.default_timezone,
        )
        service.create_person(session, shell_actor(), data, invite=not no_mail)


@user.command("edit")
@click.argument("email")
@click.option("--email", "new_email", help="New address; ends all sessions.")
@click.option("--name", help="New name.")
@click.option("--org", help="Key or name of the organisation; `none` for staff.")
@click.option("--role", "roles", type=ROLES, multiple=True, help="May be repeated; replaces all.")
@click.option("--language", type=click.Choice(["en", "it"]), help="Language.")
@click.option("--timezone", help="For example Europe/Rome.")
@click.option("--active/--inactive", default=None, help="Open or close the account.")
@click.option("--no-second-factor", is_flag=True, help="Remove a lost second factor; ends all sessions.")
@pass_shell
def edit(
    shell: Shell,
    email: str,
    new_email: str | None,
    name: str | None,
    org: str | None,
    roles: tuple[str, ...],
    language: str | None,
    timezone: str | None,
    active: bool | None,
    no_second_factor: bool,
) -> None:
    """Change the person EMAIL; what is not named stays."""
    changes = given(email=new_email, name=name, roles=roles, language=language, timezone=timezone)
    if not changes and org is None and active is None and not no_second_factor:
        raise Invalid(N_("Say what to change; see --help."))
    with shell.database.write() as session:
        found = _find(session, email)
        if org is not None:
            changes["organisation"] = None if org == "none" else _organisation(session, org)
        if changes:
            held = found.organisation.key if found.organisation else None
            roles_now = sorted(found.roles)
            now = PersonData(found.email, found.name, roles_now, held, found.language, found.timezone)
            service.edit_person(session, shell_actor(), found.key, replace(now, **changes))
        if active is not None:
            verb = service.activate if active else service.deactivate
            verb(session, shell_actor(), found.key)
        if no_second_factor:
            service.remove_second_factor(session, shell_actor(), found.key)


@user.command("link")
@click.argument("email")
@pass_shell
def link(shell: Shell, email: str) -> None:
    """Print a link that sets the password of EMAIL; it works once, for 2 hours."""
    with shell.database.write() as session:
        person = _find(session, email)
        if not person.active:
            raise Invalid(N_("This account is deactivated."))
        raw = tokens.make(session, person, Purpose.RESET)
        audit.record(session, shell_actor(), "password.link", person.email)
    click.echo(f"{shell.settings.base_url.rstrip('/')}/password/set/{raw}")
