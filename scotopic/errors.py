"""The one kind of error that scotopic raises for something a user can act on."""


class ScotopicError(Exception):
    """A failure with a one-line message that names the thing and the remedy."""


class TooLargeError(ScotopicError):
    """A picture needs more memory than it may have."""
