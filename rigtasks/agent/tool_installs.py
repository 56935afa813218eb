"""Install a tool in the run's own prefix, behind walls that show nothing else of the run."""

import shlex
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from rigtasks.agent.command import CommandResult, run_words
from rigtasks.agent.run_end import run_stopped
from rigtasks.agent.workshop import Workshop
from rigtasks.errors import Permanent
from rigtasks.routing.tools import Installation

_Run = Callable[[tuple[str, ...]], CommandResult]
#: What the environment of a package of pip has of its own in `bin`.
_ENVIRONMENT = ("python", "activate", "Activate")
_SHOWN = 12
#: The exit code with which `test` answers no.
_NO = 1


class InstallFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A command that did not do its work: its words as a shell would be given them, and its end.

    `lacks` is set where the tool is installed, and a program that the operator named is not there.
    """

    tool: Installation
    words: str
    result: CommandResult
    lacks: str | None = None

    @property
    def sentence(self) -> str:
        """Say which tool it was, for people."""
        if self.lacks is not None:
            return self._without_program(self.lacks)
        net = "" if self.tool.network else "; it had no network"
        return (
            f"the tool {self.tool.label} could not be installed: {self.words} "
            f"{self.result.describe()}{net}"
        )

    def _without_program(self, program: str) -> str:
        names = self.result.output.split() if self.result.ok else []
        own = [f"`{name}`" for name in names if not name.startswith(_ENVIRONMENT)]
        listed = ", ".join(own[:_SHOWN]) + (", …" if len(own) > _SHOWN else "")
        return (
            f"the tool {self.tool.label} could not be installed: it brings no program "
            f"`{program}`, {f'only {listed}' if own else 'nor any other'}; an operator of the rig "
            f"says under `programs` of `{self.tool.name}` in RIG_TOOLS_FILE which are to be found"
        )


def install(tool: Installation, workshop: Workshop, *, seconds: float) -> InstallFailed | None:
    """Carry out the commands of one tool; return the first that failed, None where none did.

    They see an empty home and an empty working copy, so that no file of the repository says
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

        def run(words: tuple[str, ...]) -> CommandResult:
            result = run_words(
                words,
                spec=workshop.installing(Path(folder), network=tool.network),
                sandbox=workshop.sandbox,
                seconds=max(ends - time.monotonic(), 0.0),
                stop=workshop.stop,
            )
            if result.stopped:
                raise run_stopped()
            return result

        return (
            _first_failing(tool, tool.steps, run)
            or _first_lacking(tool, run)
            or _first_failing(tool, tool.links, run)
        )


def _first_failing(
    tool: Installation, commands: tuple[tuple[str, ...], ...], run: _Run
) -> InstallFailed | None:
    for words in commands:
        result = run(words)
        if not result.ok:
            return InstallFailed(tool=tool, words=shlex.join(words), result=result)
    return None


def _first_lacking(tool: Installation, run: _Run) -> InstallFailed | None:
    for program in tool.programs:
        words = ("test", "-x", f"{tool.folder}/{program}")
        result = run(words)
        if result.exit.code == _NO:
            return _lacking(tool, program, run)
        if not result.ok:
            return InstallFailed(tool=tool, words=shlex.join(words), result=result)
    return None


def _lacking(tool: Installation, program: str, run: _Run) -> InstallFailed:
    words = ("ls", tool.folder)
    return InstallFailed(tool=tool, words=shlex.join(words), result=run(words), lacks=program)
