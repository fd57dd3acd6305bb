"""How accounts are reached: signing in, one's own settings, the organisation, and the staff pages."""

from sportello.accounts.views import (
    email,
    organisation,
    passwords,
    plans,
    security,
    settings,
    sign_in,
    staff_index,
    staff_organisations,
    staff_people,
    staff_products,
)
from sportello.accounts.views.blueprints import bp, staff

__all__ = ["blueprints"]

blueprints = (bp, staff)
_modules = (
    email,
    organisation,
    passwords,
    plans,
    security,
    settings,
    sign_in,
    staff_index,
    staff_organisations,
    staff_people,
    staff_products,
)
