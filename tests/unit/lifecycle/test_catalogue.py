"""The catalogue is complete, and what is stored today can be read for good."""

from pathlib import Path

import msgspec
import pytest

from rigtasks.lifecycle.envelope import ActorKind
from rigtasks.lifecycle.events import EVENT_TYPES
from rigtasks.lifecycle.roles import MAY_WRITE, RoleViolation, check
from rigtasks.testing.samples import sample

GOLDEN = Path(__file__).parent / "golden"

#: The contract's catalogue, written out so that a type cannot get lost.
CONTRACT = """
ISSUE_APPROVED ISSUE_REFUSED ISSUE_HELD ISSUE_ASSIGNED ISSUE_UNASSIGNED ISSUE_CANCELLED
ISSUE_DONE ISSUE_ORPHANED ISSUE_NEEDS_HUMAN MILESTONE_COMPLETE WORK_STARTED BRANCH_CREATED
CLI_STARTED CLI_PROGRESS CLI_COMPLETED TESTS_PASSED TESTS_FAILED PUSH_INTENT RUN_RELEASED
RUN_FAILED RUN_LOST ISSUE_FAILED PR_CREATED PR_UPDATED PR_CLOSED CI_PASSED CI_FAILED
REVIEW_ASSIGNED REVIEW_PASSED REVIEW_DISPUTED REVIEW_ABSTAINED REVIEW_LOOP_EXCEEDED
HUMAN_GATE_TRIGGERED HUMAN_GATE_REMINDER HUMAN_GATE_CLEARED MERGE_GATE_WAITING MERGE_CONFLICT
MERGED MERGE_OUTSIDE_RIG DEPLOYED_STAGING SMOKE_PASSED SMOKE_FAILED E2E_PASSED E2E_FAILED
DEPLOYED_PRODUCTION VERIFIED HEARTBEAT LEASE_EXPIRED AGENT_STUCK AGENT_QUOTA_REPORTED ESCALATED
ESCALATION_ACKNOWLEDGED STATE_REPAIRED ENVELOPE_TIMED_OUT TOKEN_USAGE BUDGET_WARNING
BUDGET_EXCEEDED GUARD_BLOCKED TAMPER_DETECTED MEMORY_WRITE MEMORY_READ MEMORY_HIT_USED
OPERATOR_PAUSED OPERATOR_RESUMED OPERATOR_RETRIED OPERATOR_REROUTED OPERATOR_GATE_APPROVED
OPERATOR_BUDGET_RAISED OPERATOR_NOTE BREAK_GLASS_MERGE
""".split()  # noqa: SIM905  # seventy quoted names read worse


def test_the_catalogue_is_the_contracts() -> None:
    assert sorted(EVENT_TYPES) == sorted(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_every_type_reads_its_golden_json(name: str) -> None:
    kind = EVENT_TYPES[name]
    golden = (GOLDEN / f"{name}.v{kind.schema_version}.json").read_bytes()

    assert msgspec.json.decode(golden, type=kind) == sample(name)
    assert msgspec.json.format(msgspec.json.encode(sample(name)), indent=2) + b"\n" == golden


def test_no_golden_json_is_left_without_a_type() -> None:
    names = {path.name.split(".")[0] for path in GOLDEN.glob("*.json")}
    assert names == set(EVENT_TYPES)


@pytest.mark.parametrize("forbidden", ["REVIEW_PASSED", "MERGED", "ISSUE_APPROVED", "PR_CREATED"])
@pytest.mark.parametrize("role", [ActorKind.WORKER, ActorKind.REVIEWER, ActorKind.CLOCK])
def test_nobody_but_the_conductor_writes_approvals_and_merges(
    role: ActorKind, forbidden: str
) -> None:
    with pytest.raises(RoleViolation):
        check(role, sample(forbidden))

    check(ActorKind.CONDUCTOR, sample(forbidden))


def test_every_type_can_be_written_by_some_role() -> None:
    written = frozenset[str]().union(*MAY_WRITE.values())
    assert written == set(EVENT_TYPES)
