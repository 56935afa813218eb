"""A labelled issue becomes one typed answer; the order of the reasons is fixed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.routing.decisions import (
    Admit,
    Adopt,
    Hold,
    Ignore,
    RefusalCode,
    Refuse,
    Supersede,
    WaitsFor,
)
from rigtasks.routing.dependencies import Dependency
from rigtasks.routing.facts import (
    Account,
    AccountType,
    ConfigFile,
    DependencyFact,
    DependencyState,
    IntakeFacts,
    IntakePolicy,
    IssueFacts,
    Pause,
    Permission,
    PullRequestRef,
    RepositoryFacts,
    StreamFacts,
    StreamStanding,
)
from rigtasks.routing.intake import decide_intake, dependencies_of
from rigtasks.routing.internal import RepositoryRef, internal_repositories
from rigtasks.routing.labels import Priority
from rigtasks.routing.stack import Queue, Stack
from rigtasks.routing.task_text import IssueComment

LABELLED = datetime(2026, 5, 4, 12, tzinfo=UTC)
WRITER = Account(id=5, login="ada", type=AccountType.USER, permission=Permission.WRITE)
POLICY = IntakePolicy(
    internal=internal_repositories([99], ["acme/rig"]),
    queues=frozenset({Queue.DEV_E_NODE, Queue.DEV_E_PYTHON, Queue.IOS}),
    trusted_accounts=frozenset({77}),
)
ISSUE = IssueFacts(
    number=42,
    is_open=True,
    is_pull_request=False,
    title="The sum is wrong",
    body="1 + 1 gives 3",
    labels=("bug", "agent-ready"),
    labelled_at=LABELLED,
    labelled_by=WRITER,
)
FACTS = IntakeFacts(
    repository=RepositoryFacts(ref=RepositoryRef(id=1, full_name="acme/api")),
    issue=ISSUE,
    tree=("pyproject.toml", "src/app.py"),
)
Change = Callable[[IntakeFacts], IntakeFacts]


def facts(
    base: IntakeFacts = FACTS, *, issue: dict[str, Any] | None = None, **changes: Any
) -> IntakeFacts:
    if issue:
        changes["issue"] = msgspec.structs.replace(base.issue, **issue)
    return msgspec.structs.replace(base, **changes)


def config(text: str) -> ConfigFile:
    return ConfigFile(blob_sha="c0ffee", content=text.encode())


def refused(given_facts: IntakeFacts) -> Refuse:
    decision = decide_intake(given_facts, POLICY)
    assert isinstance(decision, Refuse)
    return decision


def admitted(given_facts: IntakeFacts) -> Admit:
    decision = decide_intake(given_facts, POLICY)
    assert isinstance(decision, Admit)
    return decision


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


def owned(**changes: Any) -> Change:
    return lambda f: facts(f, repository=msgspec.structs.replace(f.repository, **changes))


def labelled_by(**changes: Any) -> Change:
    account = msgspec.structs.replace(WRITER, **changes)
    return lambda f: facts(f, issue={"labelled_by": account})


def changed(**changes: Any) -> Change:
    return lambda f: facts(f, **changes)


EVE = PullRequestRef(number=8, author="eve")
OURS = PullRequestRef(number=9, author="rig-author[bot]", ours=True)
SYMLINK = ConfigFile(blob_sha="1", problem="the file is a symlink")
INTERNAL = RepositoryRef(id=1, full_name="Acme/Rig.git")
RENAMED = RepositoryRef(id=99, full_name="acme/new")
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


@pytest.mark.parametrize(
    ("standing", "generation"),
    [(StreamStanding.UNAPPROVED, 3), (StreamStanding.HELD, 3), (StreamStanding.FINISHED, 4)],
)
def test_a_finished_stream_is_followed_by_the_next_generation(
    standing: StreamStanding, generation: int
) -> None:
    stream = StreamFacts(generation=3, standing=standing, state="done")

    assert admitted(facts(stream=stream)).generation == generation


def test_a_live_issue_is_left_alone_even_when_a_stranger_labels_it_again() -> None:
    stream = StreamFacts(generation=2, standing=StreamStanding.LIVE, state="in_review")

    decision = decide_intake(facts(stream=stream, issue={"labelled_by": None}), POLICY)

    assert decision.outcome == "ignored: already taken, in_review in generation 2"


def test_our_own_open_pull_request_is_adopted_and_not_doubled() -> None:
    decision = decide_intake(facts(open_pull_requests=(EVE, OURS)), POLICY)

    assert isinstance(decision, Adopt)
    assert decision.pull_request == 9
    assert decision.route.queue is Queue.DEV_E_PYTHON
    assert decision.outcome == "adopted: pull request #9 is already open for this issue"


START = "celery -A rigtasks worker -Q"
PAUSE = Pause(scope="this repository", reason="release\u202e day", by="ada")
BLOCKED = {"body": "blocked by #7, other/repo#8 and #9"}
STATES = (
    DependencyFact(dependency=Dependency(number=7), state=DependencyState.OPEN),
    DependencyFact(dependency=Dependency(number=9), state=DependencyState.DONE),
)


@pytest.mark.parametrize(
    ("changes", "waits_for", "outcome"),
    [
        (
            {"pauses": (PAUSE,), "issue": BLOCKED},
            WaitsFor.PAUSE,
            "held: ada paused this repository (release day): it goes on when a person resumes it",
        ),
        (
            {"issue": BLOCKED, "dependencies": STATES},
            WaitsFor.DEPENDENCY,
            "held: waits for #7, other/repo#8 (unreadable) to be done",
        ),
        (
            {"queues_without_worker": frozenset({Queue.DEV_E_PYTHON})},
            WaitsFor.ELIGIBLE_WORKER,
            f"held: no worker of dev-e-python is running: start one with `{START} dev-e-python`",
        ),
    ],
)
def test_what_must_wait_is_approved_and_held_in_words(
    changes: dict[str, Any], waits_for: WaitsFor, outcome: str
) -> None:
    decision = decide_intake(facts(**changes), POLICY)

    assert isinstance(decision, Hold)
    assert decision.waits_for is waits_for
    assert decision.outcome == outcome
    assert decision.route.queue is Queue.DEV_E_PYTHON


def test_an_idle_queue_of_another_stack_holds_nothing() -> None:
    assert admitted(facts(queues_without_worker=frozenset({Queue.DEV_E_NODE}))).generation == 1


def labelled_again(**changes: object) -> StreamFacts:
    """Return a live stream that was approved by an earlier label than the one in force."""
    issue = FACTS.issue
    digest = admitted(FACTS).task.digest
    earlier = issue.labelled_at - timedelta(minutes=1)
    live = StreamFacts(
        generation=2,
        standing=StreamStanding.LIVE,
        state="in_review",
        labelled_at=earlier,
        digest=digest,
    )
    return msgspec.structs.replace(live, **changes)


def test_a_live_issue_is_looked_at_again_only_when_its_label_was_set_anew() -> None:
    same = labelled_again(labelled_at=FACTS.issue.labelled_at)

    assert decide_intake(facts(stream=same), POLICY).outcome.startswith("ignored: already taken")
    assert admitted(facts(stream=labelled_again())).generation == 2


def test_a_label_set_again_on_another_text_ends_the_work_on_the_old_one() -> None:
    changed = labelled_again(digest="another text")

    assert decide_intake(facts(stream=changed), POLICY) == Supersede(generation=2)

    # nobody has begun: the new text simply takes its place
    waiting = msgspec.structs.replace(changed, begun=False)
    assert admitted(facts(stream=waiting)).generation == 2


def test_a_stranger_who_sets_the_label_again_ends_nothing() -> None:
    stream = labelled_again(digest="another text")

    decision = decide_intake(facts(stream=stream, issue={"labelled_by": None}), POLICY)

    assert isinstance(decision, Refuse)
