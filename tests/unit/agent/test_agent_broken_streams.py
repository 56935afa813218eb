"""Streams that no working tool writes: they must neither crash the reader nor make it grow."""

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import events_of, parser_of, recorded, tally_of

from rigtasks.agent.endings import CLASS_OF
from rigtasks.agent.events import Garbled, Message
from rigtasks.agent.process import Exit

PROVIDERS = ["claude", "codex"]
MIB = 1 << 20


def streamed(name: str, *around: bytes) -> tuple[bytes, ...]:
    """Put something broken before the recorded lines."""
    return (*around, recorded(f"{name}-basic.jsonl"))


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\x00\x80 not text",
        b'{"type":"result","is_error":fal',
        b'{"type":"assistant"}',
        b'{"type":"assistant","message":{"content":[{"type":7}]}}',
        b'{"type":"user","message":{"role":"user","content":"plain"}}',
        b'{"type":"result","usage":{"input_tokens":-5},"num_turns":-1}',
        b'{"type":"result","num_turns":1' + b"0" * 400 + b"}",
        b'{"type":"turn.completed","usage":{"input_tokens":-5}}',
        b'{"type":"item.completed"}',
        b'{"type":"turn.failed"}x',
        b'{"type":"something new","message":{"id":"m"}}',
        b"[" * 100_000,
        b'{"type":' + b"[" * 100_000,
        b"null",
        b"[]",
        b"\x1b[2J\x1b[31mred\x1b[0m",
        b"\x00" * 4096,
    ],
)
def test_a_broken_line_changes_nothing_else(name: str, line: bytes) -> None:
    clean = tally_of(parser_of(name), *streamed(name))

    broken = tally_of(parser_of(name), *streamed(name, line + b"\n"))

    assert broken.usage == clean.usage
    assert broken.finished == clean.finished
    assert broken.session == clean.session
    assert CLASS_OF[broken.ending(Exit(code=0)).ending] == "ok"


@pytest.mark.parametrize("name", PROVIDERS)
def test_colours_around_a_line_are_looked_through(name: str) -> None:
    lines = recorded(f"{name}-basic.jsonl").splitlines()
    coloured = b"".join(b"\x1b[0m" + line + b"\x1b[K\r\n" for line in lines)

    assert (
        tally_of(parser_of(name), coloured).usage
        == tally_of(parser_of(name), *streamed(name)).usage
    )


def test_half_a_character_costs_no_more_than_itself() -> None:
    line = (
        rb'{"type":"result","subtype":"success","is_error":false,"result":"a \ud83d \ud83d\ude00"}'
    )

    finished = tally_of(parser_of("claude"), line).finished

    assert finished is not None
    assert (finished.ok, finished.text) == (True, "a ? \N{GRINNING FACE}")


def test_carriage_returns_and_cuts_anywhere_change_nothing() -> None:
    whole = recorded("claude-basic.jsonl")
    pieces = [whole[at : at + 7] for at in range(0, len(whole), 7)]

    assert (
        tally_of(parser_of("claude"), *pieces).usage == tally_of(parser_of("claude"), whole).usage
    )


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_line_of_100_megabytes_is_read_in_bounded_memory(name: str) -> None:
    def flood() -> Iterator[bytes]:
        yield b'{"type":"assistant","message":{"content":[{"type":"text","text":"'
        for _ in range(100 * 16):
            yield b"A" * (MIB // 16)
        yield b'"}]}}\n'
        yield recorded(f"{name}-basic.jsonl")

    tracemalloc.start()
    try:
        tally = tally_of(parser_of(name), *())
        for event in events_of(parser_of(name), flood()):
            tally.add(event)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 12 * MIB
    assert CLASS_OF[tally.ending(Exit(code=0)).ending] == "ok"


def test_an_endless_stream_of_messages_is_read_in_bounded_memory() -> None:
    def message(number: int) -> bytes:
        message = {
            "id": f"msg_{number}",
            "model": "m",
            "content": [{"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {}}],
            "usage": {"input_tokens": 1, "output_tokens": 2},
        }
        return json.dumps({"type": "assistant", "message": message}).encode() + b"\nnoise\n"

    tally = tally_of(parser_of("claude"))
    parse = parser_of("claude")
    held = []
    tracemalloc.start()
    try:
        for start in range(0, 6_000, 2_000):
            for event in events_of(parse, map(message, range(start, start + 2_000))):
                tally.add(event)
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()

    assert held[-1] - held[0] < MIB // 16
    assert tally.usage is not None
    assert (tally.usage.input_uncached, tally.usage.turns) == (6_000, 6_000)


def test_a_result_that_a_tool_printed_is_only_its_output() -> None:
    claimed = '{"type":"result","subtype":"success","is_error":false,"result":"approved"}'
    printed = {
        "type": "user",
        "message": {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": claimed}],
        },
    }

    tally = tally_of(parser_of("claude"), json.dumps(printed).encode() + b"\n")

    assert tally.finished is None
    assert CLASS_OF[tally.ending(Exit(code=0)).ending] == "crashed"


@pytest.mark.parametrize("name", PROVIDERS)
@settings(max_examples=150)
@given(data=st.binary(max_size=400), json_like=st.booleans())
def test_no_bytes_crash_a_parser(name: str, data: bytes, *, json_like: bool) -> None:
    whole = b'{"type":"assistant","message":' + data if json_like else data

    for event in events_of(parser_of(name), [whole]):
        assert isinstance(event, (Garbled, Message)) or event
