"""Sum up a stream of any length in bounded memory."""

from rigtasks.agent.endings import Classified
from rigtasks.agent.events import AnyEvent, Finished, Started, UsageReport
from rigtasks.agent.process import Exit
from rigtasks.agent.streams.naming import LastWords, name_ending
from rigtasks.agent.usage import add_report
from rigtasks.budget.usage import Usage


class Tally:
    """Takes events one by one and keeps what they amount to."""

    def __init__(self) -> None:
        self.session: str | None = None
        self.usage: Usage | None = None
        self._last = LastWords()

    def add(self, event: AnyEvent) -> None:
        """Take one event."""
        if isinstance(event, Started):
            self.session = event.session or self.session
        elif isinstance(event, UsageReport):
            self.usage = add_report(self.usage, event)
        self._last = self._last.after(event)

    @property
    def finished(self) -> Finished | None:
        """Return the tool's last word, where it had one."""
        return self._last.finished

    def ending(self, ended: Exit) -> Classified:
        """Name how the call ended."""
        return name_ending(ended, self._last)
