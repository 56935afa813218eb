"""Every write to GitHub reads the stop switches first: all of them, in every scope."""

import ast
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conductor_scene import Scene

import rigtasks
from rigtasks.conductor.stops import GuardedApi, Paused
from rigtasks.eventstore.switches import (
    RIG,
    breaker_scope,
    issue_scope,
    provider_scope,
    repository_scope,
)
from rigtasks.gate.facts import StopSource
from rigtasks.github.api import Api
from rigtasks.github.checks import CheckDraft, put_check_run
from rigtasks.github.identities import Role
from rigtasks.github.issues import comment_anew, comment_once, open_issue_once
from rigtasks.github.merge import MergeMethod, MergeRequest, merge
from rigtasks.github.pulls import open_pull_request
from rigtasks.github.reviews import (
    ReviewDraft,
    ReviewEvent,
    post_review_once,
    resolve_thread,
)
from rigtasks.lifecycle.commands import StartCli

PACKAGE = Path(rigtasks.__file__).parent
SHA = "a" * 40
_WRITES = {"write", "delete", "mutate"}


def comment(api: Api) -> Any:
    return comment_once(api, 1, key="k", body="text")


def comment_again(api: Api) -> Any:
    return comment_anew(api, 1, series="s", ordinal="1", body="text")


def file_issue(api: Api) -> Any:
    since = datetime.now(UTC)
    return open_issue_once(api, key="k", since=since, title="t", body="b", label="agent-ready")


def check(api: Api) -> Any:
    draft = CheckDraft(
        name="n", head_sha=SHA, external_id="x", status="in_progress", conclusion=None,
        title="t", summary="s",
    )  # fmt: skip
    return put_check_run(api, draft)


def pull(api: Api) -> Any:
    return open_pull_request(api, branch="feature", base="main", title="t", body="b")


def review(api: Api) -> Any:
    draft = ReviewDraft(key="k", commit_id=SHA, event=ReviewEvent.APPROVE, body="b", comments=())
    return post_review_once(api, 1, draft)


def thread(api: Api) -> Any:
    return resolve_thread(api, "T_1")


def do_merge(api: Api) -> Any:
    request = MergeRequest(
        number=1, head_sha=SHA, base_ref="main", title="t", message="m", marker="x",
        method=MergeMethod.SQUASH,
    )  # fmt: skip
    return merge(api, request)


#: Every function that changes something on GitHub, and a call of it.
WRITES: dict[str, Callable[[Api], Any]] = {
    "comment_once": comment,
    "comment_anew": comment_again,
    "open_issue_once": file_issue,
    "put_check_run": check,
    "open_pull_request": pull,
    "post_review_once": review,
    "resolve_thread": thread,
    "merge": do_merge,
}
SCOPES = ("rig", "repository", "issue", "provider", "label", "breaker")


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PACKAGE / folder).rglob("*.py"))


def calls_of(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def method_of(call: ast.Call) -> tuple[str, str]:
    """Return what a method is called on, in words, and its name."""
    if not isinstance(call.func, ast.Attribute):
        return "", ""
    return ast.unparse(call.func.value), call.func.attr


def writers() -> set[str]:
    """Return every public function below `github` that writes through an `Api`."""
    found: set[str] = set()
    for path in modules("github"):
        functions = {
            node.name: node
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef)
        }
        writing = {
            name
            for name, node in functions.items()
            if any(
                on.endswith("api") and method in _WRITES
                for on, method in map(method_of, calls_of(node))
            )
        }
        # a private step stands for those that take it
        while steps := {name for name in writing if name.startswith("_")}:
            callers = {
                name
                for name, node in functions.items()
                for call in calls_of(node)
                if isinstance(call.func, ast.Name) and call.func.id in steps
            }
            assert callers, (path, steps)
            writing = writing - steps | callers
        found |= writing
    return found


def test_the_table_names_every_function_that_writes() -> None:
    assert writers() == set(WRITES)


def test_everybody_reaches_github_through_the_guard() -> None:
    """No part but the conductor's context makes an `Api`, and that one only guarded ones."""
    unguarded = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in modules("conductor", "runs", "tasks", "cli", "agent", "workspace", "eventstore")
        for call in calls_of(ast.parse(path.read_text()))
        if method_of(call) in {("self.github", "api"), ("conductor.github", "api"),
                               ("rig.github", "api"), ("github", "api")}
        and path.name != "context.py"
    ]  # fmt: skip
    assert unguarded == []

    tree = ast.parse((PACKAGE / "conductor" / "context.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and "github.api(" in ast.unparse(node):
            assert "return GuardedApi(" in ast.unparse(node), node.name


def test_the_writes_that_are_no_calls_of_an_api_read_the_switches_themselves() -> None:
    """Git's push, and asking GitHub for lost deliveries."""
    found = {
        (str(path.relative_to(PACKAGE)), name)
        for path in modules("conductor", "runs", "tasks", "cli")
        for call in calls_of(ast.parse(path.read_text()))
        for name in [method_of(call)[1]]
        if name in {"push", "redeliver"}
    }

    # tests/integration/conductor/test_paused.py and test_lost_deliveries.py pause each
    assert found == {("conductor/publish.py", "push"), ("conductor/reconcile.py", "redeliver")}


def test_nothing_but_the_command_line_and_the_label_lifts_a_stop() -> None:
    lifting = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "testing" not in path.parts
        for call in calls_of(ast.parse(path.read_text()))
        if method_of(call)[1] == "lift" and "switches" in method_of(call)[0]
    }

    assert lifting == {"cli/operating.py", "cli/switches.py", "conductor/stop_label.py"}


class _Deaf:
    """An `Api` on which every write is a failure of the test; reads find nothing."""

    def __init__(self, api: Api) -> None:
        self.repository = api.repository
        self._api = api
        self.written: list[str] = []

    def account(self) -> Any:
        return self._api.account()

    def pause(self, seconds: float) -> None:
        del seconds

    def get(self, path: str, shape: Any, **query: Any) -> Any:
        raise AssertionError(f"{path} was read as {shape} with {query}")

    def find(self, path: str, shape: Any, **query: Any) -> Any:
        del path, shape, query

    def pages(self, path: str, shape: Any, **query: Any) -> Any:
        del path, shape, query
        return []

    def text(self, path: str, accept: str, *, most_bytes: int) -> Any:
        raise AssertionError(f"{path} was read as {accept}, {most_bytes}")

    def query(self, document: str, shape: Any, **variables: Any) -> Any:
        raise AssertionError(f"{document} {shape} {variables}")

    def write(self, method: str, path: str, body: Any, shape: Any) -> Any:
        self.written.append(f"{method} {path} {body} {shape}")
        raise AssertionError("it was written")

    def delete(self, path: str) -> None:
        self.written.append(path)
        raise AssertionError("it was deleted")

    def mutate(self, document: str, shape: Any, **variables: Any) -> Any:
        self.written.append(f"{document} {shape} {variables}")
        raise AssertionError("it was changed")


def stop(scene: Scene, name: str) -> None:
    scopes = {
        "rig": RIG,
        "repository": repository_scope(scene.repository.id),
        "issue": issue_scope(scene.stream),
        "provider": provider_scope("command"),
        "label": issue_scope(scene.stream),
        "breaker": breaker_scope(scene.repository.id, scene.number),
    }
    source = {"label": StopSource.LABEL, "breaker": StopSource.BREAKER}.get(name, StopSource.PERSON)
    switches = scene.conductor.stores.switches
    assert switches.set(scopes[name], reason="stop", actor="anna", source=source)


def test_no_write_goes_out_in_any_scope_that_is_stopped(scene: Scene) -> None:
    # given an issue that an agent of a provider works on
    scene.label()
    claimed = scene.claim()
    scene.tell(
        claimed,
        StartCli(
            run_id=claimed.run_id,
            epoch=claimed.epoch,
            provider="command",
            model=None,
            isolation="none",
            call_micro_usd=0,
        ),
    )
    state, conductor = scene.state, scene.conductor
    real = conductor.api(Role.CONDUCTOR, state)
    assert isinstance(real, GuardedApi)
    below = _Deaf(real._api)  # noqa: SLF001 - as below
    real._api = below  # noqa: SLF001 - nothing may reach what is below the guard

    for name in SCOPES:
        stop(scene, name)
        for words, write in WRITES.items():
            with pytest.raises(Paused, match="anna paused the"):
                write(real)
            assert below.written == [], (name, words)
        source = {"label": StopSource.LABEL, "breaker": StopSource.BREAKER}.get(
            name, StopSource.PERSON
        )
        (held,) = conductor.stores.switches.active()
        assert conductor.stores.switches.lift(held.scope, actor="anna", source=source)

    # and once nothing is stopped, each of them writes
    for words, write in WRITES.items():
        with pytest.raises(AssertionError, match="it was"):
            write(real)
        assert len(below.written) == 1, words
        below.written.clear()


def test_a_stop_of_another_scope_lets_everything_through(scene: Scene) -> None:
    scene.label()
    switches = scene.conductor.stores.switches
    for scope in (repository_scope(1), "issue:1:1:1", provider_scope("claude"), "issue:1:1"):
        switches.set(scope, reason="elsewhere", actor="anna")

    api = scene.conductor.api(Role.CONDUCTOR, scene.state)

    assert comment_once(api, scene.number, key="k", body="text").body.startswith("text")


def test_a_stop_whose_time_is_over_stops_nothing(scene: Scene) -> None:
    scene.label()
    switches = scene.conductor.stores.switches
    assert switches.set(RIG, reason="for an hour", actor="anna", seconds=3600.0)
    api = scene.conductor.api(Role.CONDUCTOR, scene.state)
    with pytest.raises(Paused, match=r"for an hour \(until \d{4}-\d\d-\d\d \d\d:\d\d UTC\)"):
        comment_once(api, scene.number, key="k", body="text")

    scene.conductor.stores.database.rows(
        "UPDATE switches SET until = clock_timestamp() RETURNING id"
    )

    assert comment_once(api, scene.number, key="k", body="text").body.startswith("text")
    assert switches.active() == ()
    assert switches.set(RIG, reason="again", actor="anna")
