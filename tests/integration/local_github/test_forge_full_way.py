"""An issue's whole way over real HTTP, real git and a real CI run."""

from typing import Any

from forge_scene import FIXED, SECRET, MakeScene, Scene, until

from rigtasks.local.github.seeding import Api

Json = dict[str, Any]


def test_an_issue_becomes_a_merged_pull_request(make_scene: MakeScene) -> None:
    # given a protected repository whose CI fails on main, and a labelled issue
    checks = [{"context": "test", "app_id": 15368}]
    protection = {"checks": checks, "required_approving_review_count": 1}
    scene: Scene = make_scene(options={"run_ci": True}, protection=protection)
    issue = scene.owner.create_issue(scene.repo, "Prices are cut", "price(1.6) should be 2")
    scene.owner.label(scene.repo, issue["number"], "agent-ready")
    author, reviewer = scene.installed("author"), scene.installed("reviewer")
    conductor = scene.installed("conductor")

    # when the author pushes an attempt that does not work and opens a pull request
    copy = scene.branch_with(author, "feature/issue-1-prices", {"notes.txt": "thinking\n"})
    opened = scene.call(
        author,
        "POST",
        "/pulls",
        {
            "title": "Round prices",
            "body": f"Closes #{issue['number']}",
            "head": "feature/issue-1-prices",
            "base": "main",
        },
    )
    number, first_head = opened["number"], opened["head"]["sha"]

    # then nobody knows yet whether it merges, and CI fails for its own reason
    assert (opened["mergeable"], opened["mergeable_state"]) == (None, "unknown")
    failed = _finished_run(scene, conductor, first_head)
    assert failed["conclusion"] == "failure"
    assert "AssertionError: 1" in failed["output"]["text"]
    assert failed["app"]["slug"] == "github-actions"
    assert scene.mergeable(conductor, number)["mergeable_state"] == "blocked"

    # when the reviewer asks for a change on a line, and the author pushes the fix
    asked = scene.call(
        reviewer,
        "POST",
        f"/pulls/{number}/reviews",
        {
            "event": "REQUEST_CHANGES",
            "body": "Please round.",
            "commit_id": first_head,
            "comments": [{"path": "notes.txt", "line": 1, "side": "RIGHT", "body": "Round here."}],
        },
    )
    assert asked["state"] == "CHANGES_REQUESTED"
    fixed_head = copy.commit({"price.py": FIXED, "notes.txt": "rounded\n"}, "fix: round prices")
    copy.push("feature/issue-1-prices")

    # then the head moved, CI passes there, the thread is outdated, and it is still blocked
    assert _finished_run(scene, conductor, fixed_head)["conclusion"] == "success"
    thread = _threads(conductor, number)[0]
    assert (thread["isResolved"], thread["isOutdated"]) == (False, True)
    assert scene.mergeable(conductor, number)["mergeable_state"] == "blocked"

    # when the reviewer approves and the conductor resolves the answered thread, it is clean
    conductor.call(
        "POST",
        "/graphql",
        {
            "query": "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) "
            "{ thread { isResolved } } }",
            "variables": {"id": thread["id"]},
        },
    )
    approval = {"event": "APPROVE", "body": "Good.", "commit_id": fixed_head}
    scene.call(reviewer, "POST", f"/pulls/{number}/reviews", approval)
    assert scene.mergeable(conductor, number)["mergeable_state"] == "clean"

    # and the conductor's guarded squash lands it and closes the issue
    merged = scene.call(
        conductor,
        "PUT",
        f"/pulls/{number}/merge",
        {"sha": fixed_head, "merge_method": "squash"},
    )
    assert scene.call(conductor, "GET", f"/issues/{issue['number']}")["state"] == "closed"
    main = scene.call(conductor, "GET", "/branches/main")["commit"]
    assert main["sha"] == merged["sha"]
    assert main["commit"]["message"] == f"Round prices (#{number})\n\nCloses #{issue['number']}"
    assert len(main["parents"]) == 1
    assert main["author"]["login"] == "dev-e[bot]"
    copy.git("fetch", "--quiet", "origin", "main")
    assert copy.git("show", "FETCH_HEAD:price.py") == FIXED

    # and every step was told by a signed webhook, in order
    scene.settled()
    assert all(heard.signed_with(SECRET) for heard in scene.receiver.heard)
    assert not any(heard.signed_with("another") for heard in scene.receiver.heard)
    steps = [
        "issues.opened",
        "issues.labeled",
        "pull_request.opened",
        "check_run.created",
        "pull_request_review.submitted",
        "pull_request.synchronize",
        "pull_request_review_thread.resolved",
        "pull_request.closed",
        "issues.closed",
    ]
    names = scene.receiver.names()
    positions = [names.index(step) for step in steps]
    assert positions == sorted(positions)
    closed = scene.receiver.of("pull_request.closed")[0].payload["pull_request"]
    assert (closed["merged"], closed["merge_commit_sha"]) == (True, merged["sha"])
    assert scene.receiver.of("pull_request.opened")[0].payload["installation"]["id"] > 0


def _finished_run(scene: Scene, api: Api, sha: str) -> Json:
    def finished() -> Json | None:
        runs = scene.call(api, "GET", f"/commits/{sha}/check-runs")["check_runs"]
        return runs[0] if runs and runs[0]["status"] == "completed" else None

    return dict(until(finished))


def _threads(api: Api, number: int) -> list[Json]:
    query = """
    query($number: Int!) { repository(owner: "acme", name: "shop") { pullRequest(number: $number) {
      reviewThreads(first: 10) { nodes { id isResolved isOutdated path line } }
    } } }
    """
    answer = api.call("POST", "/graphql", {"query": query, "variables": {"number": number}})
    return list(answer["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"])
