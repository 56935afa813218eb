"""A head with one green check is not merged while another App has only opened its suite."""

from datetime import timedelta

import msgspec
from conductor_scene import Scene

from rigtasks.conductor.report import fresh_verdict
from rigtasks.gate.result import Gate
from rigtasks.gate.suites import EMPTY_SUITE_PATIENCE
from rigtasks.github.checks import read_check_suites
from rigtasks.github.identities import Role
from rigtasks.lifecycle.state import Lane
from rigtasks.local.github import checks
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.local.github.setup import ACTIONS_APP_ID


def test_a_suite_without_a_check_is_waited_for_and_not_for_ever(
    scene: Scene, conducted_github: SandboxGitHub
) -> None:
    # given an approved head with one green status, where CI has opened a suite and not reported
    scene.ready_to_merge()
    hub = conducted_github.hub
    repository = hub.repository(*scene.repo.split("/"))
    assert repository is not None
    app = hub.state.apps.get(ACTIONS_APP_ID)
    opened = checks.suite(hub, repository, app, scene.state.head_sha or "")
    api = scene.conductor.api(Role.CONDUCTOR, scene.state)
    (seen,) = read_check_suites(api, scene.state.head_sha or "")
    assert (seen.id, seen.status, seen.latest_check_runs_count) == (opened.id, "queued", 0)

    # when the rig looks
    scene.attend()

    # then it waits, and says for what
    verdict = fresh_verdict(scene.conductor, scene.state)
    assert verdict is not None
    assert f"github-actions (suite {opened.id}): queued" in verdict.result(Gate.CI).summary
    assert "MERGED" not in scene.types()

    # until the suite has been empty for too long to be anything else than idle
    long_ago = opened.created_at - EMPTY_SUITE_PATIENCE - timedelta(minutes=1)
    with hub.state.change():
        hub.state.check_suites.put(msgspec.structs.replace(opened, created_at=long_ago))
    assert scene.attend().startswith("merged: ")


def test_a_check_that_comes_late_and_is_red_sends_the_work_back(
    scene: Scene, conducted_github: SandboxGitHub
) -> None:
    scene.ready_to_merge()
    hub = conducted_github.hub
    repository = hub.repository(*scene.repo.split("/"))
    assert repository is not None
    app, head = hub.state.apps.get(ACTIONS_APP_ID), scene.state.head_sha or ""
    checks.suite(hub, repository, app, head)
    scene.attend()
    assert "MERGED" not in scene.types()

    checks.create_run(hub, repository, app, name="test", sha=head, fields={"conclusion": "failure"})
    scene.attend()

    assert "CI_FAILED" in scene.types()
    assert scene.state.lane is Lane.CHANGES_REQUESTED
