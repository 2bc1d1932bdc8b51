"""The one kind of error that is shown to people instead of a traceback."""


class UserError(Exception):
    """A fault that the user can mend; its text names the thing at fault and says what to do."""
