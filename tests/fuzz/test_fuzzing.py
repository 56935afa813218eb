"""A short fuzz of the two parsers that face strangers; `make fuzz SECONDS=600` is the long one.

Seed and number of inputs are fixed, so that the same code gets the same inputs every time.
"""

import importlib.util
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

FUZZER = Path(__file__).with_name("fuzz.py")
CORPUS = FUZZER.with_name("corpus")
SHORT = {
    "config": ("-runs=800", "-max_len=600"),
    "delivery": ("-runs=4000", "-max_len=1500"),
}
BOUNDS = ("-seed=1", "-timeout=90", "-rss_limit_mb=1024")
"""An endless loop or a gigabyte is a finding, too; `fuzz.py` bounds the computing further."""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has wheels for Linux on x86-64 and CPython 3.11 to 3.14 only",
)


def fuzz(name: str, folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (sys.executable, str(FUZZER), name, str(folder), *BOUNDS, *options),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        errors="replace",
    )


def test_no_input_gets_past_either_parser_without_an_answer(tmp_path: Path) -> None:
    with ThreadPoolExecutor(len(SHORT)) as pool:
        done = pool.map(lambda name: (name, fuzz(name, tmp_path, *SHORT[name])), SHORT)
        for name, ended in done:
            assert ended.returncode == 0, (
                f"fuzzing {name}:\n{ended.stdout[-2_000:]}{ended.stderr[-2_000:]}"
            )
            figures = re.search(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)", ended.stderr)
            assert figures is not None, ended.stderr[-3_000:]
            runs, branches, _, kept = map(int, figures.groups())
            sys.stdout.write(f"fuzzed {name}: {runs} inputs, {branches} branches, {kept} kept\n")
            assert f"-runs={runs}" == SHORT[name][0]
            kept = len(list((CORPUS / name).iterdir()))
            assert f"{kept} files found in {CORPUS / name}" in ended.stderr
            assert branches > 150, "the parser was not instrumented"


def test_the_fuzzer_finds_what_only_coverage_leads_to(tmp_path: Path) -> None:
    ended = fuzz("planted", tmp_path, "-runs=300000", "-max_len=16")

    assert ended.returncode != 0
    assert "the planted fault" in ended.stdout
    (found,) = tmp_path.glob("planted-crash-*")
    assert found.read_bytes().startswith(b"rig!")
