"""Deliveries over real HTTP: what is accepted is in the table, what is refused is not."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from served import PATH, PREVIOUS, Receiver, issue_payload, sign

CAP = 25 * 1024 * 1024


def count(receiver: Receiver, table: str) -> int:
    return int(receiver.stored(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - our table names


@pytest.fixture
def nothing_stored(receiver: Receiver) -> Any:
    """Check that a test leaves both tables as they were."""
    before = count(receiver, "deliveries"), count(receiver, "outbox")
    yield
    assert (count(receiver, "deliveries"), count(receiver, "outbox")) == before


def head(length: int | None, **headers: str) -> bytes:
    lines = [f"POST {PATH} HTTP/1.1", "Host: localhost", "Connection: close"]
    given = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": str(uuid.uuid4()),
    }
    if length is not None:
        given["Content-Length"] = str(length)
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines += [f"{name}: {value}" for name, value in given.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def test_a_delivery_and_its_task_are_stored_in_one_commit(receiver: Receiver) -> None:
    delivery = str(uuid.uuid4())
    answer = receiver.deliver(issue_payload(101), X_GitHub_Delivery=delivery)
    assert (answer.status_code, answer.json()) == (
        202,
        {"delivery": delivery, "status": "accepted"},
    )
    assert receiver.stored(
        "SELECT d.event, d.action, d.repo, d.number, d.status, d.outcome, o.kind, o.task, o.queue,"
        "       o.args, o.done_at, d.xmin = o.xmin"
        "  FROM deliveries d JOIN outbox o ON o.args = jsonb_build_array(d.delivery_id)"
        " WHERE d.delivery_id = %s",
        delivery,
    ) == [
        ("issues", "labeled", "octo/price-api", 101, "pending", None, "task",
         "rig.conductor.delivery", "conductor", [delivery], None, True)
    ]  # fmt: skip


def test_a_delivery_repeated_ten_times_at_once_is_stored_once(receiver: Receiver) -> None:
    delivery = str(uuid.uuid4())
    tasks = count(receiver, "outbox")
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(
                lambda _: receiver.deliver(issue_payload(102), X_GitHub_Delivery=delivery),
                range(10),
            )
        )
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.text for answer in answers} == {answers[0].text}
    assert receiver.stored("SELECT count(*) FROM deliveries WHERE delivery_id = %s", delivery) == [
        (1,)
    ]
    assert count(receiver, "outbox") == tasks + 1


def test_two_hooks_that_report_one_happening_make_one_task(receiver: Receiver) -> None:
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    tasks = count(receiver, "outbox")
    payload = issue_payload(103)
    receiver.deliver(payload, X_GitHub_Delivery=first, X_GitHub_Hook_ID="1")
    again = receiver.deliver(
        payload | {"organization": {"id": 1}}, X_GitHub_Delivery=second, X_GitHub_Hook_ID="2"
    )
    assert (again.status_code, again.json()["status"]) == (202, "duplicate")
    assert receiver.stored(
        "SELECT status, duplicate_of, outcome FROM deliveries WHERE delivery_id = %s", second
    ) == [("ignored", first, f"ignored: says the same as delivery {first}")]
    assert count(receiver, "outbox") == tasks + 1
    assert (
        receiver.deliver(payload, X_GitHub_Delivery=second, X_GitHub_Hook_ID="2").text == again.text
    )


def test_one_hook_that_says_the_same_twice_reports_two_happenings(receiver: Receiver) -> None:
    tasks = count(receiver, "outbox")
    for _ in range(2):
        answer = receiver.deliver(issue_payload(104), X_GitHub_Hook_ID="1")
        assert answer.json()["status"] == "accepted"
    assert count(receiver, "outbox") == tasks + 2


def test_an_installation_with_a_thousand_repositories_is_stored(receiver: Receiver) -> None:
    repositories = [{"id": 9 * 10**8 + n, "full_name": f"octo/r{n}"} for n in range(1000)]
    answer = receiver.deliver(
        {"action": "created", "installation": {"id": 5}, "repositories": repositories},
        X_GitHub_Event="installation",
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")


def test_what_nobody_acts_on_is_stored_without_a_task(receiver: Receiver) -> None:
    tasks = count(receiver, "outbox")
    for event in ("ping", "star", "an_event_of_next_year"):
        answer = receiver.deliver({"zen": "hm"}, X_GitHub_Event=event)
        assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    assert count(receiver, "outbox") == tasks


def test_the_previous_secret_still_counts(receiver: Receiver) -> None:
    body = json.dumps(issue_payload(105)).encode()
    assert receiver.post(body, X_Hub_Signature_256=sign(body, PREVIOUS)).status_code == 202


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"X_Hub_Signature_256": None}, 401, "signature-missing"),
        ({"X_Hub_Signature_256": ""}, 401, "signature-missing"),
        ({"X_Hub_Signature_256": "sha1=" + "a" * 40}, 401, "signature-malformed"),
        ({"X_Hub_Signature_256": "sha256=" + "A" * 64}, 401, "signature-malformed"),
        ({"X_Hub_Signature_256": b"sha256=" + b"\xc3\xa9" * 32}, 401, "signature-missing"),
        ({"X_Hub_Signature_256": sign(b"another body")}, 401, "signature-mismatch"),
        ({"X_Hub_Signature_256": None, "X_Hub_Signature": "sha1=" + "a" * 40}, 401,
         "signature-missing"),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415, "media-type"),
        ({"Content_Encoding": "gzip"}, 415, "body-encoded"),
        ({"X_GitHub_Event": None}, 400, "header-invalid"),
        ({"X_GitHub_Delivery": None}, 400, "header-invalid"),
        ({"X_GitHub_Delivery": "1; DROP TABLE deliveries"}, 400, "header-invalid"),
        ({"X_GitHub_Delivery": "../" * 3_000}, 400, "header-invalid"),
    ],
)  # fmt: skip
def test_bad_headers(
    receiver: Receiver, headers: dict[str, str | bytes | None], status: int, code: str
) -> None:
    answer = receiver.deliver(issue_payload(106), **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"]


@pytest.mark.usefixtures("nothing_stored")
def test_two_signatures_are_no_signature(receiver: Receiver) -> None:
    body = json.dumps(issue_payload(107)).encode()
    twice = f"{sign(body)}\r\nX-Hub-Signature-256: {sign(body)}"
    status, problem = receiver.raw(head(len(body), X_Hub_Signature_256=twice) + body)
    assert (status, problem["code"]) == (401, "signature-malformed")


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"[" * 100_000 + b"]" * 100_000,
     b'{"issue":' * 100_000 + b"1" + b"}" * 100_000, b"\xef\xbb\xbf{}"],
    ids=["empty", "cut", "list", "null", "text", "deep-list", "deep-object", "bom"],
)  # fmt: skip
def test_signed_bodies_that_are_no_object(receiver: Receiver, body: bytes) -> None:
    answer = receiver.post(body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        400,
        "application/problem+json",
    )


@pytest.mark.parametrize(
    "text",
    ['{"number": ' + "9" * 5_000 + "}", '{"title": "' + "t" * 1_000_000 + '"}', '{"a": "\\u0000"}',
     '{"a": 1, "a": 2}', '{"sender": null, "action": null}'],
    ids=["5,000 digits", "1 MB title", "NUL", "key twice", "ghost"],
)  # fmt: skip
def test_odd_but_whole_objects_are_stored_and_can_be_read_back(
    receiver: Receiver, text: str
) -> None:
    answer = receiver.post(text.encode(), X_GitHub_Event="star")
    assert answer.status_code == 202
    shown = receiver.get(f"/api/v1/deliveries/{answer.json()['delivery']}")
    assert shown.status_code == 200
    assert text in shown.text


@pytest.mark.usefixtures("nothing_stored")
def test_a_truncated_body_is_refused_at_once(receiver: Receiver) -> None:
    body = json.dumps(issue_payload(108)).encode()
    status, problem = receiver.raw(
        head(len(body) + 500, X_Hub_Signature_256=sign(body)) + body, end=True
    )
    assert (status, problem["code"]) == (400, "body-truncated")


@pytest.mark.usefixtures("nothing_stored")
def test_an_announced_length_above_the_cap_is_refused_unread(receiver: Receiver) -> None:
    started = time.monotonic()
    status, problem = receiver.raw(head(26 * 1024 * 1024, X_Hub_Signature_256=sign(b"")))
    assert (status, problem["code"]) == (413, "body-too-large")
    assert time.monotonic() - started < 5, "it waited for a body it would not take"


@pytest.mark.usefixtures("nothing_stored")
def test_an_unannounced_body_above_the_cap_is_cut_off(receiver: Receiver) -> None:
    def megabytes() -> Any:
        for _ in range(26):
            yield b" " * 1024 * 1024

    answer = receiver.session.post(
        f"http://127.0.0.1:{receiver.port}{PATH}",
        data=megabytes(),
        headers={"Content-Type": "application/json", "X-Hub-Signature-256": sign(b"")},
        timeout=20,
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_a_chunked_delivery_within_bounds_is_accepted(receiver: Receiver) -> None:
    body = json.dumps(issue_payload(109)).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at : at + 50]), body[at : at + 50])
                      for at in range(0, len(body), 50))  # fmt: skip
    request = head(None, Transfer_Encoding="chunked", X_Hub_Signature_256=sign(body))
    status, answer = receiver.raw(request + chunks + b"0\r\n\r\n")
    assert (status, answer["status"]) == (202, "accepted")


def test_the_largest_delivery_github_sends_is_accepted(receiver: Receiver) -> None:
    frame = json.dumps(issue_payload(110) | {"padding": ""}).encode()
    body = frame.replace(b'"padding": ""', b'"padding": "%s"' % (b"x" * (CAP - len(frame))))
    assert len(body) == CAP
    assert receiver.post(body).status_code == 202


def test_other_methods_and_near_paths_take_nothing(receiver: Receiver) -> None:
    assert receiver.get(PATH).status_code == 405
    assert receiver.get(PATH).headers["Allow"] == "POST"
    for path in (f"/{PATH}", PATH + "/", PATH.upper(), "/api/v1/webhooks/github%00"):
        request = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0"
        status, _ = receiver.raw(f"{request}\r\n\r\n".encode())
        assert status in {403, 404}, path


def test_the_seeds_path_accepts_too(receiver: Receiver) -> None:
    body = json.dumps(issue_payload(111)).encode()
    answer = receiver.session.post(
        f"http://127.0.0.1:{receiver.port}/api/webhook/github",
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-GitHub-Event": "issues",
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-Hub-Signature-256": sign(body),
        },
        timeout=20,
    )
    assert answer.status_code == 202
    assert PATH in answer.headers["Link"]
