"""Forms of an organisation's addresses and webhooks. What a value must be, the services say."""

from collections.abc import Callable

from flask import Response
from wtforms import EmailField, SelectField, StringField
from wtforms.validators import Length

from sportello.accounts.forms import LANGUAGES, NEEDED
from sportello.accounts.staff_forms import Checkboxes
from sportello.accounts.views.blueprints import page, tried
from sportello.core.errors import Conflict, Invalid, SportelloError
from sportello.web.forms import Form
from sportello.web.i18n import explain
from sportello.web.i18n import lazy_gettext as _


class AddressForm(Form):
    name = StringField(_("Name"), validators=[NEEDED])
    email = EmailField(_("E-mail address"), validators=[NEEDED, Length(max=254)])
    language = SelectField(_("Language"), choices=LANGUAGES)
    products = Checkboxes(_("Products"))


class WebhookForm(Form):
    name = StringField(_("Name"), validators=[NEEDED])
    url = StringField(_("Web address"), validators=[NEEDED, Length(max=500)], render_kw={"inputmode": "url"})
    events = Checkboxes(_("Tell it of"))


def shown(form: Form, action: Callable[[], object]) -> SportelloError | None:
    """Run `action`; a refusal, also by what is there already, is shown on the form and returned."""
    try:
        return tried(form, action)
    except Conflict as error:
        form.form_errors.append(explain(error))
        return error


def answered(template: str, form: Form, refused: SportelloError | None, **values: object) -> Response:
    """The page with its form; 400 when the form itself found what is wrong, 409 for what is there already."""
    if refused is None and form.errors:
        refused = Invalid("")
    response = page(template, refused, form=form, **values)
    if isinstance(refused, Conflict):
        response.status_code = 409
    return response
