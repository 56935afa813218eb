"""The honest end: no rule fits."""


class GivesUp(Exception):  # noqa: N818 - the name of the result, not of a fault
    """No rule solves this; the text says what was tried."""
