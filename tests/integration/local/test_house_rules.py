"""The rules that the shared fixtures enforce: unit tests stay pure, and nothing is skipped."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "conftest.py"
SCENES = SHARED.parent / "scenes"


def run_tests(folder: Path, name: str, source: str, **environment: str) -> tuple[int, str]:
    """Run one test file in a tests folder of its own, with the shared fixtures."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    shutil.copy(SHARED, folder / "conftest.py")
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)],
        cwd=folder,
        env={**os.environ, "RIG_NO_SKIPS": "", "PYTHONPATH": str(SCENES), **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    return answer.returncode, answer.stdout


SKIPPING = {
    "a skipped test": "import pytest\ndef test_it(): pytest.skip('not today')\n",
    "a skipped file": "import pytest\npytest.skip('not today', allow_module_level=True)\n",
    "an expected failure": "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n",
    "a mark": "import pytest\n@pytest.mark.skipif(True, reason='never')\ndef test_it(): ...\n",
}


@pytest.mark.parametrize("source", SKIPPING.values(), ids=SKIPPING.keys())
def test_what_does_not_run_is_a_failure_when_asked(tmp_path: Path, source: str) -> None:
    passing = "\ndef test_other(): assert True\n" if "allow_module" not in source else ""

    code, output = run_tests(tmp_path, "test_it.py", source + passing, RIG_NO_SKIPS="1")

    assert code == 1
    assert "nothing may be skipped: test_it.py" in output


def test_skips_are_allowed_when_nobody_asks(tmp_path: Path) -> None:
    source = SKIPPING["a skipped test"] + "\ndef test_other(): assert True\n"

    code, output = run_tests(tmp_path, "test_it.py", source)

    assert code == 0
    assert "nothing may be skipped" not in output


def test_a_clean_run_passes_when_asked(tmp_path: Path) -> None:
    code, _ = run_tests(tmp_path, "test_it.py", "def test_it(): assert True\n", RIG_NO_SKIPS="1")

    assert code == 0


FORBIDDEN = {
    "a socket": "import socket\ndef test_it(): socket.create_connection(('127.0.0.1', 9))\n",
    "a server": "import socket\ndef test_it(): socket.socket().bind(('127.0.0.1', 0))\n",
    "a process": "import subprocess\ndef test_it(): subprocess.run(['true'])\n",
}


@pytest.mark.parametrize("source", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_unit_test_may_not_touch_the_outside(tmp_path: Path, source: str) -> None:
    code, output = run_tests(tmp_path, "unit/test_it.py", source)

    assert code == 1
    assert "is a unit test and must not use" in output


def test_another_tier_may(tmp_path: Path) -> None:
    code, _ = run_tests(tmp_path, "integration/test_it.py", FORBIDDEN["a process"])

    assert code == 0


def test_servers_of_the_session_may_end_after_a_unit_test(tmp_path: Path) -> None:
    source = (
        "import pytest, subprocess\n"
        "@pytest.fixture(scope='session')\n"
        "def server():\n    yield\n    subprocess.run(['true'], check=True)\n"
        "def test_it(server): assert True\n"
    )

    code, _ = run_tests(tmp_path, "unit/test_it.py", source)

    assert code == 0
