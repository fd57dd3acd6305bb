"""Forms of an organisation's addresses and webhooks. What a value must be, the services say."""

from wtforms import EmailField, SelectField, StringField
from wtforms.validators import Length

from sportello.accounts.forms import LANGUAGES, NEEDED
from sportello.accounts.staff_forms import Checkboxes
from sportello.web.forms import Form
from sportello.web.i18n import lazy_gettext as _


class AddressForm(Form):
    name = StringField(_("Name"), validators=[NEEDED])
    email = EmailField(_("E-mail address"), validators=[NEEDED, Length(max=254)])
    language = SelectField(_("Language"), choices=LANGUAGES)
    products = Checkboxes(_("Products"))


class WebhookForm(Form):
    name = StringField(_("Name"), validators=[NEEDED])
    url = StringField(_("Web address"), validators=[NEEDED, Length(max=500)], render_kw={"inputmode": "url"})
    events = Checkboxes(_("Call it when"))
