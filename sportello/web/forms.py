"""Forms: Flask-WTF with CSRF, and a way to show the domain's refusal at the field it names."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import Field

from sportello.core.errors import Invalid
from sportello.web.i18n import explain
from sportello.web.security import SAFE


class Form(FlaskForm):  # type: ignore[misc]
    """Base of every form. What was typed stays; errors stand at their field."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Values are the texts of a form, nothing else: no file and no JSON where a text is expected."""

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            if formdata is not _Auto:
                return formdata
            return request.form if request.method not in SAFE else None

    def show(self, error: Invalid) -> None:
        """Attach a domain error to the field it names, or to the form as a whole."""
        message = explain(error)
        field: Field | None = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(message)
        else:
            field.errors = [*field.errors, message]
