"""The one exception a user is meant to read."""


class GxnError(Exception):
    """Bad input, configuration or state: the message says what was wrong, where, and what to do.

    `gxn.cli.run` prints it as one line and exits with status 2; no traceback is shown.
    """
