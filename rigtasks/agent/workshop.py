"""The place where one run's commands are carried out."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from rigtasks.agent.sandbox import Bounds, Level, SandboxSpec, Toolchain, inner_prefix
from rigtasks.agent.walls import Sandbox


def _no_grace() -> float:
    return 0.0


class Workshop(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout, a home and tools behind the same walls for every command of a run.

    Args:
        checkout: a plain clone on the branch of the issue; the agent may change all of it.
        scratch: an empty directory that becomes the commands' `HOME`, kept for the whole run.
        sandbox: what runs the commands; its walls are as strong as the caller found out.
        tools: interpreters and the PATH that leads to them.
        prefix: where the repository's own tools are installed, with a `bin` that is searched first;
            None where it names none.
        bounds: how much of the machine each command may take.
        mark: unique to the run; finds its stray processes where walls do not hold them.
        stop: true as soon as the run has to end (lease lost, shutdown); asked often.
        grace: seconds that are left, once it has to end, to take its unfinished work out of the
            checkout; 0 where nobody wants it.
    """

    checkout: Path
    scratch: Path
    sandbox: Sandbox
    tools: Toolchain
    bounds: Bounds
    mark: str
    stop: Callable[[], bool]
    grace: Callable[[], float] = _no_grace
    prefix: Path | None = None

    @property
    def level(self) -> Level:
        """Return how strong the walls are."""
        return self.sandbox.level

    def spec(
        self, *, cwd: str = ".", env: dict[str, str] | None = None, network: bool = False
    ) -> SandboxSpec:
        """Describe the sandbox of one command of this run."""
        return SandboxSpec(
            workdir=self.checkout,
            cwd=cwd,
            scratch=self.scratch,
            prefix=self.prefix,
            read_only=self.tools.read_only,
            env={"PATH": self._path} | (env or {}),
            network=network,
            bounds=self.bounds,
            mark=self.mark,
        )

    def installing(self, empty: Path, *, network: bool) -> SandboxSpec:
        """Describe the sandbox of a command that installs a tool: it sees nothing of the run.

        Args:
            empty: a folder of its own, with `work` and `home` in it.
            network: whether it has the network.
        """
        return SandboxSpec(
            workdir=empty / "work",
            scratch=empty / "home",
            prefix=self.prefix,
            installs=True,
            read_only=self.tools.read_only,
            env={"PATH": self.tools.path},  # what is installed runs in no installation
            network=network,
            bounds=self.bounds,
            mark=self.mark,
        )

    @property
    def _path(self) -> str:
        if self.prefix is None:
            return self.tools.path
        return f"{inner_prefix(self.prefix, self.level)}/bin:{self.tools.path}"
