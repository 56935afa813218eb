"""OpenAI's Responses API, as far as a scripted model needs it."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from rigtasks.testing.models.script import Ask, Request, Run, Say
from rigtasks.testing.models.sse import server_sent

_USAGE = {
    "input_tokens": 1100,
    "input_tokens_details": {"cached_tokens": 600},
    "output_tokens": 51,
    "output_tokens_details": {"reasoning_tokens": 10},
    "total_tokens": 1151,
}
#: The shell's names in turn, and what each calls its command line.
_SHELLS = {"exec_command": "cmd", "shell_command": "command", "shell": "command"}


def read(body: dict[str, Any], headers: dict[str, str]) -> Request:
    """Take a request apart."""
    prompt: list[str] = []
    results: list[str] = []
    for item in body.get("input", []):
        if str(item.get("type", "")).endswith("_call_output"):
            results.append(_text(item.get("output")))
        elif item.get("role") == "user":
            prompt.append(_text(item.get("content")))
    return Request(
        prompt="\n".join(prompt),
        results=tuple(results),
        tools=frozenset(tool.get("name") or tool["type"] for tool in body.get("tools", [])),
        headers=headers,
    )


def stream(step: object, request: Request, body: dict[str, Any]) -> Iterator[bytes]:
    """Write the answer of one step as a stream."""
    del body
    return server_sent(_events(_item(step, request)))


def _item(step: object, request: Request) -> dict[str, Any]:
    match step:
        case Run(command=command):
            return _call(*_shell(command, request))
        case Ask() | Say():
            content = [{"type": "output_text", "text": step.text, "annotations": []}]
            return {
                "type": "message",
                "role": "assistant",
                "id": f"msg_{uuid4().hex}",
                "content": content,
            }
        case _:
            raise TypeError(f"{step!r} is no answer")


def _shell(command: str, request: Request) -> tuple[str, dict[str, Any]]:
    for name, argument in _SHELLS.items():
        if name in request.tools:
            line = ["/bin/sh", "-c", command] if name == "shell" else command
            return name, {argument: line}
    raise LookupError(f"no shell among {sorted(request.tools)}")


def _call(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{uuid4().hex}",
        "call_id": f"call_{uuid4().hex}",
        "name": name,
        "arguments": json.dumps(given),
    }


def _events(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    response = {"id": f"resp_{uuid4().hex}", "object": "response", "output": []}
    yield {"type": "response.created", "response": response | {"status": "in_progress"}}
    yield {"type": "response.output_item.added", "output_index": 0, "item": item}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    done = response | {"status": "completed", "output": [item], "usage": _USAGE}
    yield {"type": "response.completed", "response": done}


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", "")) for block in content or [])
