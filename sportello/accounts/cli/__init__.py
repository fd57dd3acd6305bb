"""Organisations, people and products from the shell: the same services as the staff pages."""

from sportello.accounts.cli.org import org
from sportello.accounts.cli.product import product
from sportello.accounts.cli.user import user

__all__ = ["commands"]

commands = (org, user, product)
