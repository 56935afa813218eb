"""CI: the repository's own steps, walled in, without network and secrets."""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from forge_scene import SHOP, MakeScene, Receiver, Scene, until

from rigtasks.agent.sandbox import Level, Probe
from rigtasks.local.github import SandboxGitHub
from rigtasks.testing.judged_github import JudgedGitHub

Json = dict[str, Any]
NOTHING = Probe(level=Level.NONE, reason="bwrap is not installed")


def workflow(*steps: str, head: str = "on: [pull_request]") -> str:
    listed = "\n".join(f"      - {step}" for step in steps)
    return f"name: CI\n{head}\njobs:\n  test:\n    name: unit tests\n    steps:\n{listed}\n"


def run_of(make_scene: MakeScene, text: str, **options: Any) -> tuple[Scene, Json]:
    """Open a pull request in a repository with this workflow and wait for its check run."""
    files = {**SHOP, ".github/workflows/ci.yml": text}
    scene = make_scene(options={"run_ci": True, **options}, files=files)
    author = scene.installed("author")
    scene.branch_with(author, "work", {"work.txt": "x\n"})
    pull = {"title": "T", "head": "work", "base": "main"}
    sha = scene.call(author, "POST", "/pulls", pull)["head"]["sha"]

    def finished() -> Json | None:
        runs = scene.call(author, "GET", f"/commits/{sha}/check-runs")["check_runs"]
        return runs[0] if runs and runs[0]["status"] == "completed" else None

    return scene, until(finished)


def test_steps_see_the_head_and_nothing_of_the_host(
    make_scene: MakeScene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # given a secret in this environment, a file beside the sandbox's data, and an open port
    monkeypatch.setenv("A_SECRET", "do not tell")
    outside = tmp_path / "outside.txt"
    outside.write_text("do not read")
    with Receiver() as listener:
        # when steps look for them
        _, run = run_of(
            make_scene,
            workflow(
                "uses: actions/checkout@v4",
                "run: cat work.txt && git log --oneline | wc -l",
                f"run: env; cat {outside} || echo no such file",
                f"run: (echo > /dev/tcp/127.0.0.1/{listener.port}) || echo no connection",
                "run: echo $CI $GITHUB_SHA",
            ),
        )
    # then they see their checkout only
    text = run["output"]["text"]
    assert run["conclusion"] == "success", text
    assert run["name"] == "unit tests"
    assert "(this action counts as done here)" in text
    assert f"true {run['head_sha']}" in text
    assert "\nno such file\n" in text
    assert "\nno connection\n" in text
    assert "do not" not in text
    assert "ghs_" not in text


def test_the_first_failing_step_ends_the_job(make_scene: MakeScene) -> None:
    scene, run = run_of(
        make_scene, workflow("run: echo before; exit 3", "run: echo after >> after.txt; echo after")
    )
    assert run["conclusion"] == "failure"
    assert "exit code 3" in run["output"]["text"]
    assert "== Run echo after" not in run["output"]["text"]
    scene.settled()
    names = [name for name in scene.receiver.names() if name.startswith("check_")]
    assert names == ["check_run.created", "check_run.completed", "check_suite.completed"]
    suite = scene.receiver.of("check_suite.completed")[0].payload["check_suite"]
    assert (suite["conclusion"], suite["head_sha"]) == ("failure", run["head_sha"])


@pytest.mark.parametrize(
    "walls", [{}, {"allow_unsandboxed_ci": True, "isolation": NOTHING}], ids=["walls", "none"]
)
def test_a_job_that_takes_too_long_is_stopped_with_all_its_processes(
    walls: Json, make_scene: MakeScene
) -> None:
    long = str(600 + uuid4().int % 10**9)

    _, run = run_of(
        make_scene,
        workflow(f"run: sleep {long} & setsid -f sleep {long}; sleep {long}"),
        ci_timeout=1.0,
        **walls,
    )

    assert run["conclusion"] == "timed_out"
    assert "Stopped after 1 seconds." in run["output"]["text"]
    assert run["started_at"] <= run["completed_at"]
    assert not [
        one for one in psutil.process_iter(["cmdline"]) if long in (one.info["cmdline"] or ())
    ]


def test_a_step_that_takes_the_machine_is_stopped(make_scene: MakeScene) -> None:
    _, run = run_of(make_scene, workflow("run: for i in $(seq 4000); do sleep 60 & done; wait"))
    assert run["conclusion"] == "failure"
    assert "too many processes" in run["output"]["text"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (workflow("uses: some/action@v1"), "the action some/action@v1"),
        (workflow("run: echo ${{ github.sha }}"), "an expression"),
        (workflow("run: echo x", head="on: [pull_request]\nspecial: 1"), 'the key "special"'),
        (workflow("{run: echo x, if: always()}"), 'the key "if" in step 1'),
    ],
)
def test_what_cannot_be_run_fails_and_says_so(make_scene: MakeScene, text: str, words: str) -> None:
    _, run = run_of(make_scene, text)
    assert run["conclusion"] == "failure"
    assert words in run["output"]["text"]


def test_a_broken_workflow_is_a_failed_check(make_scene: MakeScene) -> None:
    _, run = run_of(make_scene, "jobs: [")
    assert run["conclusion"] == "failure"
    assert "not valid YAML" in run["output"]["summary"]


def test_without_a_sandbox_nothing_runs_unless_allowed(make_scene: MakeScene) -> None:
    # given a machine on which no sandbox works
    _, run = run_of(make_scene, workflow("run: echo it ran"), isolation=NOTHING)
    assert run["conclusion"] == "failure"
    assert "bwrap is not installed" in run["output"]["text"]
    assert "it ran" not in run["output"]["text"]


def test_unsandboxed_ci_is_named_as_such(
    make_scene: MakeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "do not tell")
    _, run = run_of(
        make_scene, workflow("run: env; echo it ran"), allow_unsandboxed_ci=True, isolation=NOTHING
    )
    assert run["conclusion"] == "success"
    assert "NOT SANDBOXED: bwrap is not installed" in run["output"]["text"]
    assert "it ran" in run["output"]["text"]
    assert "do not tell" not in run["output"]["text"]
    assert os.environ["A_SECRET"] == "do not tell"


def test_a_job_can_be_asked_for_again(make_scene: MakeScene) -> None:
    scene, run = run_of(make_scene, workflow("run: exit 1"))
    conductor = scene.installed("conductor")
    scene.call(conductor, "POST", f"/check-runs/{run['id']}/rerequest")
    scene.settled()
    found = scene.call(conductor, "GET", f"/commits/{run['head_sha']}/check-runs")
    assert found["total_count"] == 1
    assert found["check_runs"][0]["id"] > run["id"]
    everything = scene.call(
        conductor, "GET", f"/commits/{run['head_sha']}/check-runs", filter="all"
    )
    assert everything["total_count"] == 2


def test_tools_are_found_where_the_option_says(make_scene: MakeScene, tmp_path: Path) -> None:
    tool = tmp_path / "tools" / "bin" / "greet"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho hello from a tool\n")
    tool.chmod(0o755)
    _, run = run_of(make_scene, workflow("run: greet"), ci_path=str(tool.parent))
    assert run["conclusion"] == "success", run["output"]["text"]
    assert "hello from a tool" in run["output"]["text"]


def test_a_job_cut_short_by_a_stop_is_run_by_the_next_process(make_scene: MakeScene) -> None:
    # given a job under way in a sandbox that stops
    text = workflow("run: sleep 3; echo done")
    scene = make_scene(options={"run_ci": True}, files={".github/workflows/ci.yml": text})
    author = scene.installed("author")
    scene.branch_with(author, "work", {"work.txt": "x\n"})
    pull = {"title": "T", "head": "work", "base": "main"}
    sha = scene.call(author, "POST", "/pulls", pull)["head"]["sha"]

    def status(forge: SandboxGitHub) -> str:
        (run,) = forge.state.check_runs.of(forge.state.repositories.all()[0].id, sha)
        return run.status

    until(lambda: status(scene.sandbox) == "in_progress")
    scene.sandbox.stop()
    assert status(scene.sandbox) == "in_progress"
    # when another one starts on the same folder
    with JudgedGitHub(scene.sandbox.hub.options) as again:
        # then the same check run is brought to its end
        until(lambda: status(again) == "completed")
        (run,) = again.state.check_runs.all()
        assert run.conclusion == "success"
        assert "done" in (run.text or "")
