"""A fault that only coverage leads to: whoever does not find it is no fuzzer."""

from fuzz_target import Target


def judge(data: bytes) -> None:
    """Fail for one beginning, which is guessed a letter at a time or never."""
    if data[:1] == b"r" and data[1:2] == b"i" and data[2:3] == b"g" and data[3:4] == b"!":
        raise AssertionError("the planted fault")


TARGET = Target(judge=judge, seeds=(b"",), words=())
