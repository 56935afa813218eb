"""A labelled issue becomes one typed answer; the order of the reasons is fixed."""

from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_scene import (
    EVE,
    FACTS,
    LABELLED,
    OURS,
    POLICY,
    Change,
    admitted,
    changed,
    config,
    facts,
    labelled_by,
    owned,
    refused,
)

from rigtasks.routing.decisions import (
    Admit,
    Ignore,
    RefusalCode,
)
from rigtasks.routing.dependencies import Dependency
from rigtasks.routing.facts import (
    AccountType,
    ConfigFile,
    DependencyFact,
    DependencyState,
    Permission,
    RepositoryFacts,
)
from rigtasks.routing.intake import decide_intake, dependencies_of
from rigtasks.routing.internal import RepositoryRef
from rigtasks.routing.labels import Priority
from rigtasks.routing.stack import Queue, Stack
from rigtasks.routing.task_text import IssueComment


def test_a_plain_issue_is_routed_by_the_files_of_its_repository() -> None:
    decision = admitted(FACTS)

    assert decision.outcome == "routed to dev-e-python"
    assert decision.generation == 1
    route = decision.route
    assert (route.stack, route.queue) == (Stack.PYTHON, Queue.DEV_E_PYTHON)
    assert route.priority is Priority.NORMAL
    assert route.base_branch is None
    assert route.config_blob_sha is None
    assert route.dependencies == ()
    assert route.digest == decision.task.digest
    assert decision.task.body == "1 + 1 gives 3"


def test_the_file_decides_over_the_tree_and_its_terms_travel_with_the_route() -> None:
    text = "stack: node\nbaseBranch: develop\nlimits: {maxTurns: 9}\n"

    route = admitted(facts(config_file=config(text))).route

    assert route.queue is Queue.DEV_E_NODE
    assert route.base_branch == "develop"
    assert route.config_blob_sha == "c0ffee"
    assert route.config.limits.max_turns == 9


@pytest.mark.parametrize("issue", [{"body": None}, {"title": "\u200b"}])
def test_a_title_or_a_body_is_enough(issue: dict[str, Any]) -> None:
    assert admitted(facts(issue=issue)).generation == 1


@pytest.mark.parametrize(
    ("changes", "queue"),
    [
        ({"issue": {"labels": ("agent-ready", "requires-macos")}}, Queue.IOS),
        ({"config_file": config("escalate: ['Xcode (requires-macos)']")}, Queue.IOS),
        ({"config_file": config("stack: ios")}, Queue.IOS),
        ({"tree": ("App.xcodeproj/project.pbxproj",)}, Queue.IOS),
        ({"issue": {"labels": ("agent-ready", "Requires-MacOS")}}, Queue.DEV_E_PYTHON),
        (
            {"config_file": config("workdir: web"), "tree": ("setup.py", "web/package.json")},
            Queue.DEV_E_NODE,
        ),
    ],
)
def test_work_goes_to_the_queue_that_can_do_it(changes: dict[str, Any], queue: Queue) -> None:
    assert admitted(facts(**changes)).route.queue is queue


def test_labels_and_text_give_priority_size_and_dependencies() -> None:
    done = DependencyFact(dependency=Dependency(number=7), state=DependencyState.DONE)
    given_facts = facts(
        issue={"labels": ("agent-ready", "priority:high", "large-pr-ok"), "body": "blocked by #7"},
        dependencies=(done,),
    )

    route = admitted(given_facts).route

    assert route.priority is Priority.HIGH
    assert route.large_pr_ok
    assert route.dependencies == (Dependency(number=7),) == dependencies_of(given_facts)


def test_permitted_comments_belong_to_the_task_and_later_ones_do_not() -> None:
    def spoken(number: int, *, minutes: int, permitted: bool) -> IssueComment:
        at = LABELLED + timedelta(minutes=minutes)
        return IssueComment(
            id=number,
            author_id=5,
            author="ada",
            created_at=at,
            updated_at=at,
            body=f"blocked by #{number}",
            permitted=permitted,
        )

    comments = (
        spoken(1, minutes=-3, permitted=True),
        spoken(2, minutes=-2, permitted=False),
        spoken(3, minutes=1, permitted=True),
    )

    assert dependencies_of(facts(issue={"comments": comments})) == (Dependency(number=1),)


@pytest.mark.parametrize(
    ("labels", "outcome"),
    [
        ((), "ignored: no agent-ready label"),
        (("bug",), "ignored: no agent-ready label"),
        (("Agent-Ready",), "ignored: the label `Agent-Ready` is not `agent-ready`: rename it"),
        (("agent-ready ",), "ignored: the label `agent-ready ` is not `agent-ready`: rename it"),
        (("аgent-ready",), r"ignored: the label `\u0430gent-ready` is not `agent-ready`"),  # noqa: RUF001 look-alike
    ],
)
def test_without_the_exact_label_nothing_happens(labels: tuple[str, ...], outcome: str) -> None:
    decision = decide_intake(facts(issue={"labels": labels}), POLICY)

    assert isinstance(decision, Ignore)
    assert decision.outcome.startswith(outcome)


SYMLINK = ConfigFile(blob_sha="1", problem="the file is a symlink")
INTERNAL = RepositoryRef(id=1, full_name="Acme/Rig.git")
RENAMED = RepositoryRef(id=99, full_name="acme/new")


def asking_for(tool: str) -> Change:
    """Ask for a tool in a file that is good, where nothing else was wrong with it before."""
    asked = config(f"tools: ['{tool}']")
    return lambda f: f if f.config_file is not None else facts(f, config_file=asked)


REFUSED: dict[RefusalCode, list[tuple[Change, str]]] = {
    RefusalCode.RIG_INTERNAL: [
        (owned(ref=INTERNAL), "let a person do it"),
        (owned(ref=RENAMED), "repository id 99 is on the deny-list"),
        (owned(ancestors=(INTERNAL,)), "fork of it"),
    ],
    RefusalCode.ARCHIVED: [(owned(archived=True), "unarchive it")],
    RefusalCode.IS_PULL_REQUEST: [(changed(issue={"is_pull_request": True}), "issue it closes")],
    RefusalCode.UNTRUSTED: [
        (
            labelled_by(login="bob", permission=Permission.TRIAGE),
            "bob has no write permission here: somebody with write permission must",
        ),
        (labelled_by(login="x[bot]", type=AccountType.BOT), "x[bot] is no person"),
        (changed(issue={"labelled_by": None}), "is gone"),
    ],
    RefusalCode.ALREADY_CLOSED: [(changed(issue={"is_open": False}), "reopen it")],
    RefusalCode.EDITED_AFTER_LABEL: [(changed(issue={"edited_after_label": True}), "apply it")],
    RefusalCode.EMPTY_TASK: [
        (changed(issue={"title": "\u200b", "body": "<!-- x -->"}), "describe the task")
    ],
    RefusalCode.ALREADY_SOLVED: [
        (changed(merged_pull_requests=(EVE,)), "solved by the merged pull request #8 of eve")
    ],
    RefusalCode.OPEN_PULL_REQUEST: [
        (changed(open_pull_requests=(EVE,)), "#8 of eve is open for this issue: merge it, or")
    ],
    RefusalCode.CONFIG_INVALID: [
        (changed(config_file=config("stack: no")), "line 1, column 8"),
        (changed(config_file=config("stack: node\nstack: node")), "written twice"),
        (changed(config_file=config("stak: node")), "Did you mean `stack`"),
        (changed(config_file=config("limits: 5")), "must be a section"),
        (changed(config_file=SYMLINK), "is a symlink. Correct the file on the base branch"),
    ],
    RefusalCode.TOOL_NOT_ALLOWED: [
        (asking_for("left-pad"), "`tools` asks for `left-pad`, which this rig does not install"),
        (asking_for("rufff"), "Did you mean `ruff`?"),
        (asking_for("ruff==0.0.1"), "asks for version 0.0.1 of `ruff`, but this rig installs"),
    ],
    RefusalCode.NO_STACK: [
        (changed(tree=()), "add `.rig-agent.yaml` with `stack: node`"),
        (changed(tree_truncated=True), "too long to detect a stack"),
    ],
    RefusalCode.AMBIGUOUS_STACK: [
        (
            changed(tree=("package.json", "api/setup.py")),
            "several stacks were found, node (package.json), python (api/setup.py): add",
        )
    ],
    RefusalCode.NO_ELIGIBLE_WORKER: [
        (changed(tree=("App.sln",)), "no workers for dev-e-dotnet: start one with")
    ],
}
EACH_REFUSAL = [(code, change, says) for code, rows in REFUSED.items() for change, says in rows]


@pytest.mark.parametrize(("code", "change", "says"), EACH_REFUSAL)
def test_each_refusal_says_what_to_do(code: RefusalCode, change: Change, says: str) -> None:
    decision = refused(change(FACTS))

    assert decision.code is code
    assert says in decision.sentence
    assert decision.outcome == f"refused: {decision.sentence}"
    assert decision.visible == (code is not RefusalCode.ARCHIVED)


def test_there_is_a_case_for_every_refusal() -> None:
    assert list(REFUSED) == list(RefusalCode)


# One change for each reason; the stack's three exclude one another.
LAYERED = [code for code in RefusalCode if code is not RefusalCode.AMBIGUOUS_STACK]


@given(st.sets(st.sampled_from(LAYERED), min_size=1), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_of_several_reasons_the_first_in_the_fixed_order_is_given(
    codes: set[RefusalCode], dice: Random
) -> None:
    order = list(RefusalCode)
    chosen = sorted(codes, key=order.index)
    if {RefusalCode.NO_STACK, RefusalCode.NO_ELIGIBLE_WORKER} <= codes:
        chosen.remove(RefusalCode.NO_ELIGIBLE_WORKER)
    applied = list(chosen)
    dice.shuffle(applied)

    given_facts = FACTS
    for code in applied:
        given_facts = REFUSED[code][0][0](given_facts)

    assert refused(given_facts).code is chosen[0]


def test_in_the_rigs_own_repository_the_file_is_not_even_looked_at() -> None:
    hostile = facts(
        repository=RepositoryFacts(ref=INTERNAL),
        config_file=config("stack: no"),
        open_pull_requests=(OURS,),
    )

    decision = refused(hostile)

    assert decision.code is RefusalCode.RIG_INTERNAL
    assert decision.visible
    assert "rig-agent" not in decision.sentence


@pytest.mark.parametrize(
    ("owners", "works"), [((), True), (("acme",), True), (("other", "acme-x"), False)]
)
def test_the_installation_of_a_stranger_starts_nothing_and_writes_nothing(
    owners: tuple[str, ...], *, works: bool
) -> None:
    policy = msgspec.structs.replace(POLICY, owners=frozenset(owners))
    in_capitals = owned(ref=RepositoryRef(id=1, full_name="ACME/api"))(FACTS)

    for given_facts in (FACTS, in_capitals):
        decision = decide_intake(given_facts, policy)

        assert isinstance(decision, Admit if works else Ignore)
        assert works or "RIG_OWNERS" in decision.outcome


def test_an_archived_internal_repository_gets_no_comment() -> None:
    decision = refused(facts(repository=RepositoryFacts(ref=INTERNAL, archived=True)))

    assert decision.code is RefusalCode.RIG_INTERNAL
    assert not decision.visible


@pytest.mark.parametrize("permission", list(Permission))
def test_only_roles_that_may_push_authorise(permission: Permission) -> None:
    decision = decide_intake(labelled_by(permission=permission)(FACTS), POLICY)

    expected = permission in {Permission.ADMIN, Permission.MAINTAIN, Permission.WRITE}
    assert isinstance(decision, Admit) == expected


@pytest.mark.parametrize("kind", list(AccountType))
def test_a_listed_account_authorises_whatever_it_is(kind: AccountType) -> None:
    listed = labelled_by(id=77, type=kind, permission=Permission.NONE)

    assert admitted(listed(FACTS)).generation == 1
