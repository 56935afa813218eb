"""Deliveries over real HTTP: what is accepted is in the table, what is refused is not."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

from served import PATH, PREVIOUS, Receiver, issue_payload, sign

CAP = 25 * 1024 * 1024


def count(receiver: Receiver, table: str) -> int:
    return int(receiver.stored(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - our table names


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


def test_the_largest_delivery_github_sends_is_accepted(receiver: Receiver) -> None:
    frame = json.dumps(issue_payload(110) | {"padding": ""}).encode()
    body = frame.replace(b'"padding": ""', b'"padding": "%s"' % (b"x" * (CAP - len(frame))))
    assert len(body) == CAP
    assert receiver.post(body).status_code == 202


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
