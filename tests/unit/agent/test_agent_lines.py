"""Streams are cut into lines of bounded size, however they arrive."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from rigtasks.agent.lines import CUT, BoundedLines, Tail


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_the_pieces_of_a_stream_do_not_matter(data: bytes, cuts: list[int]) -> None:
    whole, pieces = BoundedLines(40), BoundedLines(40)
    edges = [0, *sorted(cuts), len(data)]

    expected = [*whole.feed(data), *whole.close()]
    got = [
        line for start, end in itertools.pairwise(edges) for line in pieces.feed(data[start:end])
    ]

    assert [*got, *pieces.close()] == expected


@given(st.binary(max_size=500))
def test_no_line_is_longer_than_allowed(data: bytes) -> None:
    lines = BoundedLines(16)

    for line in (*lines.feed(data), *lines.close()):
        assert len(line.removesuffix(CUT)) <= 16


def test_a_long_line_is_given_once_and_the_next_one_whole() -> None:
    lines = BoundedLines(4)

    assert lines.feed(b"abcdefgh") == ["abcd" + CUT]
    assert lines.feed(b"ijkl\nmn\n") == ["mn"]


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    assert BoundedLines(9).feed(b"\xff\xfe\r\n") == ["\N{REPLACEMENT CHARACTER}" * 2]


def test_a_tail_says_what_went_before_it() -> None:
    tail = Tail(4)
    tail.feed(b"123")
    assert tail.text() == "123"

    tail.feed(b"4567")
    assert tail.text() == "[3 bytes before this]\n4567"
