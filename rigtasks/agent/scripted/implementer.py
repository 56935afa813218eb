"""The implementer: repair the code, or do what a reviewer asked, and cover it with a test."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from rigtasks.agent.scripted.answers import answer_finding
from rigtasks.agent.scripted.examples import Example, find_examples
from rigtasks.agent.scripted.giving_up import GivesUp
from rigtasks.agent.scripted.regression import add_tests
from rigtasks.agent.scripted.repair import find_repair, holds
from rigtasks.agent.scripted.sources import Sources, is_source
from rigtasks.agent.scripted.stream import Stream
from rigtasks.agent.scripted.task import Task

KEPT = "kept what an interrupted run had changed"


def implement(task: Task, root: Path, stream: Stream) -> tuple[str, None]:
    """Change files under `root` and return a summary.

    Raises:
        GivesUp: no rule fits; nothing is changed then.
    """
    done = _answer_review(task, root, stream) if task.findings else _solve(task, root, stream)
    return "\n".join(f"- {line}" for line in done), None


def _answer_review(task: Task, root: Path, stream: Stream) -> list[str]:
    stream.say(f"The reviewer has {len(task.findings)} findings.")
    done = []
    for finding in task.findings:
        said = answer_finding(finding, task, root)
        stream.used("edit", finding.message, ok=said is not None, output=said or "no rule fits")
        if said is not None:
            done.append(said)
    if not done and task.is_begun:
        return [KEPT]
    if not done:
        raise GivesUp("no rule fits what the reviewer asks for")
    return done


def _solve(task: Task, root: Path, stream: Stream) -> list[str]:
    examples = find_examples(task.text)
    if not examples:
        raise GivesUp("the issue gives no example of a call and its expected result")
    stream.say("Examples: " + "; ".join(f"{e.call} → {e.expected!r}" for e in examples))
    sources = Sources(root)
    if task.is_begun and not task.output and holds(sources, examples):
        stream.say("The unfinished work makes every example hold already.")
        return [KEPT, *_cover(root, examples, task, stream)]
    if task.output or task.is_begun:
        what = "last attempt failed its tests" if task.output else "unfinished work is not right"
        stream.say(f"The {what}, so the search starts again from before it.")
        for path in _changed_sources(root, task.start):
            sources.code[path] = _git(root, "show", f"{task.start}:{path}")
    repair = find_repair(
        sources, examples, failing=task.output, test_command=task.test_command, stream=stream
    )
    for path, text in sources.code.items():
        (root / path).write_text(text, encoding="utf-8")
    (root / repair.path).write_text(repair.text, encoding="utf-8")
    stream.used("edit", repair.path, ok=True, output=repair.description)
    return [repair.description, *_cover(root, examples, task, stream)]


def _cover(root: Path, examples: tuple[Example, ...], task: Task, stream: Stream) -> list[str]:
    added = add_tests(Sources(root), examples, task)
    for path in added:
        stream.used("edit", path, ok=True, output="added the examples of the issue as a test")
    return [f"test added to {path}" for path in added]


def _changed_sources(root: Path, start: str) -> Iterator[str]:
    for path in _git(root, "diff", "--name-only", "--diff-filter=M", start).splitlines():
        if is_source(path):
            yield path


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - git inside the sandbox
        ("git", "-c", "core.fsmonitor=false", *arguments),  # noqa: S607 - on the sandbox's PATH
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise GivesUp(f"the state before the last attempt cannot be read: {done.stderr.strip()}")
    return done.stdout
