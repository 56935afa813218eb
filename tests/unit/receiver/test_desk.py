"""A batch at the desk: each request gets its own answer, whatever its neighbours get."""

from collections.abc import Sequence
from typing import Any

from webhook_requests import DELIVERY, SECRET, environ, sign

from rigtasks.errors import Rejected
from rigtasks.github.signature import SignatureVerifier
from webhook_receiver.intake.delivery import Incoming
from webhook_receiver.intake.desk import Desk, Received
from webhook_receiver.intake.ledger import Answer, LedgerUnavailable


def received(**changes: Any) -> Received:
    request = environ(**changes)
    return Received(request, request["wsgi.input"].read())


def unsigned() -> Received:
    return received(HTTP_X_HUB_SIGNATURE_256=sign(b"another"))


def test_only_what_is_signed_reaches_the_ledger_and_answers_keep_their_places() -> None:
    stored: list[str] = []

    def store(batch: Sequence[Incoming]) -> list[Answer | Exception]:
        stored.extend(each.delivery_id for each in batch)
        return [Answer.ACCEPTED, Answer.DUPLICATE]

    second = DELIVERY.replace("7", "8")
    desk = Desk(SignatureVerifier((SECRET,)), store)
    first, refused, last = desk.accept(
        [received(), unsigned(), received(HTTP_X_GITHUB_DELIVERY=second)]
    )

    assert stored == [DELIVERY, second]
    assert (first, last) == (Answer.ACCEPTED, Answer.DUPLICATE)
    assert isinstance(refused, Rejected)
    assert refused.code == "signature-mismatch"


def test_a_database_that_is_down_is_no_news_to_whom_was_refused() -> None:
    failure = LedgerUnavailable("down", retry_after=5)

    def store(_: Sequence[Incoming]) -> list[Answer | Exception]:
        raise failure

    desk = Desk(SignatureVerifier((SECRET,)), store)
    refused, failed = desk.accept([unsigned(), received()])

    assert isinstance(refused, Rejected)
    assert failed is failure


def test_a_batch_of_refusals_costs_the_database_nothing() -> None:
    def store(batch: Sequence[Incoming]) -> list[Answer | Exception]:
        raise AssertionError(f"{len(batch)} deliveries were stored")

    desk = Desk(SignatureVerifier((SECRET,)), store)

    assert all(isinstance(each, Rejected) for each in desk.accept([unsigned(), unsigned()]))
