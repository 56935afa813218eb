"""Deliveries to start from: one of each event in use, and the odd bodies of the unit tests."""

import json
from collections.abc import Iterator
from typing import Any

from test_payloads import OTHER_SHA, REPOSITORY, SHA, check, envelope, issue, pull

_REVIEW = {"id": 1, "state": "approved", "submitted_at": "2026-11-01T12:00:00Z"}
_QUEUED = {"head_sha": SHA, "head_ref": f"refs/heads/gh-readonly-queue/main/pr-104-{OTHER_SHA}"}
_RIGHT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("issues", envelope("labeled", issue=issue(), label={"name": "agent-ready"})),
    ("issues", envelope("unlabeled", issue=issue(labels=[]), label={"name": "agent-ready"})),
    ("issues", envelope("opened", issue=issue(pull_request={"url": "x"}))),
    ("issue_comment", envelope("created", issue=issue(), comment={"id": 400})),
    ("pull_request", envelope("synchronize", pull_request=pull())),
    ("pull_request_review", envelope("submitted", pull_request=pull(), review=_REVIEW)),
    ("pull_request_review_thread",
     envelope("resolved", pull_request=pull(), thread={"node_id": "T_1"})),
    ("check_run", envelope("completed", check_run=check(pull_requests=[]))),
    ("check_suite", envelope("completed", check_suite=check(completed_at="2026-11-01T12:00:00Z"))),
    ("status", envelope(id=1, sha=SHA, state="success")),
    ("merge_group", envelope("checks_requested", merge_group=_QUEUED)),
    ("push", envelope(ref="refs/heads/main", before=SHA, after=OTHER_SHA)),
    ("repository", envelope("renamed")),
    ("installation", {"action": "created", "installation": {"id": 9},
                      "repositories": [REPOSITORY]}),
    ("installation_repositories", {"action": "added", "installation": {"id": 9},
                                   "repositories_added": [REPOSITORY]}),
    ("ping", {"zen": "Speak like a human.", "hook_id": 4}),
    ("star", {"action": "created", "sender": None}),
)  # fmt: skip
_ODD = (
    b"", b"{", b"[]", b"null", b'"text"', b"{}", b"\xef\xbb\xbf{}", b'{"x": NaN}', b'{"x": 1e400}',
    b'{"issue":' + b"[" * 200, b'{"issue": {"number": 99999999999999999999}}',
    b'{"issue": {"number": 5.0, "title": "\\ud800"}}', b'{"issue": {}, "issue": null}',
    b'{"repository": {"id": 7, "full_name": "octo/\\u0000"}, "action": "renamed"}',
)  # fmt: skip


def seeds() -> tuple[bytes, ...]:
    """Return `event, line feed, body` of every seed."""
    return tuple(_written())


def _written() -> Iterator[bytes]:
    for event, payload in _RIGHT:
        yield event.encode() + b"\n" + json.dumps(payload).encode()
    for body in _ODD:
        yield b"issues\n" + body
    yield b"NOT AN EVENT\n{}"
