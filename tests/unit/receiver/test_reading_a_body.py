"""Bodies are bounded, each and together."""

import io

import pytest

from rigtasks.errors import Rejected
from webhook_receiver.intake.request import LARGE_BODY, BodyReader, Busy


class Dribble:
    """Hands out a body in small pieces, as a slow network does."""

    def __init__(self, body: bytes, piece: int) -> None:
        self._body, self._piece = io.BytesIO(body), piece

    def read(self, size: int) -> bytes:
        return self._body.read(min(size, self._piece))


class Reenter:
    """Reads a second large body while the first is still under way."""

    def __init__(self, reader: BodyReader) -> None:
        self._reader = reader
        self.seen: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            self._reader.read(large())
        except Busy as error:
            self.seen = error
        return b"x" * size


def large(body: object | None = None) -> dict[str, object]:
    size = LARGE_BODY + 1
    return {"CONTENT_LENGTH": str(size), "wsgi.input": body or io.BytesIO(b"x" * size)}


def test_pieces_are_put_together() -> None:
    body = bytes(range(256)) * 40
    request = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": Dribble(body, 7)}
    assert BodyReader().read(request) == body


def test_nothing_beyond_the_announced_length_is_read() -> None:
    given = io.BytesIO(b"abcdef")
    assert BodyReader().read({"CONTENT_LENGTH": "3", "wsgi.input": given}) == b"abc"
    assert given.tell() == 3


def test_a_body_that_ends_early_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        BodyReader().read({"CONTENT_LENGTH": "9", "wsgi.input": Dribble(b"abc", 2)})
    assert refused.value.code == "body-truncated"


def test_only_so_many_large_bodies_are_held_at_once() -> None:
    reader = BodyReader(large_at_once=1)
    second = Reenter(reader)
    assert len(reader.read(large(second))) == LARGE_BODY + 1
    assert isinstance(second.seen, Busy)
    assert reader.read(large()), "the slot was not given back"


def test_a_large_slot_is_given_back_when_reading_fails() -> None:
    reader = BodyReader(large_at_once=1)
    for _ in range(2):
        with pytest.raises(Rejected):
            reader.read(large(Dribble(b"abc", 2)))


def test_an_unannounced_large_body_takes_a_slot_too() -> None:
    reader = BodyReader(large_at_once=0)
    assert reader.read({"wsgi.input": io.BytesIO(b"x" * LARGE_BODY)})
    with pytest.raises(Busy):
        reader.read({"wsgi.input": io.BytesIO(b"x" * (LARGE_BODY + 1))})
