"""What the hot path answers, and that nothing refused is ever stored."""

import io
import json
from typing import Any

import pytest
from webhook_requests import (
    DELIVERY,
    ISSUE,
    PREVIOUS,
    Answered,
    MemoryStore,
    environ,
    make_endpoint,
    sign,
)

from rigtasks.eventstore.payloads import unpacked
from webhook_receiver.intake.endpoint import SEED_PATH
from webhook_receiver.intake.ledger import LedgerUnavailable
from webhook_receiver.intake.request import LARGEST_BODY


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def ask(store: MemoryStore, request: dict[str, Any]) -> Answered:
    return Answered(make_endpoint(store), request)


def test_a_signed_delivery_is_stored_whole_and_answered(store: MemoryStore) -> None:
    body = json.dumps(ISSUE).encode()
    answer = ask(store, environ(body))
    assert answer.status == 202
    assert answer.body == {"delivery": DELIVERY, "status": "accepted"}
    (stored,) = store.stored
    assert unpacked(stored.payload) == body
    assert (stored.event, stored.action, stored.repo_id, stored.number) == (
        "issues",
        "labeled",
        7,
        5,
    )
    assert stored.headers == {"X-GitHub-Hook-ID": "11"}
    assert stored.outcome is None


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, 415, "media-type"),
        ({"CONTENT_TYPE": None}, 415, "media-type"),
        ({"CONTENT_TYPE": "application/json; charset=utf-16"}, 415, "media-type"),
        ({"CONTENT_TYPE": "text/json"}, 415, "media-type"),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, 415, "body-encoded"),
        ({"CONTENT_LENGTH": "-1"}, 400, "length-invalid"),
        ({"CONTENT_LENGTH": "ten"}, 400, "length-invalid"),
        ({"CONTENT_LENGTH": "9" * 400}, 400, "length-invalid"),
        ({"CONTENT_LENGTH": str(LARGEST_BODY + 1)}, 413, "body-too-large"),
        ({"CONTENT_LENGTH": "5000"}, 400, "body-truncated"),
        ({"HTTP_X_HUB_SIGNATURE_256": None}, 401, "signature-missing"),
        ({"HTTP_X_HUB_SIGNATURE_256": ""}, 401, "signature-missing"),
        ({"HTTP_X_HUB_SIGNATURE_256": "sha1=" + "a" * 40}, 401, "signature-malformed"),
        ({"HTTP_X_HUB_SIGNATURE_256": "sha256=" + "é" * 64}, 401, "signature-malformed"),
        ({"HTTP_X_HUB_SIGNATURE_256": "sha256=" + "\udcff" * 64}, 401, "signature-malformed"),
        ({"HTTP_X_HUB_SIGNATURE_256": "sha256=" + "0" * 64}, 401, "signature-mismatch"),
        ({"HTTP_X_GITHUB_EVENT": None}, 400, "header-invalid"),
        ({"HTTP_X_GITHUB_EVENT": "Issues; DROP TABLE"}, 400, "header-invalid"),
        ({"HTTP_X_GITHUB_EVENT": "issues\n"}, 400, "header-invalid"),
        ({"HTTP_X_GITHUB_EVENT": "e" * 10_000}, 400, "header-invalid"),
        ({"HTTP_X_GITHUB_DELIVERY": None}, 400, "header-invalid"),
        ({"HTTP_X_GITHUB_DELIVERY": "../../etc/passwd"}, 400, "header-invalid"),
        ({"HTTP_X_GITHUB_DELIVERY": DELIVERY + "'--"}, 400, "header-invalid"),
        ({"HTTP_X_GITHUB_DELIVERY": "7" * 10_000}, 400, "header-invalid"),
        ({"REQUEST_METHOD": "GET"}, 405, "method-not-allowed"),
        ({"REQUEST_METHOD": "PUT"}, 405, "method-not-allowed"),
    ],
)
def test_a_wrong_request_is_named_and_not_stored(
    store: MemoryStore, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(store, environ(**changes))
    assert answer.outcome == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["request_id"] == answer.headers["X-Request-Id"]
    assert store.stored == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid-json"),
        (b"{", "invalid-json"),
        (b"\xef\xbb\xbf{}", "invalid-json"),
        (b"\xff\xfe{\x00}\x00", "invalid-json"),
        (b"[]", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b"null", "not-an-object"),
        (b"1e400", "not-an-object"),
        (b"NaN", "invalid-json"),
        (b'{"issue":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
        (b'{"issue":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", "too-deep"),
        (b'{"unused":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
        (b"[" * 100_000, "not-an-object"),
        (b'{"repository": 7, "more": }', "invalid-json"),
    ],
)
def test_a_signed_body_that_is_no_object_is_refused(
    store: MemoryStore, body: bytes, code: str
) -> None:
    assert ask(store, environ(body)).outcome == (400, code)
    assert store.stored == []


@pytest.mark.parametrize(
    "odd",
    [
        {"repository": None},
        {"issue": {"number": "5", "title": "text instead of a number"}},
        {"issue": {"number": 2**63, "title": "too large"}},
        {"issue": {"number": -1, "title": "negative"}},
        {"issue": {"number": 1.5, "title": "a fraction"}},
        {"repository": {"id": 10**400, "full_name": "octo/x"}},
    ],
)
def test_a_signed_object_of_another_shape_is_kept_for_a_person(
    store: MemoryStore, odd: dict[str, Any]
) -> None:
    answer = ask(store, environ(json.dumps(ISSUE | odd).encode()))
    assert answer.status == 202
    (stored,) = store.stored
    assert stored.status == "quarantined"
    assert stored.outcome is not None
    assert stored.outcome.startswith("quarantined: ")


def test_characters_postgres_cannot_hold_do_not_reach_its_columns(store: MemoryStore) -> None:
    body = json.dumps(ISSUE | {"repository": {"id": 7, "full_name": "octo/a\x00b"}}).encode()
    assert ask(store, environ(body)).status == 202
    assert "\x00" not in (store.stored[0].repo or "")


def test_the_signature_is_checked_before_the_body_is_read_as_json(store: MemoryStore) -> None:
    broken = b"[" * 100_000
    answer = ask(store, environ(broken, HTTP_X_HUB_SIGNATURE_256=sign(b"another")))
    assert answer.outcome == (401, "signature-mismatch")


def test_the_signature_of_the_same_json_written_differently_does_not_count(
    store: MemoryStore,
) -> None:
    spaced = json.dumps(ISSUE, indent=1).encode()
    answer = ask(store, environ(spaced, HTTP_X_HUB_SIGNATURE_256=sign(json.dumps(ISSUE).encode())))
    assert answer.outcome == (401, "signature-mismatch")


def test_the_previous_secret_counts_during_a_rotation(store: MemoryStore) -> None:
    body = json.dumps(ISSUE).encode()
    answer = ask(store, environ(body, HTTP_X_HUB_SIGNATURE_256=sign(body, PREVIOUS)))
    assert answer.status == 202


def test_an_unannounced_body_is_read_to_its_end_or_to_the_cap(store: MemoryStore) -> None:
    assert ask(store, environ(CONTENT_LENGTH=None)).status == 202
    endless = io.BytesIO(b" " * (LARGEST_BODY + 2))
    answer = ask(store, environ(CONTENT_LENGTH=None, **{"wsgi.input": endless}))
    assert answer.outcome == (413, "body-too-large")
    assert len(store.stored) == 1


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ("ping", "answered: GitHub tried the webhook out"),
        ("star", "ignored: no use for the event star"),
        ("event_of_next_year", "ignored: no use for the event event_of_next_year"),
    ],
)
def test_what_the_rig_has_no_use_for_is_stored_with_its_outcome(
    store: MemoryStore, event: str, outcome: str
) -> None:
    answer = ask(store, environ(b'{"zen": "hm"}', HTTP_X_GITHUB_EVENT=event))
    assert answer.status == 202
    (stored,) = store.stored
    assert (stored.status, stored.outcome) == ("ignored", outcome)
    assert stored.semantic_key is None


def test_a_database_that_is_down_is_a_503_with_a_time(store: MemoryStore) -> None:
    store.failure = LedgerUnavailable("down", retry_after=5)
    answer = ask(store, environ())
    assert answer.outcome == (503, "store-unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_a_bug_is_a_500_that_tells_a_stranger_nothing(store: MemoryStore) -> None:
    store.failure = RuntimeError("password=hunter2")
    answer = ask(store, environ())
    assert answer.outcome == (500, "internal")
    assert "hunter2" not in json.dumps(answer.body)


def test_the_seeds_path_works_and_names_its_successor(store: MemoryStore) -> None:
    answer = ask(store, environ(PATH_INFO=SEED_PATH))
    assert answer.status == 202
    assert "Deprecation" in answer.headers
    assert answer.headers["Link"] == '</api/v1/webhooks/github>; rel="successor-version"'


@pytest.mark.parametrize(
    ("given", "kept"),
    [("trace-0001", True), ("short", False), ("a\nb" * 5, False), ("é" * 20, False)],
)
def test_a_usable_request_id_is_kept(store: MemoryStore, given: str, kept: bool) -> None:  # noqa: FBT001 - a case of the table
    answer = ask(store, environ(HTTP_X_REQUEST_ID=given))
    assert (answer.headers["X-Request-Id"] == given) is kept
