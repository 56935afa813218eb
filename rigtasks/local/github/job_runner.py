"""Run the steps of one CI job in a fresh checkout, walled in, without network and secrets."""

import selectors
import shutil
import subprocess
import tempfile
import threading
import time
from collections import deque
from functools import cache
from pathlib import Path

import msgspec

from rigtasks.agent.sandbox import (
    Bounds,
    Excess,
    Level,
    Probe,
    SandboxSpec,
    Toolchain,
    Watch,
    WrappedCommand,
    find_toolchain,
    inner_workdir,
    probe,
    wrap,
)
from rigtasks.agent.sandbox.tree import kill_tree
from rigtasks.errors import Permanent
from rigtasks.local.github.git import BareRepository, environment
from rigtasks.local.github.workflow import Job, Step

_KEPT_OUTPUT = 60_000
_CHUNK = 65_536
_POLL_SECONDS = 0.1
_CHECKOUT_SECONDS = 60
_BOUNDS = Bounds(memory_bytes=4 << 30, processes=1024)
_SHELLS = {"bash": ("bash", "-e", "-c"), "sh": ("sh", "-e", "-c")}

machine_probe = cache(probe)
machine_toolchain = cache(find_toolchain)


class JobPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, from where, and how.

    Attributes:
        path: a PATH searched before the machine's own tools; empty adds nothing.
        timeout: seconds for the whole job.
        isolation: which sandbox the machine has; None finds out by trying.
        allow_unsandboxed: run without isolation where the machine has no sandbox.
        variables: what GitHub tells every step, such as `GITHUB_SHA`.
    """

    git: BareRepository
    sha: str
    job: Job
    timeout: float
    path: str = ""
    isolation: Probe | None = None
    allow_unsandboxed: bool = False
    variables: dict[str, str] = {}


class JobResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended, with the end of what it printed."""

    conclusion: str
    title: str
    text: str


class _Transcript:
    """Keeps the end of a job's output."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._cut = False

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._size += len(chunk)
        while self._size - len(self._chunks[0]) > _KEPT_OUTPUT:
            self._size -= len(self._chunks.popleft())
            self._cut = True

    def say(self, line: str) -> None:
        self.add(f"{line}\n".encode())

    def text(self) -> str:
        whole = b"".join(self._chunks).decode("utf-8", "replace").replace("\0", "")
        if len(whole) > _KEPT_OUTPUT:
            whole, self._cut = whole[-_KEPT_OUTPUT:], True
        return ("[earlier output was cut]\n" if self._cut else "") + whole


def run_job(plan: JobPlan, stopping: threading.Event) -> JobResult:
    """Run a job to its end.

    Args:
        plan: what to run.
        stopping: when set, the job is killed and counts as cancelled.
    """
    if plan.job.unsupported:
        listed = "\n".join(f"- {item}" for item in plan.job.unsupported)
        text = f"This sandbox cannot run the job. It does not support:\n{listed}\n"
        return JobResult(conclusion="failure", title="Unsupported workflow", text=text)
    isolation = plan.isolation or machine_probe()
    if isolation.level is Level.NONE and not plan.allow_unsandboxed:
        text = (
            f"No sandbox works on this machine: {isolation.reason}\n"
            "Install bubblewrap, or start the sandbox GitHub with --allow-unsandboxed-ci.\n"
        )
        return JobResult(conclusion="failure", title="No sandbox", text=text)
    with tempfile.TemporaryDirectory(prefix="ci-", ignore_cleanup_errors=True) as folder:
        return _Execution(plan, isolation, Path(folder), stopping).run()


class _Execution:
    """One job in its folder."""

    def __init__(
        self, plan: JobPlan, isolation: Probe, folder: Path, stopping: threading.Event
    ) -> None:
        self._plan = plan
        self._level = isolation.level
        self._checkout = folder / "checkout"
        self._home = folder / "home"
        self._stopping = stopping
        self._deadline = time.monotonic() + plan.timeout
        self._transcript = _Transcript()
        if isolation.level is Level.NONE:
            self._transcript.say(f"NOT SANDBOXED: {isolation.reason}")

    def run(self) -> JobResult:
        self._home.mkdir()
        try:
            _check_out(self._plan.git, self._plan.sha, self._checkout)
        except subprocess.SubprocessError as error:
            self._transcript.say(f"The commit could not be checked out: {error}")
            return self._result("failure", "No checkout")
        for step in self._plan.job.steps:
            self._transcript.say(f"== {step.name}")
            if step.script is None:
                self._transcript.say("(this action counts as done here)")
                continue
            ended = self._step(step)
            if ended is not None:
                return ended
        return self._result("success", f"{len(self._plan.job.steps)} steps succeeded")

    def _step(self, step: Step) -> JobResult | None:
        try:
            command = self._wrapped(step)
        except Permanent as error:
            self._transcript.say(str(error))
            return self._result("failure", f"{step.name} could not be started")
        code = self._execute(command)
        if self._stopping.is_set():
            return self._result("cancelled", "The sandbox was stopped")
        if isinstance(code, Excess):
            self._transcript.say(f"Stopped: {code}.")
            return self._result("failure", f"{step.name} took {code}")
        if code is None:
            self._transcript.say(f"Stopped after {self._plan.timeout:g} seconds.")
            return self._result("timed_out", f"{step.name} took too long")
        if code:
            self._transcript.say(f"Process completed with exit code {code}.")
            return self._result("failure", f"{step.name} failed with exit code {code}")
        return None

    def _wrapped(self, step: Step) -> WrappedCommand:
        tools = _tools(self._plan.path)
        spec = SandboxSpec(
            workdir=self._checkout,
            cwd=step.working_directory,
            scratch=self._home,
            read_only=tools.read_only,
            bounds=_BOUNDS,
        )
        variables = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(inner_workdir(spec, self._level)),
            **self._plan.variables,
            **step.env,
        }
        spec = msgspec.structs.replace(spec, env={"PATH": tools.path, **variables})
        argv = (*_SHELLS[step.shell], step.script or "")
        return wrap(argv, spec=spec, level=self._level)

    def _execute(self, command: WrappedCommand) -> int | Excess | None:
        """Run a command; None when it took too long or was stopped."""
        with subprocess.Popen(  # noqa: S603  # running the repository's own steps is the purpose
            command.argv,
            env=command.env,
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            finished = self._read_output(process, Watch(process.pid, command.bounds))
            if finished is not True:
                kill_tree(process, command.mark)
            process.wait()
        if finished is True:
            return process.returncode
        return finished or None

    def _read_output(self, process: subprocess.Popen[bytes], watch: Watch) -> bool | Excess:
        if process.stdout is None:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while time.monotonic() < self._deadline and not self._stopping.is_set():
                excess = watch.excess(time.monotonic())
                if excess is not None:
                    return excess
                if not selector.select(_POLL_SECONDS):
                    continue
                chunk = process.stdout.read1(_CHUNK)  # type: ignore[attr-defined]
                if not chunk:
                    return True
                self._transcript.add(chunk)
        return False

    def _result(self, conclusion: str, title: str) -> JobResult:
        return JobResult(conclusion=conclusion, title=title, text=self._transcript.text())


def _tools(path: str) -> Toolchain:
    own = machine_toolchain()
    if not path:
        return own
    folders = [Path(entry) for entry in path.split(":") if entry.startswith("/")]
    shown = [
        folder.parent if folder.name == "bin" else folder
        for folder in folders
        if folder.is_dir() and not folder.is_relative_to("/usr") and folder != Path("/bin")
    ]
    return Toolchain(path=f"{path}:{own.path}", read_only=(*own.read_only, *shown))


def _check_out(git: BareRepository, sha: str, target: Path) -> None:
    """Make a plain clone at a commit, without any remote.

    Raises:
        subprocess.SubprocessError: git failed.
    """
    executable = shutil.which("git") or "git"
    source = str(git.path)
    for step in (
        ["clone", "--quiet", "--no-hardlinks", "--no-checkout", "--template=", source, str(target)],
        ["-C", str(target), "-c", "core.hooksPath=/dev/null", "checkout", "--quiet", sha],
        ["-C", str(target), "remote", "remove", "origin"],
    ):
        subprocess.run(  # noqa: S603  # fixed program, arguments as a list
            [executable, *step],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_CHECKOUT_SECONDS,
        )
