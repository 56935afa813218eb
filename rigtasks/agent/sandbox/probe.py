"""Find out by trying which level of isolation this machine gives."""

import subprocess
import tempfile
from pathlib import Path

import msgspec

from rigtasks.agent.sandbox.spec import INNER_ID, Level, SandboxSpec
from rigtasks.agent.sandbox.wrap import wrap
from rigtasks.errors import Permanent

_SECONDS = 15.0
_QUESTION = 'test "$(id -u)" = "$1" && test -r /proc/self/status && echo inside > answer'


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """The strongest level that worked, and in words why it is that one."""

    level: Level
    reason: str


def probe() -> Probe:
    """Run a small command in a real sandbox and report the level that this machine gives."""
    with tempfile.TemporaryDirectory(prefix="rig-probe-") as folder:
        obstacle = _try_bubblewrap(Path(folder))
    if obstacle is None:
        return Probe(level=Level.BUBBLEWRAP, reason="bwrap ran a command in its own namespaces")
    return Probe(level=Level.NONE, reason=obstacle)


def _try_bubblewrap(folder: Path) -> str | None:
    question = ("/bin/sh", "-c", _QUESTION, "sh", str(INNER_ID))
    try:
        command = wrap(question, spec=SandboxSpec(workdir=folder), level=Level.BUBBLEWRAP)
        answer = subprocess.run(  # noqa: S603 - our own fixed command
            command.argv,
            env=command.env,
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except Permanent as missing:
        return str(missing)
    except (OSError, subprocess.TimeoutExpired) as failure:
        return f"bwrap could not be run: {failure}"
    if answer.returncode != 0:
        said = answer.stderr.decode(errors="replace").strip()
        return f"bwrap ended with {answer.returncode}: {said or 'no message'}"
    if not (folder / "answer").is_file():
        return "bwrap ran, but what the command wrote did not reach the working directory"
    return None
