"""Everything a stranger can send to the receiver, over real HTTP, item by item.

What is refused is named with its status and stores nothing; what is odd but signed is stored
without hurting anybody else. The bytes below HTTP are written by hand. What deliveries mean
(labels, names and ids, transfers, strangers' installations) is tried in
`tests/integration/conductor/test_odd_hints.py`, the timing probe in
`tests/unit/github/test_signature.py`.
"""

import gzip
import json
import socket
import time
import uuid
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from served import PATH, WAIT, Receiver, issue_payload, request_head, sign

from rigtasks.local.ports import LOOPBACK

CAP = 25 * 1024 * 1024
MEDIA_TYPE = "application/problem+json"
BODY = json.dumps(issue_payload(106)).encode()
Headers = dict[str, str | bytes | None]


def count(receiver: Receiver) -> tuple[int, int]:
    row = receiver.stored("SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM outbox)")
    return row[0][0], row[0][1]


@pytest.fixture
def nothing_stored(receiver: Receiver) -> Iterator[None]:
    """Check that a test leaves both tables as they were and the receiver as able as before."""
    before = count(receiver)
    yield
    assert count(receiver) == before
    assert receiver.get("/healthz").status_code == 200
    assert receiver.deliver(issue_payload(1)).status_code == 202


def tables(*groups: dict[str, Any]) -> list[Any]:
    return [pytest.param(*row, id=words) for group in groups for words, row in group.items()]


SIGNATURES: dict[str, tuple[Headers, int, str]] = {
    "signature missing": ({"X_Hub_Signature_256": None}, 401, "signature-missing"),
    "signature empty": ({"X_Hub_Signature_256": ""}, 401, "signature-missing"),
    "sha1= only": (
        {"X_Hub_Signature_256": None, "X_Hub_Signature": "sha1=" + "a" * 40},
        401,
        "signature-missing",
    ),
    "sha1= in its place": (
        {"X_Hub_Signature_256": "sha1=" + "a" * 40}, 401, "signature-malformed"
    ),
    "signature uppercase": (
        {"X_Hub_Signature_256": sign(BODY).upper().replace("SHA256", "sha256")},
        401,
        "signature-malformed",
    ),
    "signature of the wrong length": (
        {"X_Hub_Signature_256": sign(BODY)[:-1]}, 401, "signature-malformed"
    ),
    "signature non-ASCII": (
        {"X_Hub_Signature_256": b"sha256=" + b"\xc3\xa9" * 32}, 401, "signature-missing"
    ),
    "valid for other secret": (
        {"X_Hub_Signature_256": sign(BODY, "another secret")}, 401, "signature-mismatch"
    ),
    "valid for other body": ({"X_Hub_Signature_256": sign(b"{}")}, 401, "signature-mismatch"),
    "computed over re-serialised JSON": (
        {"X_Hub_Signature_256": sign(json.dumps(json.loads(BODY), separators=(",", ":")).encode())},
        401,
        "signature-mismatch",
    ),
}  # fmt: skip
HEADERS: dict[str, tuple[Headers, int, str]] = {
    "missing X-GitHub-Event": ({"X_GitHub_Event": None}, 400, "header-invalid"),
    "odd X-GitHub-Event": ({"X_GitHub_Event": "Issues; DROP TABLE"}, 400, "header-invalid"),
    "X-GitHub-Event of 10 kB": ({"X_GitHub_Event": "e" * 10_000}, 400, "header-invalid"),
    "missing X-GitHub-Delivery": ({"X_GitHub_Delivery": None}, 400, "header-invalid"),
    "X-GitHub-Delivery not a UUID": ({"X_GitHub_Delivery": "42"}, 400, "header-invalid"),
    "X-GitHub-Delivery of 10 kB": ({"X_GitHub_Delivery": "7" * 10_000}, 400, "header-invalid"),
    "X-GitHub-Delivery SQL": (
        {"X_GitHub_Delivery": "1; DROP TABLE deliveries"}, 400, "header-invalid"
    ),
    "X-GitHub-Delivery path": ({"X_GitHub_Delivery": "../" * 12}, 400, "header-invalid"),
    "payload= form": ({"Content_Type": "application/x-www-form-urlencoded"}, 415, "media-type"),
    "no content type": ({"Content_Type": None}, 415, "media-type"),
    "wrong charset": ({"Content_Type": "application/json; charset=utf-16"}, 415, "media-type"),
    "content type with more behind it": (
        {"Content_Type": "application/json; charset=utf-8; x=y"}, 415, "media-type"
    ),
    "gzip": ({"Content_Encoding": "gzip"}, 415, "body-encoded"),
    "deflate, gzip": ({"Content_Encoding": "deflate, gzip"}, 415, "body-encoded"),
}  # fmt: skip


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(("headers", "status", "code"), tables(SIGNATURES, HEADERS))
def test_a_bad_header_is_named(
    receiver: Receiver, headers: Headers, status: int, code: str
) -> None:
    answer = receiver.post(BODY, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["hint"]
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"]


FORM = b"payload=%7B%7D"
BODIES: dict[str, tuple[bytes, int, str]] = {
    "empty body": (b"", 400, "invalid-json"),
    "cut JSON": (b"{", 400, "invalid-json"),
    "form behind a JSON content type": (FORM, 400, "invalid-json"),
    "BOM": (b"\xef\xbb\xbf{}", 400, "invalid-json"),
    "UTF-16": ("{}".encode("utf-16"), 400, "invalid-json"),
    "not UTF-8": (b'{"issue": "\xff"}', 400, "invalid-json"),
    "array at top": (b"[]", 400, "not-an-object"),
    "string at top": (b'"text"', 400, "not-an-object"),
    "null at top": (b"null", 400, "not-an-object"),
    "100k-deep nesting at top": (b"[" * 100_000 + b"]" * 100_000, 400, "not-an-object"),
    "100k-deep nesting": (
        b'{"issue":' * 100_000 + b"1" + b"}" * 100_000, 400, "too-deep"
    ),
    "NaN": (BODY[:-1] + b', "x": NaN}', 400, "invalid-json"),
    "Infinity": (BODY[:-1] + b', "x": -Infinity}', 400, "invalid-json"),
    "lone surrogates": (
        BODY.replace(b'"Prices"', b'"\\ud800 Prices"'), 400, "invalid-json"
    ),
    "gzip bomb": (gzip.compress(b" " * 50_000_000), 400, "invalid-json"),
    "deflate bomb": (zlib.compress(b" " * 50_000_000), 400, "invalid-json"),
}  # fmt: skip


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(("body", "status", "code"), tables(BODIES))
def test_a_signed_body_that_is_no_object_is_named(
    receiver: Receiver, body: bytes, status: int, code: str
) -> None:
    answer = receiver.post(body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == MEDIA_TYPE


def spoilt(**changes: Any) -> bytes:
    return json.dumps(issue_payload(207) | changes).encode()


def numbered(number: object) -> bytes:
    return spoilt(issue={"number": number, "title": "Prices"})


WITHOUT_REPOSITORY = issue_payload(208)
del WITHOUT_REPOSITORY["repository"]
QUARANTINED = {
    "missing repository": (json.dumps(WITHOUT_REPOSITORY).encode(),),
    "repository null": (spoilt(repository=None),),
    "float ids": (spoilt(repository={"id": 7.5, "full_name": "octo/x"}),),
    "ids as strings": (spoilt(repository={"id": "7", "full_name": "octo/x"}),),
    "number as a string": (numbered("5"),),
    "negative number": (numbered(-5),),
    "huge number": (numbered(2**63),),
    "5,000-digit id": (numbered("HUGE").replace(b'"HUGE"', b"9" * 5_000),),
    "issue null": (spoilt(issue=None),),
    "repository.full_name of 1 MB": (spoilt(repository={"id": 7, "full_name": "o/" * 500_000}),),
    "action of 1 MB": (spoilt(action="a" * 1_000_000),),
}  # fmt: skip


@pytest.mark.parametrize("body", tables(QUARANTINED))
def test_a_signed_object_of_another_shape_is_kept_for_a_person_and_rings_nobody(
    receiver: Receiver, body: bytes
) -> None:
    stored, tasks = count(receiver)
    answer = receiver.post(body)
    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    assert count(receiver) == (stored + 1, tasks)
    found = receiver.get(f"/api/v1/deliveries/{answer.json()['delivery']}")
    shown = json.loads(found.text, parse_int=str)  # this reader has a bound of its own
    assert shown["outcome"].startswith("quarantined: ")
    assert len(json.dumps(shown | {"payload": None})) < 2_000, "its row is too long to read"


ODD_BUT_WHOLE = {
    "5,000-digit int": ('{"number": ' + "9" * 5_000 + "}",),
    "1 MB title": ('{"title": "' + "t" * 1_000_000 + '"}',),
    r"\u0000": ('{"a": "\\u0000"}',),
    "duplicate keys": ('{"a": 1, "a": 2}',),
    "deleted user": ('{"sender": null, "action": null}',),
    "sender.type=Bot": ('{"sender": {"id": 5, "login": "x[bot]", "type": "Bot"}}',),
    "missing sender and installation": ("{}",),
}


@pytest.mark.parametrize("text", tables(ODD_BUT_WHOLE))
def test_an_odd_but_whole_object_is_stored_and_can_be_read_back(
    receiver: Receiver, text: str
) -> None:
    answer = receiver.post(text.encode(), X_GitHub_Event="star")
    assert answer.status_code == 202
    shown = receiver.get(f"/api/v1/deliveries/{answer.json()['delivery']}")
    assert shown.status_code == 200
    assert text in shown.text


STARTS_WORK = {
    "sender.type=Bot in use": (
        json.dumps(
            issue_payload(306, sender={"id": 5, "login": "x[bot]", "type": "Bot"})
        ).encode(),
    ),
    "deleted user in use": (json.dumps(issue_payload(307, sender=None)).encode(),),
    "1 MB title in use": (
        spoilt(issue={"number": 301, "title": "t" * 1_000_000, "updated_at": "2026-11-02"}),
    ),
    r"\u0000 in use": (
        spoilt(
            issue={"number": 302, "title": "\x00", "updated_at": "\x00"}, label={"name": "\x00"}
        ),
    ),
    "1,000 labels at once": (
        spoilt(issue={"number": 303, "title": "Labels", "updated_at": "2026-11-03",
                      "labels": [{"name": f"label {n}"} for n in range(1_000)]}),
    ),
    "a label of 100 kB": (
        spoilt(label={"name": "".join(chr(0x4E00 + n % 20_000) for n in range(33_000))}),
    ),
    "duplicate keys in use": (
        BODY.replace(b'"number": 106', b'"number": 304, "number": 305'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("body", tables(STARTS_WORK))
def test_an_odd_delivery_that_can_be_read_is_left_to_the_conductor(
    receiver: Receiver, body: bytes
) -> None:
    stored, tasks = count(receiver)
    answer = receiver.post(body)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert count(receiver) == (stored + 1, tasks + 1)


def test_a_happening_of_a_thousand_repositories_is_stored_and_hurts_no_neighbour(
    receiver: Receiver,
) -> None:
    repositories = [
        {"id": 10**9 + 7_919 * n * n, "full_name": f"octo/repository-{n}"} for n in range(1_000)
    ]
    installed = {
        "action": "created",
        "installation": {"id": 9},
        "repositories": repositories,
        "sender": None,
    }
    with ThreadPoolExecutor(9) as pool:
        large = pool.submit(receiver.deliver, installed, X_GitHub_Event="installation")
        others = list(
            pool.map(lambda number: receiver.deliver(issue_payload(number)), range(401, 409))
        )
    assert large.result().status_code == 202
    assert {answer.status_code for answer in others} == {202}


def test_1000_issues_labelled_at_once(receiver: Receiver) -> None:
    stored, tasks = count(receiver)

    def deliver(first: int) -> set[int]:
        mine = receiver.again()
        with mine.session:
            return {
                mine.deliver(issue_payload(number)).status_code
                for number in range(first, first + 100)
            }

    with ThreadPoolExecutor(10) as pool:
        answers = set().union(*pool.map(deliver, range(10_000, 11_000, 100)))
    assert answers == {202}
    assert count(receiver) == (stored + 1_000, tasks + 1_000)


@pytest.mark.parametrize(
    ("event", "action"),
    [("an_event_of_next_year", "labeled"), ("issues", "pondered"), ("pull_request", "pondered")],
    ids=["unknown event", "unknown action", "unknown action of a pull request"],
)
def test_unknown_is_2xx_and_ignored(receiver: Receiver, event: str, action: str) -> None:
    stored, tasks = count(receiver)
    payload = {**issue_payload(209), "action": action, "pull_request": {
        "number": 5, "state": "open", "head": {"sha": "a" * 40, "ref": "x"},
        "base": {"sha": "b" * 40, "ref": "main"}}}  # fmt: skip
    answer = receiver.deliver(payload, X_GitHub_Event=event)
    assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    assert count(receiver) == (stored + 1, tasks)


def test_replay_of_a_true_delivery_after_1_day(receiver: Receiver) -> None:
    delivery = str(uuid.uuid4())
    first = receiver.deliver(issue_payload(210), X_GitHub_Delivery=delivery)
    receiver.stored(
        "UPDATE deliveries SET received_at = received_at - interval '1 day', status = 'done'"
        " WHERE delivery_id = %s", delivery
    )  # fmt: skip
    before = count(receiver)
    again = receiver.deliver(issue_payload(210), X_GitHub_Delivery=delivery.upper())
    assert (again.status_code, again.text) == (202, first.text)
    assert count(receiver) == before


def test_same_delivery_id_with_different_body(receiver: Receiver) -> None:
    """The first one counts; whoever could sign the second could have sent it under its own id."""
    delivery = str(uuid.uuid4())
    receiver.deliver(issue_payload(211), X_GitHub_Delivery=delivery)
    before = count(receiver)
    again = receiver.deliver(issue_payload(212), X_GitHub_Delivery=delivery)
    assert (again.status_code, again.json()["delivery"]) == (202, delivery)
    assert count(receiver) == before
    assert receiver.get(f"/api/v1/deliveries/{delivery}").json()["number"] == 211


def refused_bytes(*lines: str, body: bytes = BODY) -> bytes:
    return request_head(None, *lines, X_Hub_Signature_256=sign(body))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


LENGTH = f"Content-Length: {len(BODY)}"
BELOW_HTTP: dict[str, tuple[bytes, set[int]]] = {
    "two signatures": (
        refused_bytes(LENGTH, f"X-Hub-Signature-256: {sign(BODY)}") + BODY, {401}
    ),
    "two signatures, the second one true": (
        request_head(None, LENGTH, f"X-Hub-Signature-256: {sign(BODY)}",
                     X_Hub_Signature_256=sign(b"")) + BODY, {401},
    ),
    "two delivery ids": (
        refused_bytes(LENGTH, f"X-GitHub-Delivery: {uuid.uuid4()}") + BODY, {400}
    ),
    "two events": (refused_bytes(LENGTH, "X-GitHub-Event: push") + BODY, {400}),
    "two lengths that differ": (
        refused_bytes(LENGTH, "Content-Length: 3") + BODY, {400}
    ),
    "Content-Length that is too short": (
        refused_bytes(f"Content-Length: {len(BODY) - 5}") + BODY, {401}
    ),
    "Content-Length negative": (refused_bytes("Content-Length: -1") + BODY, {400}),
    "Content-Length no number": (refused_bytes("Content-Length: ten") + BODY, {400}),
    "Content-Length 0": (refused_bytes("Content-Length: 0") + BODY, {401}),
    "no length and no chunks": (refused_bytes() + BODY, {401}),
    "Transfer-Encoding with Content-Length": (
        refused_bytes("Content-Length: 3", "Transfer-Encoding: chunked") + BODY, {400, 401}
    ),
    "Transfer-Encoding unknown": (
        refused_bytes("Transfer-Encoding: x, identity") + BODY, {400, 401, 501}
    ),
    "chunked, with a size that is no number": (
        refused_bytes("Transfer-Encoding: chunked") + b"zz\r\n" + BODY, {400, 401}
    ),
    "header with a line feed": (
        refused_bytes(LENGTH, "X-Request-Id: a\n\tb") + BODY, {202, 400}
    ),
    "headers of 1 MB": (
        refused_bytes(LENGTH, *(f"X-Padding-{n}: {'x' * 10_000}" for n in range(100))) + BODY,
        {400, 431},
    ),
    "1,000 headers": (
        refused_bytes(LENGTH, *(f"X-Padding-{n}: x" for n in range(1_000))) + BODY, {400, 431}
    ),
}  # fmt: skip


CUT_SHORT: dict[str, tuple[bytes, set[int]]] = {
    "Content-Length that is too long": (
        refused_bytes(f"Content-Length: {len(BODY) + 500}") + BODY,
        {400},
    ),
    "chunked, truncated": (
        refused_bytes("Transfer-Encoding: chunked") + chunk(BODY)[:-20],
        {400, 401},
    ),
    "chunked, without its end": (
        refused_bytes("Transfer-Encoding: chunked") + chunk(BODY[:-20]),
        {400, 401},
    ),
}


@pytest.mark.parametrize(("request_bytes", "statuses"), tables(BELOW_HTTP))
def test_what_is_wrong_below_http_stores_nothing(
    receiver: Receiver, request_bytes: bytes, statuses: set[int]
) -> None:
    before = count(receiver)
    status, _ = receiver.raw(request_bytes)
    assert status in statuses
    assert count(receiver) == before
    assert receiver.deliver(issue_payload(213)).status_code == 202


@pytest.mark.parametrize(("request_bytes", "statuses"), tables(CUT_SHORT))
def test_what_ends_too_early_stores_nothing(
    receiver: Receiver, request_bytes: bytes, statuses: set[int]
) -> None:
    before = count(receiver)
    status, _ = receiver.raw(request_bytes, end=True)
    assert status in statuses
    assert count(receiver) == before
    assert receiver.deliver(issue_payload(214)).status_code == 202


@pytest.mark.usefixtures("nothing_stored")
def test_26_mb_body_announced_is_refused_unread(receiver: Receiver) -> None:
    started = time.monotonic()
    head = request_head(26 * 1024 * 1024, X_Hub_Signature_256=sign(b""))
    status, problem = receiver.raw(head)
    assert (status, problem["code"]) == (413, "body-too-large")
    assert time.monotonic() - started < 5, "it waited for a body it would not take"


@pytest.mark.usefixtures("nothing_stored")
def test_26_mb_body_unannounced_is_cut_off(receiver: Receiver) -> None:
    def megabytes() -> Iterator[bytes]:
        for _ in range(26):
            yield b" " * 1024 * 1024

    answer = receiver.session.post(
        f"http://{LOOPBACK}:{receiver.port}{PATH}",
        data=megabytes(),
        headers={"Content-Type": "application/json", "X-Hub-Signature-256": sign(b"")},
        timeout=WAIT,
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_chunked_without_length_within_bounds_is_accepted(receiver: Receiver) -> None:
    body = json.dumps(issue_payload(109)).encode()
    chunks = b"".join(chunk(body[at : at + 50]) for at in range(0, len(body), 50))
    head = request_head(None, Transfer_Encoding="chunked", X_Hub_Signature_256=sign(body))
    status, answer = receiver.raw(head + chunks + b"0\r\n\r\n")
    assert (status, answer["status"]) == (202, "accepted")


@pytest.mark.usefixtures("nothing_stored")
def test_slowloris_keeps_nobody_waiting(receiver: Receiver) -> None:
    """A hundred senders who never end their headers, and a hundred who never end their bodies."""
    never_ending = (
        request_head(None, X_Hub_Signature_256=sign(b"")).removesuffix(b"\r\n"),
        request_head(5_000, X_Hub_Signature_256=sign(b"")) + b"{",
    )
    senders = [
        socket.create_connection((LOOPBACK, receiver.port), timeout=WAIT) for _ in range(200)
    ]
    try:
        for number, sender in enumerate(senders):
            sender.sendall(never_ending[number % 2])
        started = time.monotonic()
        assert receiver.get("/healthz").status_code == 200
        assert receiver.post(b"{}", X_Hub_Signature_256="").status_code == 401
        assert time.monotonic() - started < 9, "GitHub gives up after ten seconds"
    finally:
        for sender in senders:
            sender.close()


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
)
def test_http_method_confusion(receiver: Receiver, method: str) -> None:
    answer = receiver.session.request(
        method,
        f"http://{LOOPBACK}:{receiver.port}{PATH}",
        data=BODY,
        headers={
            "Content-Type": "application/json",
            "X-GitHub-Event": "issues",
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-Hub-Signature-256": sign(BODY),
            "X-HTTP-Method-Override": "POST",
        },
        timeout=WAIT,
    )
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


@pytest.mark.usefixtures("nothing_stored")
def test_a_method_in_small_letters_is_another_method(receiver: Receiver) -> None:
    head = request_head(len(BODY), X_Hub_Signature_256=sign(BODY))
    status, _ = receiver.raw(head.replace(b"POST", b"post", 1) + BODY)
    assert status == 405


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    "path",
    [
        f"/{PATH}", PATH + "/", PATH.upper(), PATH + "%00", PATH + "/..;/github", PATH + ";x=y",
        "/api/v1/../v1/webhooks/github", "/api/v1//webhooks/github", "/./api/v1/webhooks/github",
        "/api/v1/webhooks/github%2f", "/webhook", "//webhook",
    ],
)  # fmt: skip
def test_a_path_that_is_almost_right_takes_nothing(receiver: Receiver, path: str) -> None:
    head = request_head(len(BODY), X_Hub_Signature_256=sign(BODY))
    status, _ = receiver.raw(head.replace(PATH.encode(), path.encode(), 1) + BODY)
    assert status in {403, 404, 405}


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("target", [f"http://evil.example{PATH}", f"{PATH}?x=1"])
def test_an_absolute_target_and_a_query_need_a_signature_like_any(
    receiver: Receiver, target: str
) -> None:
    head = request_head(len(BODY), X_Hub_Signature_256=sign(b""))
    status, problem = receiver.raw(head.replace(PATH.encode(), target.encode(), 1) + BODY)
    assert (status, problem["code"]) == (401, "signature-mismatch")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example", "X-Forwarded-Host": "localhost"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"x-forwarded-for": "127.0.0.1, 140.82.112.1"},
    ],
    ids=["host header attack", "X-Forwarded-Host", "X-Forwarded-For spoof", "Forwarded",
         "X-Real-IP", "X-Forwarded-For in small letters"],
)  # fmt: skip
def test_who_pretends_to_be_near_reads_nothing_and_is_not_repeated(
    receiver: Receiver, headers: dict[str, str]
) -> None:
    for path in ("/api/v1/deliveries", "/dashboard", "/"):
        answer = receiver.get(path, headers=headers, allow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (403, "loopback-only")
        assert "evil.example" not in answer.text + str(answer.headers)
    unsigned = receiver.post(BODY, X_Hub_Signature_256=None, **headers)
    assert unsigned.status_code == 401, "an address is no signature"
    assert receiver.post(BODY, **headers).status_code == 202, "and a signature needs no address"


def test_health_endpoints_leak_no_config(receiver: Receiver) -> None:
    address = receiver.database_url.split("//", 1)[1]
    secrets = [*address.replace("@", ":").split(":")[1:2], "current-secret", "previous-secret"]
    secrets += [address.rsplit("/", 1)[1], "postgresql", "RIG_", "DATABASE_URL", "site-packages"]
    for path in ("/health", "/healthz", "/readyz", "/problems/busy"):
        answer = receiver.get(path)
        told = answer.text + str(answer.headers)
        assert [secret for secret in secrets if secret in told] == [], path
    assert receiver.get("/problems/none").status_code == 404
