"""Read the prompt, do the work of the role, and report it as a stream of JSON lines."""

from pathlib import Path

from rigtasks.agent.scripted.giving_up import GivesUp
from rigtasks.agent.scripted.implementer import implement
from rigtasks.agent.scripted.reviewer import review
from rigtasks.agent.scripted.stream import Stream
from rigtasks.agent.scripted.task import read_task


def main(arguments: list[str], prompt: str) -> int:
    """Do one role's work in the current directory; the exit code is 0 even when it gives up."""
    roles = {"implement": implement, "review": review}
    if len(arguments) != 1 or arguments[0] not in roles:
        raise SystemExit("usage: implement|review, with the prompt on standard input")
    stream = Stream()
    stream.started()
    try:
        text, structured = roles[arguments[0]](read_task(prompt), Path.cwd(), stream)
    except GivesUp as why:
        stream.finished(ok=False, reason="no_rule", text=str(why))
    else:
        stream.finished(ok=True, text=text, structured=structured)
    return 0
