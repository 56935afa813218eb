"""Whose agent a run works with, from the moment that is known."""


class ChosenProvider:
    """The name of a run's provider; None until the repository's file was read.

    Written by the run, read by the thread that keeps its lease.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
