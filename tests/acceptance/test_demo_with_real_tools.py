"""The demo's whole way with the real command lines of Claude and Codex."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_rig import START_SECONDS, STOP_SECONDS, new_data_dir

from rigtasks.cli.start import remove_data
from rigtasks.local.demo.story import PATIENCE_WITH_REAL_TOOLS

SECONDS = START_SECONDS + PATIENCE_WITH_REAL_TOOLS + STOP_SECONDS
KEY = b"of-the-demo"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    folder = new_data_dir()
    yield folder
    if folder.exists():
        remove_data(folder)
    shutil.rmtree(folder.parent)


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.parametrize(
    ("tool", "model"), [("claude", "claude-sonnet-4-5"), ("codex", "gpt-5.2-codex")]
)
def test_both_issues_are_merged(tool: str, model: str, data_dir: Path) -> None:
    words = ("demo", "--json", "--provider", tool, "--data-dir", str(data_dir))
    told = subprocess.run(
        (sys.executable, "-m", "rigtasks.cli", *words),
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(data_dir.parent)},
        timeout=SECONDS,
        check=False,
    )

    assert told.returncode == 0, told.stderr.decode()
    report = json.loads(told.stdout.splitlines()[-1])
    assert report["ok"] is True
    issues = {issue["ref"]: issue for issue in report["issues"]}
    assert set(issues) == {"demo/node-slugs#1", "demo/python-rooms#1"}
    for issue in issues.values():
        assert (issue["state"], issue["verified"]) == ("done", True)
        assert issue["models"] == [model]
    assert issues["demo/node-slugs#1"]["runs"] == 4  # the reviewer asked for a change
    logs = b"".join(path.read_bytes() for path in (data_dir / "logs").iterdir())
    assert KEY not in logs + told.stdout + told.stderr
