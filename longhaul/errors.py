"""The exception that is written for the user to read."""


class LonghaulError(Exception):
    """Error that the user can mend; its message is one line: the problem, the place, the remedy.

    Attributes
    ----------
    code : int
        Exit code of the process that it ends.
    label : str
        First word of the line on stderr.
    """

    code = 1
    label = "error"
