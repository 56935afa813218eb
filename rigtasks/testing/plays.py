"""What a command does, as data: a fake sandbox can carry it out, and a shell as well."""

import shlex
from collections.abc import Sequence
from typing import assert_never

import msgspec


class Act(msgspec.Struct, frozen=True, tag_field="act"):
    """One thing a command does."""


class Out(Act, frozen=True, tag="out"):
    """Write bytes to standard output."""

    data: bytes


class Err(Act, frozen=True, tag="err"):
    """Write bytes to standard error."""

    data: bytes


class Wait(Act, frozen=True, tag="wait"):
    """Do nothing for some seconds."""

    seconds: float


class Write(Act, frozen=True, tag="write"):
    """Write a file; its path is relative to where the command started."""

    path: str
    text: str


class KeepInput(Act, frozen=True, tag="keep_input"):
    """Copy standard input into a file."""

    path: str


class Show(Act, frozen=True, tag="show"):
    """Write the value of a variable of the environment and a line end to standard output."""

    variable: str


class Repeat(Act, frozen=True, tag="repeat"):
    """Do something again and again."""

    times: int
    acts: "tuple[AnyAct, ...]"


class End(Act, frozen=True, tag="end"):
    """End with an exit status; a command without one ends with 0."""

    code: int


AnyAct = Out | Err | Wait | Write | KeepInput | Show | Repeat | End
Play = Sequence[AnyAct]


def say(text: str) -> Out:
    """Write a line to standard output."""
    return Out(f"{text}\n".encode())


def as_shell(play: Play) -> str:
    """Return the play as a script for `/bin/sh`."""
    return "\n".join(_line(act) for act in play)


def _line(act: AnyAct) -> str:
    match act:
        case Out(data=data):
            line = _printf(data)
        case Err(data=data):
            line = f"{_printf(data)} >&2"
        case Wait(seconds=seconds):
            line = f"sleep {seconds}"
        case Write(path=path, text=text):
            line = f"{_printf(text.encode())} > {shlex.quote(path)}"
        case KeepInput(path=path):
            line = f"cat > {shlex.quote(path)}"
        case Show(variable=variable):
            line = f'printf "%s\\n" "${{{variable}-}}"'
        case Repeat(times=times, acts=acts):
            line = f"for _ in $(seq {times}); do\n{as_shell(acts)}\ndone"
        case End(code=code):
            line = f"exit {code}"
        case _:
            assert_never(act)
    return line


def _printf(data: bytes) -> str:
    return "printf '" + "".join(f"\\{octet:03o}" for octet in data) + "'"
