"""Ask the code itself: run the issue's examples against texts of a file."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rigtasks.agent.scripted.examples import Example
from rigtasks.agent.scripted.giving_up import GivesUp
from rigtasks.agent.scripted.sources import Definition

_HERE = Path(__file__).parent
_SECONDS = 60.0
_LEFT_OUT = shutil.ignore_patterns(".git", "node_modules", "__pycache__", ".venv")


@dataclass(frozen=True)
class Answer:
    """What the examples gave with one candidate text; `values` are as the language prints them."""

    index: int
    holds: bool
    values: tuple[str, ...]


@contextmanager
def copy_of(root: Path) -> Iterator[Path]:
    """Give a copy of the working copy to try things in; installed packages are linked."""
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        copy = Path(folder, "copy")
        shutil.copytree(root, copy, ignore=_LEFT_OUT, symlinks=True)
        for name in ("node_modules", ".venv"):
            if (root / name).is_dir():
                (copy / name).symlink_to((root / name).resolve())
        yield copy


def evaluate(
    copy: Path,
    examples: tuple[Example, ...],
    definitions: list[Definition],
    *,
    path: str,
    candidates: list[str],
    wanted: int,
) -> list[Answer]:
    """Write each candidate to `path` in the copy and run the examples, in order.

    Stops when `wanted` candidates make all examples hold; the answers of the others are returned
    as well.

    Raises:
        GivesUp: the language's interpreter is not there, or it broke down.
    """
    homes = {definition.name: definition.path for definition in reversed(definitions)}
    question = {
        "root": str(copy),
        "path": path,
        "candidates": candidates,
        "wanted": wanted,
        "examples": [
            example.as_json() | {"path": homes[example.function]}
            for example in examples
            if example.function in homes
        ],
    }
    probe = (
        ("python", "-B", "python_probe.py") if path.endswith(".py") else ("node", "node_probe.mjs")
    )
    program = shutil.which(probe[0])
    if program is None:
        raise GivesUp(f"{probe[0]} is not on the PATH, so the examples cannot be tried")
    argv = (program, *probe[1:-1], str(_HERE / probe[-1]))
    return [_answer(line) for line in _ask(argv, json.dumps(question), copy)]


def _ask(argv: tuple[str, ...], question: str, copy: Path) -> list[str]:
    """Run a probe; what it said before its time was over counts."""
    try:
        done = subprocess.run(  # noqa: S603 - the language's interpreter, inside the sandbox
            argv,
            input=question.encode(),
            capture_output=True,
            cwd=copy,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        *whole, _ = (late.stdout or b"").decode(errors="replace").split("\n")
        return whole
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise GivesUp(f"the examples could not be tried: {said}")
    return done.stdout.decode(errors="replace").splitlines()


def _answer(line: str) -> Answer:
    data = json.loads(line)
    return Answer(index=data["index"], holds=data["holds"], values=tuple(data["values"]))
