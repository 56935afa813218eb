"""The explanation as Markdown (sticky comment, check run) and as text for a terminal."""

from datetime import datetime

from rigtasks.gate.escape import code, markdown, plain, safe_url
from rigtasks.gate.explain import Explanation, GateReport, Limits
from rigtasks.gate.result import GateStatus, Unblock

_MARKS = {
    GateStatus.PASS: "✓",
    GateStatus.FAIL: "✗",
    GateStatus.PENDING: "…",
    GateStatus.UNKNOWN: "?",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SHORT_SHA = 7


def render_markdown(explanation: Explanation) -> str:
    """Return the explanation for GitHub; whatever strangers wrote comes out literally."""
    place = f"{markdown(explanation.state)} · {explanation.activity.value}"
    lines = [
        f"**{markdown(explanation.ref)}** · {place}",
        "",
        markdown(explanation.summary, limit=1000),
    ]
    if explanation.gates:
        head = explanation.gates[0].sha
        lines += ["", f"| Gate at {code(head[:_SHORT_SHA])} | | |", "|---|---|---|"]
        lines += [_row(gate) for gate in explanation.gates]
    actions = _actions(explanation)
    if actions:
        lines += ["", "To unblock:"]
        lines += [f"- {_markdown_action(one)}" for one in actions]
    if explanation.degraded_sources:
        sources = "; ".join(markdown(one) for one in explanation.degraded_sources)
        lines += ["", f"Could not be read: {sources}"]
    lines += ["", f"As of {explanation.as_of.isoformat(timespec='seconds')}."]
    return "\n".join(lines) + "\n"


def render_text(explanation: Explanation) -> str:
    """Return the explanation for a terminal, free of control characters."""
    spent = _spent(explanation.limits)
    waited = age(explanation.since, explanation.as_of)
    place = [plain(explanation.state), explanation.activity.value, waited]
    place += [spent] if spent else []
    lines = [
        f"{plain(explanation.ref)}  {' · '.join(place)}",
        "Why it is not merged yet" if explanation.next_action else "What became of it",
        f"  {plain(explanation.summary, limit=1000)}",
    ]
    if explanation.gates:
        first = explanation.gates[0]
        checked = age(first.checked_at, explanation.as_of)
        lines.append(f"Gates at {first.sha[:_SHORT_SHA]} (checked {checked} ago)")
        width = max(len(gate.title) for gate in explanation.gates)
        lines += [
            f"  {_MARKS[gate.status]} {gate.title:<{width}}  {plain(gate.summary)}"
            for gate in explanation.gates
        ]
    actions = _actions(explanation)
    if actions:
        lines.append("To unblock")
        lines += [f"  • {_text_action(one)}" for one in actions]
    if explanation.degraded_sources:
        sources = "; ".join(plain(one) for one in explanation.degraded_sources)
        lines.append(f"Could not be read: {sources}")
    return "\n".join(lines) + "\n"


def age(since: datetime, now: datetime) -> str:
    """Return how long ago `since` was, to two units at most; never less than 0 s."""
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h {seconds % _HOUR // _MINUTE}m"
    return f"{seconds // _DAY}d {seconds % _DAY // _HOUR}h"


def _row(gate: GateReport) -> str:
    url = safe_url(gate.evidence_url)
    details = f" ([details]({url}))" if url else ""
    return f"| {_MARKS[gate.status]} | {gate.title} | {markdown(gate.summary)}{details} |"


def _actions(explanation: Explanation) -> list[Unblock]:
    """Return the next action first, then what else unblocks a gate, each once."""
    first = explanation.next_action
    found = []
    if first is not None:
        found.append(Unblock(who=first.who, how=first.what, command=first.command, url=first.url))
    for gate in explanation.gates:
        found += [one for one in gate.can_unblock if one not in found]
    return found


def _markdown_action(action: Unblock) -> str:
    parts = [f"{markdown(action.who)} {markdown(action.how)}"]
    if action.command:
        parts.append(code(action.command))
    url = safe_url(action.url)
    if url:
        parts.append(f"([link]({url}))")
    return " ".join(parts)


def _text_action(action: Unblock) -> str:
    parts = [plain(action.who), plain(action.how)]
    if action.command:
        parts.append(f"→ {plain(action.command)}")
    if action.url:
        parts.append(plain(action.url))
    return " ".join(parts)


def _spent(limits: Limits) -> str:
    """Return the cost; what is not known is said, not shown as nothing."""
    used, cap = limits.cost.used, limits.cost.cap
    if used is None and cap is None:
        return ""
    shown = "unknown cost" if used is None else f"${used / 1_000_000:.2f}"
    return shown if cap is None else f"{shown} of ${cap / 1_000_000:.2f}"
