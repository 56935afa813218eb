"""Anthropic's Messages API, as far as a scripted model needs it."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from rigtasks.testing.models.script import Ask, Request, Run, Say
from rigtasks.testing.models.sse import server_sent

#: The tool that the command line offers for answers that are data.
_ANSWER = "StructuredOutput"
_INPUT, _CACHED, _OUTPUT = 100, 2000, 40


def read(body: dict[str, Any], headers: dict[str, str]) -> Request:
    """Take a request apart."""
    prompt: list[str] = []
    results: list[str] = []
    for message in body.get("messages", []):
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in blocks:
            if block["type"] == "tool_result":
                results.append(_text(block.get("content")))
            elif block["type"] == "text" and message["role"] == "user":
                prompt.append(block["text"])
    return Request(
        prompt="\n".join(prompt),
        results=tuple(results),
        tools=frozenset(tool["name"] for tool in body.get("tools", [])),
        headers=headers,
    )


def stream(step: object, request: Request, body: dict[str, Any]) -> Iterator[bytes]:
    """Write the answer of one step as a stream."""
    return server_sent(_events(_block(step, request), body["model"], first=not request.results))


def _block(step: object, request: Request) -> dict[str, Any]:
    match step:
        case Run(command=command):
            return _tool("Bash", {"command": command, "description": "run"})
        case Ask(answer=answer) if _ANSWER in request.tools:
            return _tool(_ANSWER, answer)
        case Ask() | Say():
            return {"type": "text", "text": step.text}
        case _:
            raise TypeError(f"{step!r} is no answer")


def _tool(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{uuid4().hex}", "name": name, "input": given}


def _events(block: dict[str, Any], model: str, *, first: bool) -> Iterator[dict[str, Any]]:
    cache = {"cache_creation_input_tokens": _CACHED if first else 0}
    cache["cache_read_input_tokens"] = 0 if first else _CACHED
    yield {
        "type": "message_start",
        "message": {
            "id": f"msg_{uuid4().hex}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": _INPUT, "output_tokens": 1, **cache},
        },
    }
    delta, empty, why = _parts(block)
    yield {"type": "content_block_start", "index": 0, "content_block": block | empty}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": why, "stop_sequence": None},
        "usage": {"output_tokens": _OUTPUT},
    }
    yield {"type": "message_stop"}


def _parts(block: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return what is streamed of a block, what stands for it before, and why the turn stops."""
    if block["type"] == "text":
        return {"type": "text_delta", "text": block["text"]}, {"text": ""}, "end_turn"
    delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    return delta, {"input": {}}, "tool_use"


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", "") for block in content or [])
