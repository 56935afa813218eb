"""What a command ends with."""

import json

import pytest

from rigtasks.cli.failures import (
    ExitCode,
    NotFound,
    PreconditionFailed,
    exit_code,
    tell,
    wants_json,
)
from rigtasks.config import ConfigurationError
from rigtasks.errors import Conflict, Permanent, Rejected, Retryable, RigError, StaleEpoch
from rigtasks.local.problems import AlreadyRunning, Interrupted, MissingProgram


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RigError("?"), ExitCode.FAILURE),
        (Permanent("no"), ExitCode.FAILURE),
        (StaleEpoch("late"), ExitCode.FAILURE),
        (MissingProgram("install it"), ExitCode.FAILURE),
        (ConfigurationError("set it"), ExitCode.INVALID),
        (Rejected("bad", code="bad-input"), ExitCode.INVALID),
        (NotFound("no such issue"), ExitCode.NOT_FOUND),
        (PreconditionFailed("it is done already"), ExitCode.CONFLICT),
        (Conflict("moved"), ExitCode.CONFLICT),
        (AlreadyRunning("there", pid=7), ExitCode.CONFLICT),
        (Retryable("later"), ExitCode.UNREACHABLE),
        (Interrupted("stopped"), ExitCode.INTERRUPTED),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: RigError, code: ExitCode) -> None:
    assert exit_code(error) is code


def test_an_error_is_a_sentence_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    code = tell(AlreadyRunning("a stack is already running"), as_json=False)

    written = capsys.readouterr()
    assert code is ExitCode.CONFLICT
    assert written.err == "rig: a stack is already running\n"
    assert written.out == ""


def test_an_error_is_problem_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Rejected("no such thing", code="unknown-thing"), as_json=True)

    written = capsys.readouterr()
    problem = json.loads(written.err)
    assert problem["code"] == "unknown-thing"
    assert problem["detail"] == "no such thing"
    assert problem["exit_code"] == 3
    assert written.out == ""


@pytest.mark.parametrize(
    "typed", ["-o json", "--output json", "--output=json", "-ojson", "7 --json", "-o json 7"]
)
def test_a_program_that_asks_for_json_gets_json_errors(typed: str) -> None:
    assert wants_json(typed.split())


@pytest.mark.parametrize("typed", ["", "json", "-o table json", "issue view json -o"])
def test_a_person_gets_sentences(typed: str) -> None:
    assert not wants_json(typed.split())
