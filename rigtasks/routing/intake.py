"""Decide what a labelled issue becomes: admitted, held, adopted, refused or ignored.

The reasons are looked at in one fixed order. The hard rule comes first and the repository's own
file last, so that nothing in a forbidden repository is ever read for a decision.
"""

import msgspec

from rigtasks.routing.agent_config import AgentConfig, parse_agent_config
from rigtasks.routing.decisions import (
    Admit,
    Adopt,
    Hold,
    IntakeDecision,
    Question,
    RefusalCode,
    Refuse,
    Route,
    Supersede,
    WaitsFor,
)
from rigtasks.routing.dependencies import Dependency, parse_dependencies
from rigtasks.routing.escalation import called_for
from rigtasks.routing.facts import (
    AccountType,
    DependencyState,
    IntakeFacts,
    IntakePolicy,
    StreamFacts,
    StreamStanding,
)
from rigtasks.routing.labels import READY, read_labels
from rigtasks.routing.offers import NotOffered
from rigtasks.routing.refusals import REASONS
from rigtasks.routing.sanitise import sanitise
from rigtasks.routing.stack import Queue, Stack, detect_stack, queue_for
from rigtasks.routing.task_text import FrozenTask, freeze_task
from rigtasks.routing.tools import NotAllowed
from rigtasks.routing.yaml_tree import ConfigInvalid, shown

#: Entries of `escalate` that are named to a person; more say no more.
_NAMED = 5
_STACK_HINT = "add `.rig-agent.yaml` with `stack: node`, `dotnet`, `python` or `ios`"


class _Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What the repository's file and tree say about the work."""

    config: AgentConfig
    stack: Stack
    queue: Queue


def decide_intake(facts: IntakeFacts, policy: IntakePolicy) -> IntakeDecision:
    """Decide about one issue from facts read for its label event."""
    for reason in REASONS:
        answer = reason(facts, policy)
        if answer is not None:
            return answer
    settled = _settle(facts, policy)
    if isinstance(settled, Refuse):
        return settled
    task = _freeze(facts)
    route = _route(facts, settled, task)
    if facts.stream is not None and _is_superseded(facts.stream, task):
        return Supersede(generation=facts.stream.generation)
    generation = _generation(facts)
    own = next((pull for pull in facts.open_pull_requests if pull.ours), None)
    if own is not None:
        return Adopt(pull_request=own.number, route=route, task=task, generation=generation)
    question = _question(facts, settled.config, task)
    hold = _waits(facts, policy, settled, route.dependencies)
    if hold is not None:
        waits_for, sentence = hold
        return Hold(
            waits_for=waits_for,
            sentence=sentence,
            route=route,
            task=task,
            generation=generation,
            question=question,
        )
    return Admit(route=route, task=task, generation=generation, question=question)


def _question(facts: IntakeFacts, config: AgentConfig, task: FrozenTask) -> Question | None:
    """Ask a person about a text that the repository's file wants one to see first."""
    text = "\n".join([task.title, task.body, *(comment.body for comment in task.comments)])
    found = called_for(config.escalate, text)
    if not found:
        return None
    named = ", ".join(shown(entry) for entry in found[:_NAMED])
    labeller = facts.issue.labelled_by
    return Question(
        sentence=f"the text speaks of {named}, for which this repository wants a person "
        f"(`escalate`): somebody with write permission reads it and sets the label `{READY}` "
        "again, then an agent starts",
        labelled_by_person=labeller is not None and labeller.type is AccountType.USER,
    )


def _is_superseded(stream: StreamFacts, task: FrozenTask) -> bool:
    """Say whether work was begun on a text that is no longer the approved one."""
    is_live = stream.standing is StreamStanding.LIVE and stream.begun
    return is_live and stream.digest != task.digest


def dependencies_of(facts: IntakeFacts) -> tuple[Dependency, ...]:
    """List the issues this one waits for, so that their states can be read before deciding."""
    return _dependencies(facts, _freeze(facts))


def _freeze(facts: IntakeFacts) -> FrozenTask:
    issue = facts.issue
    return freeze_task(
        title=issue.title,
        body=issue.body,
        comments=issue.comments,
        labelled_at=issue.labelled_at,
    )


def _dependencies(facts: IntakeFacts, task: FrozenTask) -> tuple[Dependency, ...]:
    text = "\n\n".join([task.body, *(comment.body for comment in task.comments)])
    return parse_dependencies(
        text,
        own_repository=facts.repository.ref.full_name,
        own_number=facts.issue.number,
    )


def _settle(facts: IntakeFacts, policy: IntakePolicy) -> _Settled | Refuse:
    config = _config(facts)
    if isinstance(config, Refuse):
        return config
    tools = policy.tools.choose(config.tools)
    if isinstance(tools, NotAllowed):
        return Refuse(
            code=RefusalCode.TOOL_NOT_ALLOWED,
            sentence=f"{tools.sentence}. Then label the issue `{READY}` again",
        )
    stack = config.stack or _detect(facts, config)
    if isinstance(stack, Refuse):
        return stack
    labels = read_labels(facts.issue.labels)
    queue = queue_for(stack, requires_macos=labels.requires_macos or config.requires_macos)
    if queue not in policy.queues:
        return Refuse(
            code=RefusalCode.NO_ELIGIBLE_WORKER,
            sentence=f"this rig has no workers for {queue}: start one with "
            f"`celery -A rigtasks worker -Q {queue}`, list the queue in the settings and label "
            "the issue again",
        )
    return _Settled(config=config, stack=stack, queue=queue)


def _config(facts: IntakeFacts) -> AgentConfig | Refuse:
    if facts.config_file is None:
        return AgentConfig()
    problem = facts.config_file.problem
    if not problem:
        try:
            return parse_agent_config(facts.config_file.content)
        except ConfigInvalid as error:
            problem = str(error)
    return Refuse(
        code=RefusalCode.CONFIG_INVALID,
        sentence=f"{problem.rstrip('.')}. Correct the file on the base branch and label the issue "
        f"`{READY}` again",
    )


def _detect(facts: IntakeFacts, config: AgentConfig) -> Stack | Refuse:
    detection = detect_stack(facts.tree, workdir=config.workdir)
    if detection.stack is not None and not facts.tree_truncated:
        return detection.stack
    if len(detection.stacks) > 1:
        return Refuse(
            code=RefusalCode.AMBIGUOUS_STACK,
            sentence=f"several stacks were found, {detection.describe()}: {_STACK_HINT}",
        )
    found = (
        "the list of files is too long to detect a stack"
        if facts.tree_truncated
        else ("no stack could be detected from the files")
    )
    return Refuse(code=RefusalCode.NO_STACK, sentence=f"{found}: {_STACK_HINT}")


def _route(facts: IntakeFacts, settled: _Settled, task: FrozenTask) -> Route:
    labels = read_labels(facts.issue.labels)
    return Route(
        queue=settled.queue,
        stack=settled.stack,
        priority=labels.priority,
        base_branch=settled.config.base_branch,
        config=settled.config,
        config_blob_sha=facts.config_file.blob_sha if facts.config_file else None,
        digest=task.digest,
        dependencies=_dependencies(facts, task),
        large_pr_ok=labels.large_pr_ok,
    )


def _generation(facts: IntakeFacts) -> int:
    if facts.stream is None:
        return 1
    is_finished = facts.stream.standing is StreamStanding.FINISHED
    return facts.stream.generation + (1 if is_finished else 0)


def _waits(
    facts: IntakeFacts,
    policy: IntakePolicy,
    settled: _Settled,
    dependencies: tuple[Dependency, ...],
) -> tuple[WaitsFor, str] | None:
    if facts.pauses:
        pause = facts.pauses[0]
        why = sanitise(pause.reason).text
        sentence = f"{pause.by} paused {pause.scope} ({why}): it goes on when a person resumes it"
        return WaitsFor.PAUSE, sentence
    choice = policy.offers.choose(settled.config.provider, settled.config.model)
    if isinstance(choice, NotOffered):
        return WaitsFor.PROVIDER, f"{choice.sentence}; then it goes on by itself"
    states = {fact.dependency: fact.state for fact in facts.dependencies}
    waiting = [each for each in dependencies if states.get(each) is not DependencyState.DONE]
    if waiting:
        unreadable = {each for each in waiting if states.get(each) is not DependencyState.OPEN}
        named = ", ".join(f"{each}{' (unreadable)' * (each in unreadable)}" for each in waiting)
        return WaitsFor.DEPENDENCY, f"waits for {named} to be done"
    queue = settled.queue
    if queue in facts.queues_without_worker:
        start = f"`celery -A rigtasks worker -Q {queue}`"
        return WaitsFor.ELIGIBLE_WORKER, f"no worker of {queue} is running: start one with {start}"
    return None
