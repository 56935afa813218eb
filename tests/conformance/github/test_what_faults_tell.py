"""What a caller is told of each fault, and whether its effect has happened, on both sides."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from towns import Town, Waiting, plan

from rigtasks.errors import RigError
from rigtasks.github.errors import BadCredentials, EffectUnknown, RateLimited, Unavailable
from rigtasks.github.identities import Role
from rigtasks.github.issues import Comment, read_comments, read_issue
from rigtasks.local.github.faults.plan import NO_FAULTS

Kind = type[RigError] | None
#: The fault, what a write is told, whether it happened, what a read is told.
TOLD: dict[str, tuple[dict[str, Any], Kind, bool, Kind]] = {
    "500 before": ({"kind": "error-before", "status": 500}, EffectUnknown, False, Unavailable),
    "504 after": ({"kind": "error-after", "status": 504}, EffectUnknown, True, Unavailable),
    "cut": ({"kind": "cut"}, EffectUnknown, True, Unavailable),
    "cut at once": ({"kind": "cut", "bytes": 0}, EffectUnknown, True, Unavailable),
    "a live token, once": ({"kind": "unauthorized"}, None, True, None),
    "the token ends": ({"kind": "token-expires"}, None, True, None),
    "no token is good": (
        {"kind": "unauthorized", "times": 50}, BadCredentials, False, BadCredentials
    ),
    "secondary 403": ({"kind": "secondary-limit"}, RateLimited, False, RateLimited),
    "secondary 429": (
        {"kind": "secondary-limit", "status": 429, "retry_after": 7},
        RateLimited, False, RateLimited,
    ),
    "primary 403": ({"kind": "primary-limit"}, RateLimited, False, RateLimited),
}  # fmt: skip
CASES = tuple(pytest.param(*case, id=name) for name, case in TOLD.items())


def told(kind: Kind) -> AbstractContextManager[Any]:
    return nullcontext() if kind is None else pytest.raises(kind)


def wait_for(clock: Waiting, error: "pytest.ExceptionInfo[RigError] | None") -> None:
    """Wait as long as a limit asks for."""
    if error is not None and isinstance(error.value, RateLimited):
        clock.sleep(error.value.retry_after + 1.0)


@pytest.mark.parametrize(("fault", "of_write", "happens", "of_read"), CASES)
def test_the_same_is_told_on_both_sides(
    town: Town, fault: dict[str, Any], of_write: Kind, happens: bool, of_read: Kind  # noqa: FBT001 - a column of the table
) -> None:  # fmt: skip
    number, clock = town.create_issue("Prices"), Waiting()
    api = town.patient(Role.CONDUCTOR, clock)
    assert read_comments(api, number) == ()

    town.faults.install(plan({"times": 1, "paths": ["/repos/**"], **fault}))
    try:
        with told(of_write) as error:
            api.write("POST", f"/issues/{number}/comments", {"body": "Queued"}, Comment)
    finally:
        town.faults.install(NO_FAULTS)
    if of_write is RateLimited and fault["kind"] == "secondary-limit":
        assert error.value.retry_after == fault.get("retry_after", 60)
    wait_for(clock, error)
    assert len(read_comments(api, number)) == int(happens)

    town.faults.install(plan({"times": 1, "paths": ["/repos/**"], **fault}))
    try:
        with told(of_read) as error:
            read_issue(api, number)
    finally:
        town.faults.install(NO_FAULTS)
    wait_for(clock, error)
    assert read_issue(api, number).number == number
