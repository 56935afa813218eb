"""Deliveries become facts; odd ones are named in words or refused with a code."""

import json
from typing import Any

import pytest

from rigtasks.errors import Rejected
from rigtasks.github.payloads import parse_delivery
from rigtasks.github.webhook_facts import (
    HeadFact,
    InstallationFact,
    IssueCommentFact,
    IssueFact,
    PingFact,
    PullRequestFact,
    PushFact,
    RepositoryFact,
    Unrelated,
    WebhookFact,
    semantic_key,
)

SHA = "a" * 40
OTHER_SHA = "b" * 40
REPOSITORY = {"id": 7, "full_name": "octo/shop", "default_branch": "main"}
SENDER = {"id": 3, "login": "mona", "type": "User"}


def envelope(action: str | None = None, **parts: Any) -> dict[str, Any]:
    shared = {"repository": REPOSITORY, "sender": SENDER, "installation": {"id": 11}}
    return {**shared, **({"action": action} if action else {}), **parts}


def issue(**changes: Any) -> dict[str, Any]:
    return {
        "number": 5,
        "title": "Prices are rounded down",
        "body": "Steps: …",
        "state": "open",
        "labels": [{"name": "agent-ready"}],
        "updated_at": "2026-11-01T10:00:00Z",
        **changes,
    }


def pull(**changes: Any) -> dict[str, Any]:
    return {
        "number": 6,
        "state": "open",
        "merged": False,
        "updated_at": "2026-11-01T11:00:00Z",
        "head": {"sha": SHA, "ref": "feature/issue-5-prices", "repo": REPOSITORY},
        "base": {"sha": OTHER_SHA, "ref": "main", "repo": REPOSITORY},
        **changes,
    }


def check(**changes: Any) -> dict[str, Any]:
    return {"id": 90, "head_sha": SHA, "status": "completed", "conclusion": "success", **changes}


def parsed(event: str, payload: Any) -> WebhookFact:
    return parse_delivery(event, json.dumps(payload).encode())


def refused(event: str, body: bytes) -> str:
    with pytest.raises(Rejected) as error:
        parse_delivery(event, body)
    return error.value.code


def test_a_labeled_issue_says_which_issue_which_label_and_who() -> None:
    fact = parsed("issues", envelope("labeled", issue=issue(), label={"name": "agent-ready"}))

    assert isinstance(fact, IssueFact)
    assert (fact.repository.id, fact.repository.full_name) == (7, "octo/shop")
    assert (fact.number, fact.label, fact.labels) == (5, "agent-ready", ("agent-ready",))
    assert fact.sender is not None
    assert fact.sender.login == "mona"
    assert fact.installation_id == 11


def test_a_ghost_sender_and_an_empty_body_are_no_obstacle() -> None:
    fact = parsed("issues", envelope("opened", issue=issue(body=None)) | {"sender": None})

    assert isinstance(fact, IssueFact)
    assert fact.sender is None
    assert fact.body is None


def test_an_issue_that_is_a_pull_request_is_left_alone() -> None:
    linked = issue(pull_request={"url": "https://api.github.com/repos/octo/shop/pulls/5"})

    fact = parsed("issues", envelope("labeled", issue=linked, label={"name": "agent-ready"}))

    assert isinstance(fact, Unrelated)
    assert fact.outcome == "ignored: the issue is a pull request"


def test_a_null_pull_request_key_is_still_an_issue() -> None:
    assert isinstance(
        parsed("issues", envelope("opened", issue=issue(pull_request=None))), IssueFact
    )


@pytest.mark.parametrize(
    ("linked", "expected"), [({"pull_request": {"url": "…"}}, True), ({}, False)]
)
def test_a_comment_says_whether_it_is_on_a_pull_request(
    linked: dict[str, Any], *, expected: bool
) -> None:
    fact = parsed("issue_comment", envelope("created", issue=issue(**linked), comment={"id": 400}))

    assert isinstance(fact, IssueCommentFact)
    assert (fact.number, fact.comment_id, fact.is_pull_request) == (5, 400, expected)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("pull_request", envelope("synchronize", pull_request=pull())),
        (
            "pull_request_review",
            envelope("submitted", pull_request=pull(), review={"id": 1, "state": "approved"}),
        ),
        (
            "pull_request_review_thread",
            envelope("resolved", pull_request=pull(), thread={"node_id": "PRRT_1"}),
        ),
    ],
)
def test_whatever_happens_to_a_pull_request_names_it_and_its_head(
    event: str, payload: dict[str, Any]
) -> None:
    fact = parsed(event, payload)

    assert isinstance(fact, PullRequestFact)
    assert (fact.number, fact.head_sha, fact.head_ref) == (6, SHA, "feature/issue-5-prices")
    assert fact.merged is False


def test_a_pull_request_of_a_deleted_fork_is_read() -> None:
    fact = parsed(
        "pull_request",
        envelope(
            "closed",
            pull_request=pull(
                head={"sha": SHA, "ref": "patch-1", "repo": None},
                state="closed",
                merged=True,
            ),
        ),
    )

    assert isinstance(fact, PullRequestFact)
    assert fact.merged is True


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("check_run", envelope("completed", check_run=check(pull_requests=[]))),
        ("check_run", envelope("completed", check_run=check(pull_requests=None))),
        ("check_suite", envelope("completed", check_suite=check())),
        ("status", envelope(id=1, sha=SHA, state="success")),
    ],
)
def test_without_a_pull_request_the_head_commit_is_the_fact(
    event: str, payload: dict[str, Any]
) -> None:
    fact = parsed(event, payload)

    assert isinstance(fact, HeadFact)
    assert (fact.head_sha, fact.pull_requests) == (SHA, ())


def test_a_check_names_only_pull_requests_of_its_own_repository() -> None:
    elsewhere = {"number": 2, "base": {"repo": {"id": 8}}}
    here = {"number": 6, "base": {"repo": {"id": 7}}}

    fact = parsed(
        "check_run", envelope("completed", check_run=check(pull_requests=[elsewhere, here]))
    )

    assert isinstance(fact, HeadFact)
    assert fact.pull_requests == (6,)


@pytest.mark.parametrize(
    ("ref", "numbers"),
    [
        (f"refs/heads/gh-readonly-queue/main/pr-104-{OTHER_SHA}", (104,)),
        ("refs/heads/gh-readonly-queue/main/odd", ()),
    ],
)
def test_a_merge_group_carries_its_number_in_the_ref(ref: str, numbers: tuple[int, ...]) -> None:
    fact = parsed(
        "merge_group",
        envelope("checks_requested", merge_group={"head_sha": SHA, "head_ref": ref}),
    )

    assert isinstance(fact, HeadFact)
    assert fact.pull_requests == numbers


def test_a_merge_group_may_name_no_repository() -> None:
    payload = envelope("destroyed", merge_group={"head_sha": SHA, "head_ref": "refs/heads/x"})
    del payload["repository"]

    fact = parsed("merge_group", payload)

    assert isinstance(fact, Unrelated)
    assert fact.outcome == "ignored: the merge group names no repository"


def test_the_other_events_become_their_facts() -> None:
    push = parsed("push", envelope(ref="refs/heads/main", before=SHA, after=OTHER_SHA))
    repository = parsed("repository", envelope("renamed"))
    installation = parsed(
        "installation_repositories",
        {"action": "added", "installation": {"id": 9}, "repositories_added": [REPOSITORY]},
    )
    ping = parsed("ping", {"zen": "…", "hook_id": 4})

    assert isinstance(push, PushFact)
    assert isinstance(repository, RepositoryFact)
    assert isinstance(installation, InstallationFact)
    assert [each.id for each in installation.repositories] == [7]
    assert ping == PingFact(
        event="ping", action=None, sender=None, installation_id=None, occurrence="", hook_id=4
    )


@pytest.mark.parametrize(
    ("action", "changes", "former"),
    [
        ("renamed", {"repository": {"name": {"from": "old"}}}, "octo/old"),
        ("transferred", {"owner": {"from": {"user": {"login": "ada"}}}}, "ada/shop"),
        ("transferred", {"owner": {"from": {"organization": {"login": "guild"}}}}, "guild/shop"),
        ("edited", {"description": {"from": "x"}}, None),
        ("archived", None, None),
    ],
)
def test_a_repository_says_what_it_was_called(
    action: str, changes: object, former: str | None
) -> None:
    fact = parsed("repository", envelope(action, changes=changes))

    assert isinstance(fact, RepositoryFact)
    assert fact.former_name == former


def test_unknown_events_and_actions_are_ignored_in_words() -> None:
    event = parsed("sponsorship", {"anything": [1]})
    action = parsed("issues", envelope("pinned", issue=issue()))
    odd = parsed("x\u202e\n" + "y" * 500, {})

    assert isinstance(event, Unrelated)
    assert event.outcome == "ignored: no use for the event sponsorship"
    assert isinstance(action, Unrelated)
    assert action.outcome == "ignored: no use for issues with the action pinned"
    assert action.repository is not None
    assert isinstance(odd, Unrelated)
    assert odd.outcome.isprintable()
    assert len(odd.outcome) < 120


@pytest.mark.parametrize("event", ["issues", "sponsorship"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid-json"),
        (b"{", "invalid-json"),
        (b"\xef\xbb\xbf{}", "invalid-json"),
        (b'{"x": NaN}', "invalid-json"),
        (b"payload=%7B%7D", "invalid-json"),
        (b"[]", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b"null", "not-an-object"),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
    ],
)
def test_what_is_no_json_object_is_refused_with_its_code(
    event: str, body: bytes, code: str
) -> None:
    assert refused(event, body) == code


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (envelope("opened"), "payload-shape"),
        (envelope("opened", issue=None), "payload-shape"),
        (envelope("opened", issue=issue(number="5")), "payload-shape"),
        (envelope("opened", issue=issue(number=-5)), "payload-shape"),
        (envelope("opened", issue=issue(number=2**80)), "payload-shape"),
        (envelope("opened", issue=issue(number=5.5)), "payload-shape"),
        (envelope("opened", issue=issue(), repository={"id": "7"}), "payload-shape"),
        (envelope("opened", issue=issue(), repository=None), "repository-missing"),
        (envelope("a" * 101, issue=issue()), "payload-shape"),
        (
            envelope("opened", issue=issue(), repository={"id": 7, "full_name": "o/" + "x" * 199}),
            "payload-shape",
        ),
    ],
)
def test_fields_of_another_shape_are_refused(payload: dict[str, Any], code: str) -> None:
    assert refused("issues", json.dumps(payload).encode()) == code


def test_an_integer_of_five_thousand_digits_is_refused_where_used_and_skipped_elsewhere() -> None:
    huge = b"9" * 5_000
    text = json.dumps(envelope("opened", issue=issue(), unused="HUGE")).encode()
    used = json.dumps(envelope("opened", issue=issue(number="HUGE"))).encode()

    assert isinstance(parse_delivery("issues", text.replace(b'"HUGE"', huge)), IssueFact)
    assert refused("issues", used.replace(b'"HUGE"', huge)) == "payload-shape"


def test_a_nul_never_reaches_the_database() -> None:
    fact = parsed(
        "issues",
        envelope("labeled", issue=issue(title="a\x00b", body="\x00"), label={"name": "x\x00"}),
    )

    assert isinstance(fact, IssueFact)
    assert (fact.title, fact.body, fact.label) == ("a�b", "�", "x�")


def test_a_lone_surrogate_is_refused_and_a_pair_is_read() -> None:
    body = json.dumps(envelope("opened", issue=issue(title="T"))).encode()

    assert refused("issues", body.replace(b'"T"', b'"\\ud800 x"')) == "invalid-json"
    fact = parse_delivery("issues", body.replace(b'"T"', b'"\\ud83d\\ude00"'))
    assert isinstance(fact, IssueFact)
    assert fact.title == "\U0001f600"


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    body = json.dumps(envelope("opened", issue=issue(title="T"))).encode()

    assert refused("issues", body.replace(b'"T"', b'"\xff"')) == "invalid-json"


@pytest.mark.parametrize("event", ["issues", "sponsorship"])
def test_bytes_that_are_not_utf_8_are_refused_where_nobody_reads_as_well(event: str) -> None:
    body = json.dumps(envelope("opened", issue=issue(), unused="T")).encode()

    assert refused(event, body.replace(b'"T"', b'"\xff"')) == "invalid-json"


def test_a_key_fits_into_an_index_whatever_it_is_made_of() -> None:
    named = [{"id": 10**15 + n, "full_name": f"octo/r{n}"} for n in range(1_000)]
    long = [
        parsed("installation", {"action": "created", "repositories": named}),
        parsed("installation", {"action": "created", "repositories": named[::-1]}),
        parsed("issues", envelope("labeled", issue=issue(), label={"name": "標" * 9_000})),
    ]
    odd = parsed("issues", envelope("opened", issue=issue(updated_at="a\x00b")))

    keys = [semantic_key(fact) or "" for fact in (*long, odd)]

    assert all(0 < len(key.encode()) < 1_000 for key in keys)
    assert len(set(keys)) == 4
    assert "\x00" not in keys[3]


def test_one_happening_reported_by_two_hooks_has_one_key() -> None:
    by_app = parsed("issues", envelope("labeled", issue=issue(), label={"name": "agent-ready"}))
    payload = envelope("labeled", issue=issue(), label={"name": "agent-ready"})
    del payload["installation"]
    by_repository_hook = parsed("issues", payload)

    assert semantic_key(by_app) == semantic_key(by_repository_hook)
    assert semantic_key(by_app) is not None


@pytest.mark.parametrize(
    "other",
    [
        ("issues", envelope("labeled", issue=issue(), label={"name": "critical"})),
        ("issues", envelope("unlabeled", issue=issue(), label={"name": "agent-ready"})),
        ("issues", envelope("labeled", issue=issue(number=6), label={"name": "agent-ready"})),
        (
            "issues",
            envelope(
                "labeled",
                issue=issue(updated_at="2026-11-01T10:00:01Z"),
                label={"name": "agent-ready"},
            ),
        ),
        (
            "issues",
            envelope("labeled", issue=issue(), label={"name": "agent-ready"})
            | {"repository": {"id": 8, "full_name": "octo/shop"}},
        ),
    ],
)
def test_another_happening_has_another_key(other: tuple[str, dict[str, Any]]) -> None:
    fact = parsed("issues", envelope("labeled", issue=issue(), label={"name": "agent-ready"}))

    assert semantic_key(parsed(*other)) != semantic_key(fact)


def test_a_check_that_changes_its_conclusion_is_another_happening() -> None:
    keys = {
        semantic_key(parsed("check_run", envelope("completed", check_run=check(conclusion=each))))
        for each in ("success", "failure")
    }

    assert len(keys) == 2


def test_what_means_nothing_has_no_key() -> None:
    assert semantic_key(parsed("ping", {})) is None
    assert semantic_key(parsed("star", {})) is None
