"""Checks are counted, kept from session to session, and shown on a page."""

import importlib.util
from pathlib import Path
from types import ModuleType

from rigtasks.testing.conformance import REQUESTS, Check, Tally, read_counts
from rigtasks.testing.known_differences import (
    EMULATE,
    KNOWN,
    KnownDifference,
    exactly,
    stale,
    unknown,
)
from rigtasks.testing.outside import SAID, unchecked_formats, unheld_calls, unheld_fields
from rigtasks.testing.recorded_answers import NOT_COMPARED
from rigtasks.testing.recorded_differences import NOT_CALLED, RECORDED
from rigtasks.testing.rest_amendments import AMENDMENTS
from rigtasks.testing.rest_schemas import STATUSES

PAGE = Path(__file__).parents[3] / "docs" / "conformance.py"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance_page", PAGE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_session_replaces_its_own_counts_and_leaves_those_of_others(tmp_path: Path) -> None:
    # given two sessions that checked different things, and one thing both
    path = tmp_path / "counts.json"
    first, second = Tally(), Tally()
    for subject in ("issues", "issues", "push"):
        first.add("examples", subject)
    second.add("examples", "issues")

    # when both leave their counts
    first.write(path)
    second.write(path)
    Tally().write(path)

    # then the newest count of each stands
    assert read_counts(path) == {Check("examples", "issues"): 1, Check("examples", "push"): 1}
    assert first.summary() == ["examples: 3 checks of 2 kinds"]


def test_only_differences_with_a_reason_are_let_through() -> None:
    known = "GET / 200 has a body of type text/html"
    other = "GET /repos/{owner}/{repo}/pulls 200 $[0].id: 'x' is not of type 'integer'"

    assert unknown({known, other}) == [other]
    assert all(len(each.reason) > 20 for each in (*KNOWN, *EMULATE, *RECORDED))


def test_the_page_shows_every_count_and_every_known_difference() -> None:
    page = generator().page({Check("@octokit/openapi", "GET /user 200"): 3})

    assert "## @octokit/openapi: 3 checks" in page
    assert "| `GET /user 200` | 3 |" in page
    for each in (*KNOWN, *EMULATE, *RECORDED):
        assert f"| {each.reason} |" in page
    for scenario, why in NOT_CALLED.items():
        assert f"| `{scenario}` | {why} |" in page


def test_the_page_says_what_is_outside_and_what_no_answer_was_held_for() -> None:
    held = {
        Check("@octokit/openapi", "GET /repos/{owner}/{repo}/compare/{base}...{head} 404"): 1,
        Check("@octokit/openapi", "GET /repos/{owner}/{repo}/git/blobs/{file_sha} 200"): 1,
        Check("@octokit/graphql-schema", "User.login"): 1,
    }

    calls, fields = unheld_calls(held), unheld_fields(held)
    page = generator().page(held)

    assert "GET /repos/{owner}/{repo}/compare/{base}...{head}" in calls
    assert "GET /repos/{owner}/{repo}/git/blobs/{file_sha}" not in calls
    assert "User.id" in fields
    assert "User.login" not in fields
    assert set(unchecked_formats()) == {
        "binary", "double", "int32", "int64", "repo.nwo", "timestamp",
    }  # fmt: skip
    for words in (*SAID, *calls, *fields, *STATUSES.values(), *NOT_COMPARED.values()):
        assert words in page
    for one in AMENDMENTS:
        assert f"| `{one.name}` |" in page


def test_requests_are_called_so() -> None:
    tally = Tally()
    tally.add(f"{REQUESTS} git", "GET /refs", 2)

    assert tally.summary() == [f"{REQUESTS} git: 2 requests of 1 kinds"]
    page = generator().page({Check(f"{REQUESTS} git", "GET /refs"): 2})
    assert f"## {REQUESTS} git: 2 requests" in page
    assert "| What | Requests |" in page


def test_a_known_difference_that_nothing_is_about_is_stale() -> None:
    known = (
        KnownDifference(difference=exactly("GET / 200 $[n].a: {x} (y)"), reason="r"),
        KnownDifference(difference="POST .*", reason="r"),
    )

    assert stale({"GET / 200 $[12].a: {x} (y)", "POST / 201"}, known) == []
    assert stale({"GET / 200 $[12].b: {x} (y)"}, known) == [one.difference for one in known]
    assert stale(set(), known) == [one.difference for one in known]
    (exact, _) = known
    for other in ("GET / 200 $[x].a: {x} (y)", "GET / 200 $[1].a: {x} (y)!", "GET / 200 $[1]_a"):
        assert not exact.covers(other)


def test_the_committed_page_names_every_judge_and_the_differences_of_now() -> None:
    committed = PAGE.with_suffix(".md").read_text()
    made = generator().page({})

    start = "## Outside"
    assert committed.partition(start)[2] == made.partition(start)[2]
    assert committed.startswith(generator().HEAD)
    for judge in (
        "@octokit/graphql-schema",
        "@octokit/openapi",
        "@octokit/openapi-webhooks",
        "@octokit/webhooks-examples",
        "payloads made from @octokit/openapi-webhooks",
        "calls of the client against @octokit/fixtures",
        "transport of the client against @octokit/fixtures",
        "answers of the sandbox GitHub against @octokit/fixtures",
        "calls of the client against the sandbox GitHub",
    ):
        assert f"## {judge}: " in committed
