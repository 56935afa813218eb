"""Name how a call of a real command line ended, from its exit and what it said last."""

import signal
from collections.abc import Iterable

import msgspec

from rigtasks.agent.endings import Classified, Ending
from rigtasks.agent.events import AnyEvent, Finished, Garbled, Message, ToolUse, Trouble
from rigtasks.agent.process import Exit
from rigtasks.agent.streams.causes import find_cause, find_retry_time
from rigtasks.agent.streams.claude import INTERRUPTED
from rigtasks.agent.streams.json_lines import strip_ansi

#: A shell, and `bwrap`, end with this and the signal's number when a signal ended the command.
_BY_SIGNAL = 128
_TIMEOUT_COMMAND = 124
_STOPPING = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL}
_BY_REASON = {
    "error_max_turns": Ending.MAX_TURNS,
    "error_max_budget_usd": Ending.BUDGET,
    "refusal": Ending.REFUSAL,
    INTERRUPTED: Ending.KILLED,
}
_DATA = ("{", "}", "[", "]", '"')
_WORDS = 16 * 1024
_DETAIL = 500


class LastWords(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream leaves to judge it by; of bounded size however long it was.

    Args:
        finished: its last word, where it had one.
        trouble: the last request that failed.
        garbled: the end of what is neither an event nor a piece of data: an error in plain words.
        errors: the end of standard error.
    """

    finished: Finished | None = None
    trouble: Trouble | None = None
    garbled: str = ""
    errors: str = ""

    def after(self, event: AnyEvent) -> "LastWords":
        """Return what is left to judge by after one more event; going on ends a trouble."""
        match event:
            case Message() | ToolUse():
                return msgspec.structs.replace(self, trouble=None)
            case Finished():
                return msgspec.structs.replace(self, finished=event)
            case Trouble():
                return msgspec.structs.replace(self, trouble=_merged(self.trouble, event))
            case Garbled(line=line) if not strip_ansi(line).lstrip().startswith(_DATA):
                garbled = f"{self.garbled}\n{strip_ansi(line[-_WORDS:])}"[-_WORDS:]
                return msgspec.structs.replace(self, garbled=garbled)
            case _:
                return self


def last_words(events: Iterable[AnyEvent], errors: str) -> LastWords:
    """Take from a stream what it is judged by."""
    last = LastWords(errors=errors)
    for event in events:
        last = last.after(event)
    return last


def name_ending(ended: Exit, last: LastWords) -> Classified:
    """Name the ending of a call; it is good only if everything is.

    That is an exit with 0 that no signal caused, a last word that says so, and no tool use denied.
    """
    number = _signal_of(ended)
    if number is not None:
        killed = number in _STOPPING
        ending = Ending.KILLED if killed else Ending.CRASHED
        return Classified(ending=ending, detail=f"ended by signal {number}")
    if ended.code == _TIMEOUT_COMMAND:
        return Classified(ending=Ending.TIMEOUT_WALL, detail="stopped by `timeout`")
    finished = last.finished
    if finished is not None and finished.ok:
        return _finished_well(ended, finished)
    if finished is not None and finished.reason in _BY_REASON:
        detail = _first_line(finished.text) or finished.reason
        return Classified(ending=_BY_REASON[finished.reason], detail=detail)
    return _failed(ended, last)


def _finished_well(ended: Exit, finished: Finished) -> Classified:
    if ended.code != 0:
        return Classified(
            ending=Ending.CRASHED, detail=f"exit code {ended.code} after a good result"
        )
    if finished.denials:
        return Classified(ending=Ending.DENIED, detail=f"{finished.denials} tool uses denied")
    return Classified(ending=Ending.OK)


def _failed(ended: Exit, last: LastWords) -> Classified:
    finished, trouble = last.finished, last.trouble
    status = finished.status if finished is not None else None
    if status is None and trouble is not None:
        status = trouble.status
    said = [finished.text if finished else "", trouble.text if trouble else ""]
    named = "\n".join([*said, trouble.reason if trouble else ""])
    if finished is None:
        named = f"{named}\n{last.garbled}\n{last.errors}"
    detail = next(
        (line for text in (*said, last.errors, last.garbled) if (line := _first_line(text))), ""
    )
    ending = find_cause(named, status)
    if ending is None:
        silent = finished is None and ended.code == 0
        ending = Ending.NO_RESULT if silent else Ending.CRASHED
        detail = detail or f"exit code {ended.code}"
    if ending not in {Ending.QUOTA, Ending.RATE_LIMIT, Ending.OVERLOADED}:
        return Classified(ending=ending, detail=detail)
    retry = find_retry_time(named, trouble.retry_at if trouble else None)
    return Classified(ending=ending, detail=detail, retry_seconds=retry.seconds, retry_at=retry.at)


def _signal_of(ended: Exit) -> int | None:
    if ended.signal is not None:
        return ended.signal
    if ended.code is not None and ended.code < 0:
        return -ended.code
    if ended.code is not None and _BY_SIGNAL < ended.code <= _BY_SIGNAL + signal.SIGRTMAX:
        return ended.code - _BY_SIGNAL
    return None


def _merged(before: Trouble | None, now: Trouble) -> Trouble:
    """Keep the status and the time that only an earlier line of the same trouble named."""
    if before is None:
        return now
    return msgspec.structs.replace(
        now,
        status=before.status if now.status is None else now.status,
        retry_at=before.retry_at if now.retry_at is None else now.retry_at,
    )


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:_DETAIL] if lines else ""
