"""The one exception that users see as a message instead of a traceback."""


class UserError(Exception):
    """An error that the user can fix; the message says what is wrong and what to do."""
