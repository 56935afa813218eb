"""A command line of the operator's own as the agent: prompt in, plain output, exit code decides."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rigtasks.agent.endings import Classified, Ending
from rigtasks.agent.events import AnyEvent, Finished, Message, UsageReport
from rigtasks.agent.process import Exit
from rigtasks.agent.provider import AgentCall, Launch, LineParser
from rigtasks.errors import Permanent

_NOT_EXECUTABLE = 126


class CommandProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Runs a fixed command; for a review its whole output must be the review's JSON.

    Args:
        argv: the command and its arguments, as in the settings; never a shell line.
        model: what to write into trailers.
        read_only: host paths that the command needs.
        network: whether it may reach the network.
        cost_micro_usd_per_call: what a call costs; None leaves runs unpriced.
    """

    argv: tuple[str, ...]
    model: str = "unknown"
    read_only: tuple[Path, ...] = ()
    network: bool = False
    cost_micro_usd_per_call: int | None = None

    def __post_init__(self) -> None:
        """Refuse an empty command.

        Raises:
            Permanent: no argv was set.
        """
        if not self.argv:
            raise Permanent("the command provider needs the argv of a command in its settings")

    @property
    def name(self) -> str:
        """Return `command`."""
        return "command"

    @property
    def streams(self) -> bool:
        """Say no: a plain command may work in silence."""
        return False

    def launch(self, call: AgentCall) -> Launch:
        """Give the prompt on standard input; the role and the limits go into the environment."""
        return Launch(
            argv=self.argv,
            stdin=call.prompt.encode(errors="replace"),
            env={
                "RIG_ROLE": call.role.value,
                "RIG_MAX_TURNS": str(call.max_turns),
                "RIG_MAX_SECONDS": str(int(call.seconds)),
            },
            read_only=self.read_only,
            network=self.network,
        )

    def parser(self) -> LineParser:
        """Return a parser that takes every line as a message."""
        return lambda line: (Message(text=line),)

    def classify(self, ended: Exit, events: Sequence[AnyEvent], stderr: str) -> Classified:
        """Go by the exit code alone."""
        del events
        if ended.signal is not None:
            return Classified(ending=Ending.CRASHED, detail=f"ended by signal {ended.signal}")
        if ended.code == 0:
            return Classified(ending=Ending.OK)
        said = stderr.strip().splitlines()
        detail = f"exit code {ended.code}" + (f": {said[-1]}" if said else "")
        started = ended.code is not None and ended.code < _NOT_EXECUTABLE
        return Classified(ending=Ending.REFUSAL if started else Ending.CRASHED, detail=detail)

    def closing(self, events: Sequence[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Make the last words of a finished call: all its output, and its price where known."""
        text = "\n".join(event.text for event in events if isinstance(event, Message))
        report = UsageReport(
            model=self.model, turns=1, cost_micro_usd=self.cost_micro_usd_per_call, cumulative=True
        )
        return (report, Finished(ok=True, text=text, structured=text))
