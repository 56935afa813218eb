"""Install a tool in the run's own prefix, behind walls that show nothing else of the run."""

import shlex
import tempfile
import time
from pathlib import Path

import msgspec

from rigtasks.agent.command import CommandResult, run_words
from rigtasks.agent.run_end import run_stopped
from rigtasks.agent.workshop import Workshop
from rigtasks.errors import Permanent
from rigtasks.routing.tools import Installation


class InstallFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A step that did not do its work: its words as a shell would be given them, and its end."""

    tool: Installation
    words: str
    result: CommandResult

    @property
    def sentence(self) -> str:
        """Say which tool it was, for people."""
        net = "" if self.tool.network else "; it had no network"
        return (
            f"the tool {self.tool.label} could not be installed: {self.words} "
            f"{self.result.describe()}{net}"
        )


def install(tool: Installation, workshop: Workshop, *, seconds: float) -> InstallFailed | None:
    """Carry out the steps of one tool; return the first that failed, None where none did.

    The steps see an empty home and an empty working copy, so that no file of the repository says
    where a package comes from, and nothing of it can leave.

    Raises:
        RunEnds: the run has to stop.
    """
    if workshop.prefix is None:
        raise Permanent(f"there is no place for the tool {tool.label}")
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(dir=workshop.prefix.parent, prefix="installing-") as folder:
        for name in ("work", "home"):
            (Path(folder) / name).mkdir()
        for words in tool.steps:
            result = run_words(
                words,
                spec=workshop.installing(Path(folder), network=tool.network),
                sandbox=workshop.sandbox,
                seconds=max(ends - time.monotonic(), 0.0),
                stop=workshop.stop,
            )
            if result.stopped:
                raise run_stopped()
            if not result.ok:
                return InstallFailed(tool=tool, words=shlex.join(words), result=result)
    return None
