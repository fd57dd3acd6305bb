"""Forms of sign-in, settings and the organisation page. What a value must be, the services say."""

from collections.abc import Iterable

from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from sportello.web.forms import Form
from sportello.web.i18n import LANGUAGE_NAMES
from sportello.web.i18n import lazy_gettext as _

NEEDED = DataRequired(_("This is needed."))


def choices(pairs: Iterable[tuple[str, object]]) -> list[SelectChoice]:
    """Value and label of each option."""
    return [SelectChoice(value, label) for value, label in pairs]


LANGUAGES = choices(LANGUAGE_NAMES.items())
THEMES = choices((("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))))


class SignInForm(Form):
    email = EmailField(_("Work e-mail"), validators=[NEEDED, Length(max=254)])
    password = PasswordField(_("Password"), validators=[NEEDED])
    remember = BooleanField(_("Keep me signed in on this computer"))
    next = HiddenField()


class CodeForm(Form):
    code = StringField(_("Code"), validators=[NEEDED, Length(max=40)])


class ForgottenForm(Form):
    email = EmailField(_("Work e-mail"), validators=[NEEDED, Length(max=254)])


class NewPasswordForm(Form):
    password = PasswordField(_("New password"), validators=[NEEDED])


class ChangePasswordForm(Form):
    current = PasswordField(_("Present password"), validators=[NEEDED])
    password = PasswordField(_("New password"), validators=[NEEDED])


class ChangeEmailForm(Form):
    email = EmailField(_("New e-mail address"), validators=[NEEDED, Length(max=254)])
    current = PasswordField(_("Present password"), validators=[NEEDED])


class PasswordAgainForm(Form):
    current = PasswordField(_("Present password"), validators=[NEEDED])


class ProfileForm(Form):
    name = StringField(_("Name"), validators=[NEEDED])
    language = SelectField(_("Language"), choices=LANGUAGES)
    timezone = StringField(_("Time zone"), validators=[NEEDED], render_kw={"list": "timezones"})
    theme = SelectField(_("Appearance"), choices=THEMES)


class InviteForm(Form):
    email = EmailField(_("Work e-mail"), validators=[NEEDED, Length(max=254)])
    name = StringField(_("Name"), validators=[NEEDED])
    language = SelectField(_("Language"), choices=LANGUAGES)
