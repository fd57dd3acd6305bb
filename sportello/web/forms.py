"""Forms: Flask-WTF with CSRF, and a way to show the domain's refusal at the field it names."""

from flask_wtf import FlaskForm
from wtforms import Field

from sportello.core.errors import Invalid
from sportello.web.i18n import explain


class Form(FlaskForm):  # type: ignore[misc]
    """Base of every form. What was typed stays; errors stand at their field."""

    def show(self, error: Invalid) -> None:
        """Attach a domain error to the field it names, or to the form as a whole."""
        message = explain(error)
        field: Field | None = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(message)
        else:
            field.errors = [*field.errors, message]
