"""The exception whose message is written for the user."""


class LonghaulError(Exception):
    """A mistake that the user can mend; its message is one line: what is wrong, where, what to do.

    Attributes
    ----------
    code : int
        Exit code of the process that it ends.
    label : str
        First word of the line on stderr.
    """

    code = 1
    label = "error"
