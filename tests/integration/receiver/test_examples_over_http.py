"""GitHub's own examples over real HTTP: one of every event; the conductor's tests post them all."""

import json
import uuid

from served import Receiver

from rigtasks.testing.material import webhook_examples


def test_one_example_of_every_event_is_accepted_and_stored_once(
    receiver: Receiver,
) -> None:
    # given the largest example of each event
    largest = {}
    for one in webhook_examples():
        body = json.dumps(one.payload).encode()
        if len(body) > len(largest.get(one.event, b"")):
            largest[one.event] = body

    # when each is posted twice
    sent = {str(uuid.uuid4()): event for event in largest}
    answers = [
        receiver.post(largest[event], X_GitHub_Event=event, X_GitHub_Delivery=delivery)
        for _ in range(2)
        for delivery, event in sent.items()
    ]

    # then all are stored once, none of them in quarantine
    assert len(largest) == 58
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["status"] for answer in answers} <= {"accepted", "ignored"}
    stored = receiver.stored(
        "SELECT delivery_id, event FROM deliveries WHERE delivery_id = ANY (%s)", list(sent)
    )
    assert dict(stored) == sent
