"""`rig run classify`."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from rigtasks.cli import main
from rigtasks.cli.failures import ExitCode

TRANSCRIPTS = Path(__file__).parents[1] / "agent" / "transcripts"


@pytest.fixture
def rig(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rig", "run", "classify", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main.main()
        written = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, written.out, written.err

    return run


def test_a_good_call_is_one_object_with_everything(rig: Any) -> None:
    code, out, err = rig(
        "--provider", "claude", "--exit-code", "0", TRANSCRIPTS / "claude-basic.jsonl"
    )

    assert (code, err) == (ExitCode.OK, "")
    assert json.loads(out) == {
        "class": "ok",
        "retryable": False,
        "retry_at": None,
        "turns": 3,
        "tokens": {"input": 303, "cache_read": 4000, "cache_write": 2100, "output": 123},
        "cost_usd": 0.019715,
        "priced": True,
        "session_id": "5f58479e-30d9-4097-b0d2-34c34f510588",
        "result": "Done: changed the greeting.",
    }


def test_a_failed_call_is_an_answer_and_no_failure_of_the_verb(rig: Any) -> None:
    code, out, _ = rig("--provider", "codex", "--exit-code", "1", TRANSCRIPTS / "codex-e401.jsonl")

    told = json.loads(out)
    assert code == ExitCode.OK
    assert (told["class"], told["retryable"]) == ("auth", False)
    assert (told["cost_usd"], told["priced"]) == (None, False)


def test_codex_is_unpriced_until_the_model_is_named(rig: Any) -> None:
    path = TRANSCRIPTS / "codex-basic.jsonl"

    unnamed = json.loads(rig("--provider", "codex", path)[1])
    named = json.loads(rig("--provider", "codex", "--model", "gpt-5.2-codex", path)[1])

    assert (unnamed["cost_usd"], unnamed["priced"]) == (None, False)
    assert (named["cost_usd"], named["priced"]) == (0.005082, True)
    assert unnamed["tokens"] == named["tokens"]


def test_a_span_counts_from_when_the_output_was_saved(rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text('{"type":"error","message":"Rate limit reached. Try again in 5m."}\n')
    os.utime(path, (1795182000, 1795182000))

    told = json.loads(rig("--provider", "codex", "--exit-code", "1", path)[1])

    assert (told["class"], told["retry_at"]) == ("rate_limit", "2026-11-20T13:45:00Z")


def test_an_empty_file_is_a_crash_with_nothing_known(rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.touch()

    _, out, err = rig("--provider", "claude", path)

    told = json.loads(out)
    assert err.startswith(f"rig: no line of {path} is one that claude prints: ")
    assert (told["class"], told["turns"], told["session_id"]) == ("crashed", 0, None)
    assert (told["cost_usd"], told["priced"], told["result"]) == (None, False, None)


def test_a_missing_file_is_not_found(rig: Any, tmp_path: Path) -> None:
    code, out, err = rig("--provider", "claude", tmp_path / "absent")

    assert (code, out) == (ExitCode.NOT_FOUND, "")
    assert err == f"rig: {tmp_path / 'absent'} does not exist: name the saved output of a call\n"


def test_what_is_no_file_cannot_be_read(rig: Any, tmp_path: Path) -> None:
    code, out, err = rig("--provider", "claude", tmp_path)

    assert (code, out) == (ExitCode.FAILURE, "")
    assert "cannot be read" in err


@pytest.mark.parametrize(
    ("provider", "data"),
    [
        ("codex", (TRANSCRIPTS / "claude-basic.jsonl").read_bytes()),
        ("claude", (TRANSCRIPTS / "codex-basic.jsonl").read_bytes()),
        ("claude", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40),
        ("claude", b"[" * 200_000 + b"]" * 200_000 + b'\n{"type": ' + b"9" * 6_000 + b"}\n"),
    ],
    ids=["another provider's", "the other way round", "binary", "deep and long"],
)
def test_what_holds_no_line_of_the_provider_is_said_to(
    rig: Any, tmp_path: Path, provider: str, data: bytes
) -> None:
    path = tmp_path / "out"
    path.write_bytes(data)

    code, out, err = rig("--provider", provider, path)

    assert (code, json.loads(out)["class"]) == (ExitCode.OK, "crashed")
    assert err == (
        f"rig: no line of {path} is one that {provider} prints: is it the whole standard output "
        "of a call, and of that provider?\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--provider", "nobody"],
        [],
        *(["--provider", "claude", "--exit-code", one] for one in ("one", "256", "-65", "9" * 30)),
    ],
)
def test_a_wrong_call_is_a_usage_error(rig: Any, tmp_path: Path, words: list[str]) -> None:
    saved = tmp_path / "out"
    saved.touch()

    code, out, err = rig(*words, saved)

    assert (code, out) == (ExitCode.USAGE, "")
    assert err
