"""The events of the scripted agent, one JSON object per line on standard output."""

import json
import sys
from typing import Any

MODEL = "scripted-rules"


class Stream:
    """Writes events as they happen."""

    def __init__(self) -> None:
        self._calls = 0

    def started(self) -> None:
        """Say that the program is up."""
        self._write(type="started", model=MODEL)

    def say(self, text: str) -> None:
        """Report a thought."""
        self._write(type="message", text=text)

    def used(self, name: str, detail: str, *, ok: bool, output: str = "") -> None:
        """Report something that was done, and what came of it."""
        self._calls += 1
        call = f"call-{self._calls}"
        self._write(type="tool_use", id=call, name=name, detail=detail)
        self._write(type="tool_result", id=call, ok=ok, output=output)

    def finished(
        self, *, ok: bool, reason: str = "", text: str = "", structured: str | None = None
    ) -> None:
        """Report the end; no model was asked, so there are no tokens and no cost."""
        self._write(type="usage", model=MODEL, turns=1, cost_micro_usd=0, cumulative=True)
        self._write(type="finished", ok=ok, reason=reason, text=text, structured=structured)

    def _write(self, **event: Any) -> None:
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
        sys.stdout.flush()
