"""Whole lives held to the record: every event with every field, and all that follows from it.

After a wanted change, run this file to record anew, and read what changed.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recorded_lives import RecordedLife, some_id
from told_lives import LIVES

from rigtasks.errors import StaleEpoch
from rigtasks.lifecycle.commands import IntendPush, ReleaseRun, ReportProgress, StartCli
from rigtasks.testing.life import no_model

RECORDS = Path(__file__).parent / "lives"


def lived(live: Callable[[RecordedLife], None]) -> Any:
    life = RecordedLife()
    live(life)
    return json.loads(json.dumps(life.steps, default=str))


@pytest.mark.parametrize("live", LIVES, ids=lambda live: live.__name__)
def test_a_life_is_the_one_on_record(live: Callable[[RecordedLife], None]) -> None:
    assert lived(live) == json.loads((RECORDS / f"{live.__name__}.json").read_text())


def test_no_record_is_left_without_a_life() -> None:
    assert {one.stem for one in RECORDS.glob("*.json")} == {live.__name__ for live in LIVES}


@pytest.mark.parametrize("state", ["none", "older", "newer"])
def test_a_run_without_its_claim_is_told_to_stop(state: str) -> None:
    life = RecordedLife()
    run_id, epoch = some_id("run"), 1
    if state != "none":
        life.approve()
        run_id = life.claim()
        epoch = life.issue.epoch + (1 if state == "newer" else -1)
    ids: dict[str, Any] = {"run_id": run_id, "epoch": epoch}
    commands = (
        ReportProgress(**ids, kind="tests", message="red"),
        ReleaseRun(**ids, reason="stop", usage=no_model()),
        StartCli(**ids, provider="p", model=None, isolation="none", call_micro_usd=None),
        IntendPush(**ids, branch="b", old_sha=None, new_sha="h1"),
    )

    for command in commands:
        with pytest.raises(StaleEpoch, match=str(run_id)):
            life.tell(command)


if __name__ == "__main__":
    RECORDS.mkdir(exist_ok=True)
    for live in LIVES:
        text = json.dumps(lived(live), indent=1, ensure_ascii=False)
        (RECORDS / f"{live.__name__}.json").write_text(text + "\n")
