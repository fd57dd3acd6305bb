"""Forms of the staff pages."""

from wtforms import (
    DateField,
    EmailField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, ListWidget

from sportello.accounts.forms import LANGUAGES, NEEDED, choices
from sportello.core.audience import Role
from sportello.web.forms import Form
from sportello.web.i18n import lazy_gettext as _

ROLE_NAMES = {
    Role.CUSTOMER: _("Customer"),
    Role.CONTACT: _("Company contact"),
    Role.AGENT: _("Agent"),
    Role.EDITOR: _("Editor"),
    Role.MODERATOR: _("Moderator"),
    Role.ADMINISTRATOR: _("Administrator"),
}
ROLE_CHOICES = {
    **ROLE_NAMES,
    Role.CONTACT: _("Company contact: manages colleagues"),
    Role.AGENT: _("Agent: answers"),
    Role.EDITOR: _("Editor: publishes"),
}


class Checkboxes(SelectMultipleField):  # type: ignore[misc]
    """Several choices, each a checkbox."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class OrganisationForm(Form):
    name = StringField(_("Name"), validators=[NEEDED])
    plan = SelectField(_("Plan"))
    coverage_start = DateField(_("Coverage starts"), validators=[NEEDED])
    coverage_end = DateField(_("Coverage ends"), validators=[NEEDED])
    products = Checkboxes(_("Licensed products"))


class PersonForm(Form):
    email = EmailField(_("Work e-mail"), validators=[NEEDED, Length(max=254)])
    name = StringField(_("Name"), validators=[NEEDED])
    roles = Checkboxes(_("Roles"), choices=choices((role.value, label) for role, label in ROLE_CHOICES.items()))
    organisation = SelectField(_("Organisation"))
    language = SelectField(_("Language"), choices=LANGUAGES)
    timezone = StringField(_("Time zone"), validators=[NEEDED], render_kw={"list": "timezones"})


class ProductForm(Form):
    name = StringField(_("Name"), validators=[NEEDED])
    versions = TextAreaField(_("Versions"), render_kw={"rows": 6})

    def version_names(self) -> list[str]:
        """One a line, oldest first."""
        return [line.strip() for line in (self.versions.data or "").splitlines() if line.strip()]


class NewProductForm(ProductForm):
    code = StringField(_("Code"), validators=[NEEDED])
