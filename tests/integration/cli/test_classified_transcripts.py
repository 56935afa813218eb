"""`rig run classify` as it is typed, on what the real command lines printed once.

Costs are the price lists of late November 2026, in dollars for a million tokens: Claude Opus 4.8 at
5 input, 0.50 cache read, 6.25 cache write and 25 output; GPT-5.2-Codex at 1.75, 0.175 and 14.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TRANSCRIPTS = Path(__file__).parents[2] / "unit" / "agent" / "transcripts"
SAVED_AT = 1_795_800_000
RIG = Path(sys.executable).with_name("rig")

CLAUDE_MAX_TURNS = {
    "class": "max_turns",
    "retryable": False,
    "retry_at": None,
    "turns": 4,
    "tokens": {"input": 303, "cache_read": 4000, "cache_write": 2100, "output": 123},
    "cost_usd": 0.019715,
    "priced": True,
    "session_id": "02590c31-dfe7-4a02-96c3-2d4d3f1bbac0",
    "result": "Reached maximum number of turns (3)",
}
CLAUDE_LIMITED = {
    "class": "rate_limit",
    "retryable": True,
    "retry_at": None,
    "turns": 1,
    "tokens": {"input": 0, "cache_read": 0, "cache_write": 0, "output": 0},
    "cost_usd": 0.0,
    "priced": True,
    "session_id": "88ea9f76-42e3-489d-87e6-9afd4b24c601",
    "result": "API Error: Request rejected (429) · slow down",
}
CODEX_CRASHED = {
    "class": "crashed",
    "retryable": True,
    "retry_at": None,
    "turns": 1,
    "tokens": {"input": 1500, "cache_read": 1800, "cache_write": 0, "output": 153},
    "cost_usd": 0.005082,
    "priced": True,
    "session_id": "01a1f8ab-8348-7373-b0d0-4f033bbcb455",
    "result": "Done: changed the greeting.",
}
CODEX_LIMITED = {
    "class": "rate_limit",
    "retryable": True,
    "retry_at": None,
    "turns": 1,
    "tokens": {"input": 0, "cache_read": 0, "cache_write": 0, "output": 0},
    "cost_usd": None,
    "priced": False,
    "session_id": "01a1f8ac-1168-70e3-ba7a-3e67499d889f",
    "result": "exceeded retry limit, last status: 429 Too Many Requests, request id: req_fake",
}
CODEX = ("--provider", "codex", "--model", "gpt-5.2-codex")
CASES = {
    "claude-maxturns": (("--provider", "claude"), CLAUDE_MAX_TURNS),
    "claude-e429": (("--provider", "claude"), CLAUDE_LIMITED),
    "codex-basic": (CODEX, CODEX_CRASHED),
    "codex-e429": (CODEX, CODEX_LIMITED),
}


def classify(folder: Path, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the installed command on a transcript that was saved at a known time."""
    saved = folder / f"{name}.jsonl"
    shutil.copyfile(TRANSCRIPTS / saved.name, saved)
    os.utime(saved, (SAVED_AT, SAVED_AT))
    return subprocess.run(
        [str(RIG), "run", "classify", *words, "--exit-code", "1", str(saved)],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
    )


@pytest.mark.parametrize("name", CASES)
def test_the_whole_object_is_exact(tmp_path: Path, name: str) -> None:
    words, expected = CASES[name]

    ended = classify(tmp_path, name, *words)

    assert (ended.returncode, ended.stderr) == (0, "")
    told: dict[str, Any] = json.loads(ended.stdout)
    assert told == expected
    assert list(told) == list(expected)
    assert list(told["tokens"]) == ["input", "cache_read", "cache_write", "output"]
