"""`rig up`, `rig demo` and what belongs to the local stack."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from rigtasks.cli.failures import ExitCode
from rigtasks.cli.stopping import stopped_by_signals
from rigtasks.cli.tools import DemoAgent
from rigtasks.config import CLOSE_TO_STRANGERS, OPEN_TO_ALL, load_settings
from rigtasks.local.memory import measure, memory_table, stack_processes
from rigtasks.local.postgres import PostgresServer
from rigtasks.local.problems import AlreadyRunning
from rigtasks.local.processes import stop_leftovers
from rigtasks.local.records import read_record
from rigtasks.local.stack import Addresses, LocalStack, StackOptions
from rigtasks.local.valkey import ValkeyServer

DEMO_PREFIX = "rig-demo-"


def run_up(data_dir: Path, port: int | None, *, as_json: bool, memory: bool) -> None:
    """Run the stack until a signal asks for its end."""
    stack = LocalStack(options_for(data_dir, port), report=_Progress(time.monotonic()))
    with stopped_by_signals(stack.ask_stop), stack:
        assert stack.addresses is not None  # noqa: S101 - set by a successful start
        if as_json:
            _say(msgspec.json.encode(stack.addresses).decode())
        else:
            _say(_welcome(stack.addresses, stack.logs))
        warn_of_strangers(stack.addresses, sandbox_github=stack.options.sandbox_github)
        if memory:
            _say(memory_table(measure(stack_processes(stack.data_dir))), error=as_json)
        stack.wait()
        _say("stopping", error=True)


def warn_of_strangers(addresses: Addresses, *, sandbox_github: bool) -> None:
    """Say in one line on standard error that the rig works for everybody, where it does."""
    if not sandbox_github and load_settings(DATABASE_URL=addresses.database_url).is_open_to_all:
        _say(f"  warning: {OPEN_TO_ALL}; {CLOSE_TO_STRANGERS}", error=True)


def run_demo(data_dir: Path | None, agent: DemoAgent, *, keep: bool, as_json: bool) -> int:
    """Tell the demo's story on a stack of its own and return the exit code.

    No agent of the demo needs an account or a key: behind a real command line is a scripted model.

    Without a data folder the stack lives in a temporary one, unless it is kept running; after a
    failure that folder stays, because its logs tell why.
    """
    from rigtasks.local.demo.story import (  # noqa: PLC0415 - only the demo needs it
        PATIENCE_SECONDS,
        PATIENCE_WITH_REAL_TOOLS,
        run,
    )

    temporary = data_dir is None and not keep
    folder = _demo_folder() if temporary else data_dir or Path(".rig")
    scripted = agent is DemoAgent.SCRIPTED
    patience = PATIENCE_SECONDS if scripted else PATIENCE_WITH_REAL_TOOLS
    code = int(ExitCode.FAILURE)
    try:
        with _demo_agent(agent) as settings:
            stack = LocalStack(
                options_for(folder, None, settings=settings), report=_Progress(time.monotonic())
            )
            with stopped_by_signals(stack.ask_stop), stack:
                code = run(stack, json_output=as_json, keep=keep, patience_seconds=patience)
    finally:
        if temporary and code == ExitCode.OK:
            remove_data(folder)
        elif temporary:
            _say(f"the logs of this demo are kept in {folder / 'logs'}", error=True)
    return code


@contextmanager
def _demo_agent(agent: DemoAgent) -> Iterator[dict[str, str]]:
    """Give the settings of the demo's agent, and serve its model where it needs one."""
    if agent is DemoAgent.SCRIPTED:
        yield {"RIG_PROVIDER": "scripted"}
        return
    from rigtasks.local.demo.model_script import demo_model  # noqa: PLC0415 - as above

    with demo_model(agent.value) as settings:
        _say(
            f"  {agent.value} is the real program, its model a script on this machine: nothing is "
            "paid, costs are what the model's list says",
            error=True,
        )
        yield settings


def remove_abandoned_demos() -> list[Path]:
    """Stop and delete what killed demos of this user left in the temp folder."""
    removed = []
    for folder in Path(tempfile.gettempdir()).glob(f"{DEMO_PREFIX}*"):
        owner = read_record(folder / "stack.json")
        ours = folder.stat().st_uid == os.geteuid()
        if ours and owner is not None and owner.process() is None:
            remove_data(folder)
            removed.append(folder)
    return removed


def _demo_folder() -> Path:
    remove_abandoned_demos()
    folder = Path(tempfile.mkdtemp(prefix=DEMO_PREFIX))
    folder.chmod(0o711)  # the database server's account passes through it
    return folder


def options_for(
    data_dir: Path, port: int | None, *, settings: Mapping[str, str] | None = None
) -> StackOptions:
    """Return the options a user's environment and command line ask for.

    GitHub's Apps or a token in the environment mean the real GitHub; nothing means the sandbox,
    and so does the demo, which brings settings of its own.
    """
    real = settings is None and bool(
        os.environ.get("RIG_APPS_FILE") or os.environ.get("RIG_GITHUB_TOKEN")
    )
    options = StackOptions(
        data_dir=data_dir, sandbox_github=not real, settings=dict(settings or {})
    )
    return options if port is None else replace(options, web_port=port)


def print_memory(data_dir: Path, *, as_json: bool) -> ExitCode:
    """Print the memory of the stack that runs in this folder."""
    rows = measure(stack_processes(data_dir.resolve()))
    if not rows:
        _say(f"no stack is running in {data_dir}", error=True)
        return ExitCode.NOT_FOUND
    _say(msgspec.json.encode(rows).decode() if as_json else memory_table(rows))
    return ExitCode.OK


def remove_stack(data_dir: Path, *, yes: bool) -> ExitCode:
    """Delete a stopped stack's data; without `yes` only say what would go.

    Raises:
        AlreadyRunning: the stack is alive.
    """
    owner = read_record(data_dir / "stack.json")
    if owner is not None and owner.process() is not None:
        raise AlreadyRunning(
            f"the stack in {data_dir} is running (pid {owner.pid}); stop it first", pid=owner.pid
        )
    if not yes:
        _say(f"would stop what is left in {data_dir} and delete it; repeat with --yes")
        return ExitCode.OK
    if data_dir.exists():
        remove_data(data_dir)
    return ExitCode.OK


def remove_data(data_dir: Path) -> None:
    """Stop what a stack left running and delete all it kept, wherever that is."""
    resolved = data_dir.resolve()
    stop_leftovers(resolved / "run")
    ValkeyServer(data_dir=resolved).remove()
    PostgresServer(data_dir=resolved).remove()
    shutil.rmtree(resolved)


def exec_web(host: str, port: int) -> None:
    """Become the web server."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    command += ["--host", host, "--port", str(port), "webhook_receiver.wsgi:app"]
    os.execv(sys.executable, command)  # noqa: S606 - our own command line, no shell wanted


class _Progress:
    """Prints what the stack reports to standard error, with the seconds since the start."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._heard = True

    def __call__(self, message: str) -> None:
        if not self._heard:
            return
        try:
            _say(f"  {time.monotonic() - self._started:5.1f}s  {message}", error=True)
        except BrokenPipeError:
            self._heard = False  # nobody reads any more; the stack runs on


def _welcome(addresses: Addresses, logs: Path) -> str:
    return "\n".join(
        [
            "",
            f"  Dashboard       {addresses.web}/dashboard",
            f"  Flower          {addresses.flower}",
            f"  GitHub          {addresses.github}",
            f"  Webhook secret  {addresses.webhook_secret}",
            f"  Logs            {logs}",
            "  Ctrl-C stops everything.",
        ]
    )


def _say(text: str, *, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()
