"""A signed body of any bytes: a row the database can hold, or a refusal and nothing else.

An input is the name of an event, a line feed and the body.
"""

import re
from collections.abc import Sequence

from delivery_seeds import seeds
from fuzz_target import Target
from webhook_requests import Answered, MemoryStore, environ, make_endpoint

from rigtasks.conductor.attention import attention
from rigtasks.errors import Rejected
from rigtasks.github.payloads import parse_delivery
from rigtasks.routing.labels import READY
from webhook_receiver.intake.delivery import Incoming
from webhook_receiver.intake.ledger import Answer
from webhook_receiver.intake.rows import copied
from webhook_receiver.problems import PROBLEMS

_LONGEST_TEXT = 700
_LONGEST_KEY = 1_000
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_SIGNS = ("\\ud800", "\\u0000", "1e400", "5.0", "-1", "null", "NaN", "[[[[[[[[", '"":', "9" * 40)


class _PackingStore(MemoryStore):
    """Packs every row as the receiver writes it before it remembers it."""

    def accept(self, batch: Sequence[Incoming]) -> list[Answer | Exception]:
        copied(batch)
        return super().accept(batch)


def judge(data: bytes) -> None:
    """Raise unless the receiver answers as it should."""
    event, _, body = data.partition(b"\n")
    name, store = event.decode("latin-1"), _PackingStore()
    answer = Answered(make_endpoint(store), environ(body, HTTP_X_GITHUB_EVENT=name))
    if answer.status != 202:
        _judge_refusal(name, body, answer, store)
        return
    (row,) = store.stored
    _judge_row(row)
    if row.status == "pending":
        for one in attention(parse_delivery(name, body), READY):
            assert len(one.outcome) <= _LONGEST_TEXT


def _judge_refusal(event: str, body: bytes, answer: Answered, store: MemoryStore) -> None:
    assert answer.status == 400, answer.body
    assert answer.body["code"] in PROBLEMS
    assert store.stored == [], "refused and stored"
    if answer.body["code"] == "header-invalid":
        assert not _EVENT.match(event)
        return
    try:
        parse_delivery(event, body)
    except Rejected as refusal:
        assert refusal.code, "a refusal has a name"  # noqa: PT017 - no test of pytest
        return
    raise AssertionError("refused what can be read")


def _judge_row(row: Incoming) -> None:
    assert _EVENT.match(row.event)
    assert len((row.semantic_key or "").encode()) <= _LONGEST_KEY, "an index entry has a bound"
    for text in (row.action, row.repo, row.semantic_key, row.outcome):
        assert "\x00" not in (text or ""), "text of Postgres cannot hold it"
        assert len(text or "") <= _LONGEST_TEXT, "a column people read is short"


_SEEDS = seeds()
TARGET = Target(
    judge=judge,
    seeds=_SEEDS,
    words=(
        *sorted({name.decode() for seed in _SEEDS for name in re.findall(rb'"[a-z_]+"', seed)}),
        *sorted({seed.partition(b"\n")[0].decode() for seed in _SEEDS}),
        *_SIGNS,
    ),
)
