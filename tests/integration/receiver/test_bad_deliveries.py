"""Every bad delivery, over real HTTP, item by item.

What is refused is named with its status and stores nothing; what is odd but signed is stored
without hurting anybody else. What is wrong with the request itself is in `test_bad_requests.py`,
what deliveries mean (labels, names and ids, transfers, strangers' installations) is tried in
`tests/integration/conductor/test_odd_hints.py`, the timing probe in
`tests/unit/github/test_signature.py`.
"""

import gzip
import json
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bad_rows import BODY, count, tables
from served import Receiver, issue_payload, sign

MEDIA_TYPE = "application/problem+json"
Headers = dict[str, str | bytes | None]


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
