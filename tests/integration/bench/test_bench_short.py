import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KEYS = {"name", "unit", "value", "limit", "ratio"}


@pytest.mark.timeout(420)
def test_every_bench_runs_and_yields_sane_figures(tmp_path: Path) -> None:
    # given the command of `make bench`, in its short form
    output = tmp_path / "results.json"
    kept = ROOT / "bench" / "results.json"
    before = kept.read_bytes() if kept.exists() else None

    # when it runs every bench but the demo, which has an acceptance test of its own
    chosen = [word for name in BENCHES for word in ("--only", name)]
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--short", *chosen, "--output", str(output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    # then none failed, and each line has its figures; how fast this machine is does not matter
    assert done.returncode == 0, done.stderr
    assert "could not run" not in done.stdout
    lines = json.loads(output.read_text())
    for line in lines:
        assert set(line) == KEYS
        assert line["value"] > 0
        assert math.isfinite(line["value"])
        if line["limit"] is None:
            assert line["ratio"] is None
        else:
            assert line["ratio"] == pytest.approx(line["value"] / line["limit"])
    # and every goal is about exactly one of them, so that none goes unmeasured
    table = done.stdout
    for goal in GOALS:
        named = [line["name"] for line in lines if line["name"].startswith(goal)]
        assert len(named) == 1, (goal, named)
        assert named[0] in table
    # and a short run never overwrites the figures of a real one
    assert (kept.read_bytes() if kept.exists() else None) == before


BENCHES = (
    "intake",
    "webhook_to_claim",
    "append",
    "claims",
    "rebuild",
    "whole_stack",
    "servers",
    "imports",
)
GOALS = (
    "webhooks accepted",
    "webhook answer p99",
    "webhook to claim, idle, p50",
    "appends",
    "claims",
    "rebuild of",
    "label to agent process, warm, p50",
    "servers, warm start",
    "import rigtasks (",
)
