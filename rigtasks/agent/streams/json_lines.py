"""Read one line of a tool's JSON stream, whatever else may have got into it."""

import json
import re
from typing import Annotated, TypeVar

import msgspec

Shape = TypeVar("Shape")
#: A number of tokens or turns; what is no such number makes its line garbled.
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def strip_ansi(text: str) -> str:
    """Return the text without the escape sequences of terminals."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def decode_line(line: str, decoder: msgspec.json.Decoder[Shape]) -> Shape | None:
    """Decode a line; None when it is not what the decoder reads."""
    text = strip_ansi(line).strip()
    if not text.startswith("{"):
        return None
    try:
        return decoder.decode(_whole_characters(text).encode(errors="replace"))
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, too
        return None


def _whole_characters(text: str) -> str:
    """Write a line anew that holds half a character, as tools do that cut texts at a length."""
    if _SURROGATE.search(text) is None:
        return text
    return json.dumps(json.loads(text), ensure_ascii=False)


def as_text(content: object) -> str:
    """Return a tool's answer as text: it is a string, a list of blocks, or anything else."""
    match content:
        case None:
            return ""
        case str():
            return content
        case list():
            texts = [block.get("text") for block in content if isinstance(block, dict)]
            return "\n".join(text for text in texts if isinstance(text, str))
        case _:
            return msgspec.json.encode(content).decode()
