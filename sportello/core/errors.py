"""What can go wrong, in the domain's words. The web turns each into a page and a status, the shell into a line.

Messages are English gettext identifiers marked with `N_`; whoever shows them translates them.
"""


def N_(message: str) -> str:
    """Mark `message` for translation without translating it (the domain does not know the reader's language)."""
    return message


class SportelloError(Exception):
    """Base of every expected error: `message` is for the person, `params` fill its %(named)s places."""

    message = N_("Something went wrong.")

    def __init__(self, message: str | None = None, **params: object) -> None:
        self.message = message or type(self).message
        self.params = params
        super().__init__(self.message % params if params else self.message)


class NotFound(SportelloError):
    """It does not exist, or not for this viewer: nobody can tell which."""

    message = N_("There is nothing at this address.")


class Forbidden(SportelloError):
    """Seen, but this action is not allowed to this person."""

    message = N_("You are not allowed to do this.")


class Invalid(SportelloError):
    """Bad input. `field` names the form field or option that is wrong, if one is."""

    def __init__(self, message: str, field: str | None = None, **params: object) -> None:
        super().__init__(message, **params)
        self.field = field


class Conflict(SportelloError):
    """Somebody else changed the same thing meanwhile; nothing was overwritten."""

    message = N_("Somebody else changed this meanwhile. Nothing was overwritten.")


class TooMany(SportelloError):
    """A limit is reached. `retry_after` is in whole seconds."""

    message = N_("Too many attempts. Please wait a little and try again.")

    def __init__(self, retry_after: int, message: str | None = None, **params: object) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after


class Unavailable(SportelloError):
    """Something we depend on is away (database locked, disk full). `retry_after` is in whole seconds."""

    message = N_("The service is busy or being repaired. Please try again in a moment.")

    def __init__(self, message: str | None = None, retry_after: int = 5, **params: object) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after
