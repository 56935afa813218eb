"""Requests that are wrong in themselves: lengths, chunks, methods, paths, and who claims to send.

The bytes are written by hand where a client library would set them right. See also
`test_bad_deliveries.py`.
"""

import json
import socket
import time
import uuid
from collections.abc import Iterator

import pytest
from bad_rows import BODY, count, tables
from served import PATH, WAIT, Receiver, issue_payload, request_head, sign

from rigtasks.local.ports import LOOPBACK


def refused_bytes(*lines: str, body: bytes = BODY) -> bytes:
    return request_head(None, *lines, X_Hub_Signature_256=sign(body))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


LENGTH = f"Content-Length: {len(BODY)}"
BELOW_HTTP: dict[str, tuple[bytes, int]] = {
    "two signatures": (
        refused_bytes(LENGTH, f"X-Hub-Signature-256: {sign(BODY)}") + BODY, 401
    ),
    "two signatures, the second one true": (
        request_head(None, LENGTH, f"X-Hub-Signature-256: {sign(BODY)}",
                     X_Hub_Signature_256=sign(b"")) + BODY, 401,
    ),
    "two delivery ids": (
        refused_bytes(LENGTH, f"X-GitHub-Delivery: {uuid.uuid4()}") + BODY, 400
    ),
    "two events": (refused_bytes(LENGTH, "X-GitHub-Event: push") + BODY, 400),
    "two lengths that differ": (
        refused_bytes(LENGTH, "Content-Length: 3") + BODY, 400
    ),
    "Content-Length that is too short": (
        refused_bytes(f"Content-Length: {len(BODY) - 5}") + BODY, 401
    ),
    "Content-Length negative": (refused_bytes("Content-Length: -1") + BODY, 400),
    "Content-Length no number": (refused_bytes("Content-Length: ten") + BODY, 400),
    "Content-Length 0": (refused_bytes("Content-Length: 0") + BODY, 401),
    "no length and no chunks": (refused_bytes() + BODY, 401),
    "Transfer-Encoding with Content-Length": (
        refused_bytes("Content-Length: 3", "Transfer-Encoding: chunked") + BODY, 401
    ),
    "Transfer-Encoding unknown": (
        refused_bytes("Transfer-Encoding: x, identity") + BODY, 400
    ),
    "chunked, with a size that is no number": (
        refused_bytes("Transfer-Encoding: chunked") + b"zz\r\n" + BODY, 401
    ),
    "header with a line feed": (
        refused_bytes(LENGTH, "X-Request-Id: a\n\tb") + BODY, 400
    ),
    "headers of 1 MB": (
        refused_bytes(LENGTH, *(f"X-Padding-{n}: {'x' * 10_000}" for n in range(100))) + BODY,
        431,
    ),
    "1,000 headers": (
        refused_bytes(LENGTH, *(f"X-Padding-{n}: x" for n in range(1_000))) + BODY, 431
    ),
}  # fmt: skip


CUT_SHORT: dict[str, tuple[bytes, int]] = {
    "Content-Length that is too long": (
        refused_bytes(f"Content-Length: {len(BODY) + 500}") + BODY,
        400,
    ),
    "chunked, truncated": (
        refused_bytes("Transfer-Encoding: chunked") + chunk(BODY)[:-20],
        401,
    ),
    "chunked, without its end": (
        refused_bytes("Transfer-Encoding: chunked") + chunk(BODY[:-20]),
        401,
    ),
}


@pytest.mark.parametrize(("request_bytes", "status"), tables(BELOW_HTTP))
def test_what_is_wrong_below_http_stores_nothing(
    receiver: Receiver, request_bytes: bytes, status: int
) -> None:
    before = count(receiver)
    answered, _ = receiver.raw(request_bytes)
    assert answered == status
    assert count(receiver) == before
    assert receiver.deliver(issue_payload(213)).status_code == 202


@pytest.mark.parametrize(("request_bytes", "status"), tables(CUT_SHORT))
def test_what_ends_too_early_stores_nothing(
    receiver: Receiver, request_bytes: bytes, status: int
) -> None:
    before = count(receiver)
    answered, _ = receiver.raw(request_bytes, end=True)
    assert answered == status
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
    assert status == 404


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
    for path in ("/health", "/healthz", "/healthz/deep", "/readyz", "/problems/busy"):
        answer = receiver.get(path)
        told = answer.text + str(answer.headers)
        assert [secret for secret in secrets if secret in told] == [], path
    assert receiver.get("/problems/none").status_code == 404
