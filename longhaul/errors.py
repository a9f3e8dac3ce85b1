"""The one exception a user is meant to read."""


class LonghaulError(Exception):
    """Something the user can mend; its message is one line: what was wrong, where, what to do.

    Attributes
    ----------
    code : int
        The exit code of a process that ends by it.
    kind : str
        The first word of the line.
    """

    code = 1
    kind = "error"
