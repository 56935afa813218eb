"""Fuzz one parser, guided by the coverage of its Python code; started by `make fuzz`.

    python tests/fuzz/fuzz.py {config,delivery} FOLDER [libFuzzer's options]

It starts from the target's seeds and from what `corpus/` keeps for good. FOLDER keeps every input
that reached something new, for the next run. An input that breaks what must hold is written there
as `crash-…`, and the exit code says so.
"""

import importlib
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import atheris

HERE = Path(__file__).parent
UNIT = HERE.parent / "unit"
CORPUS = HERE / "corpus"
FOLDERS = (UNIT / "receiver", UNIT / "routing", UNIT / "github")
MOST_SECONDS = 3.0
INSTRUMENTED = {
    "config": ("rigtasks.routing", "ruamel.yaml"),
    "delivery": ("rigtasks.github", "rigtasks.conductor.attention", "webhook_receiver.intake"),
    "planted": ("fuzz_planted",),
}
"""The code whose branches guide the fuzzer; instrumenting more makes the start slow."""


def main(name: str, folder: Path, options: list[str]) -> None:
    """Fuzz a target until its options, or a finding, end it; this does not return."""
    sys.path += [str(path) for path in FOLDERS]
    with atheris.instrument_imports(include=list(INSTRUMENTED[name])):
        target = importlib.import_module(f"fuzz_{name}").TARGET
    logging.disable()  # a refusal is not worth a line, and a failure is a finding
    corpus = folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    kept = [str(CORPUS / name)] if (CORPUS / name).is_dir() else []
    words = folder / f"{name}.words"
    words.write_text("".join(f"{_quoted(word)}\n" for word in target.words))
    arguments = [f"-dict={words}"] if target.words else []
    atheris.Setup(
        [
            f"{sys.executable} {sys.argv[0]} {name} {folder}",  # what starts it once more, to merge
            *arguments,
            f"-artifact_prefix={folder}/{name}-",
            *options,
            str(corpus),
            *kept,
        ],
        _in_time(target.judge),
    )
    atheris.Fuzz()


def _in_time(judge: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Bound the computing for one input; the clock on the wall also counts what others do."""

    def timed(data: bytes) -> None:
        started = time.process_time()
        judge(data)
        took = time.process_time() - started
        if took > MOST_SECONDS:
            raise AssertionError(f"one input took {took:.1f} s")

    return timed


def _quoted(word: str) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"'


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # a run is repeated by its seed alone
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONHASHSEED": "0"})  # noqa: S606
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
