"""What is fuzzed: a parser that faces strangers, and what must hold for any bytes."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """One parser.

    Args:
        judge: returns for whatever is right, refusals included; raises for everything else.
        seeds: inputs to start from.
        words: what its language is made of.
    """

    judge: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[str, ...]
