"""What the two lists of bad input share."""

import json
from typing import Any

import pytest
from served import Receiver, issue_payload

BODY = json.dumps(issue_payload(106)).encode()


def count(receiver: Receiver) -> tuple[int, int]:
    """Count deliveries and tasks."""
    row = receiver.stored("SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM outbox)")
    return row[0][0], row[0][1]


def tables(*groups: dict[str, Any]) -> list[Any]:
    """Return the rows of tables as parameters that are found by the words of the list."""
    return [pytest.param(*row, id=words) for group in groups for words, row in group.items()]
