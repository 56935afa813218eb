"""What the scripted model of `rig demo --provider` does with the two sample issues.

The command line, its tools, the walls and the way to the model are real; only the model's answers
are written here. It knows the samples and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rigtasks.agent.scripted.task import Task, read_task
from rigtasks.testing.models import Ask, ModelServer, Request, Run, Say
from rigtasks.testing.models.script import Step

#: Which model the command line asks for; the script answers whichever it is.
MODELS = {"claude": "claude-sonnet-4-5", "codex": "gpt-5.2-codex"}
_REVIEWER = "You are Review-E"
_CHANGELOG = "CHANGELOG.md"

_ROOMS = r"""
sed -i '/return first_start/s/<=/</g' rooms/calendar.py
cat >> tests/test_calendar.py <<'END'


def test_bookings_that_only_touch_do_not_overlap():
    assert not overlaps("09:00-10:00", "10:00-11:00")
END
"""
_SLUGS = r"""
sed -i 's/replace(" ", "-")/replaceAll(" ", "-")/' src/slugs.js
cat >> test/slugs.test.js <<'END'

test("every blank of a title becomes a dash", () => {
  assert.equal(slugify("Fast and Safe Queues"), "fast-and-safe-queues");
});
END
"""
_ENTRY = r"""
entry='- Fixed: every blank of a title becomes a dash in its slug.'
sed -i "s/^## Unreleased$/&\n\n$entry/" CHANGELOG.md
"""


@contextmanager
def demo_model(provider: str) -> Iterator[dict[str, str]]:
    """Serve the scripted model and give the settings that lead a command line to it."""
    with ModelServer(answer) as server:
        yield {
            "RIG_PROVIDER": provider,
            "RIG_MODEL": MODELS[provider],
            "RIG_MODEL_API_URL": server.url,
            "RIG_MODEL_API_KEY": "of-the-demo",
        }


def answer(request: Request) -> Step:
    """Take the next step of an implementation or of a review."""
    task = read_task(request.prompt)
    return _review(task) if _REVIEWER in request.prompt else _implement(task, request)


def _implement(task: Task, request: Request) -> Step:
    """Look, change, test, report: one step for each answer of a tool."""
    steps: tuple[Step, ...] = (
        Run(command="git log --oneline -3; ls"),
        Run(command=_change(task)),
        Run(command=task.test_command),
        Say(text=f"Solved: {task.title}. The tests cover it."),
    )
    return steps[min(len(request.results), len(steps) - 1)]


def _change(task: Task) -> str:
    if any(_CHANGELOG in finding.message for finding in task.findings):
        return _ENTRY
    return _ROOMS if "Bookings" in task.title else _SLUGS


def _review(task: Task) -> Step:
    """Ask for the entry that the Node sample's AGENTS.md demands; otherwise approve."""
    if "src/slugs.js" not in task.diff or f"+++ b/{_CHANGELOG}" in task.diff:
        summary = "The change does what the issue asks, and a test covers it."
        return Ask(answer={"verdict": "approve", "summary": summary, "findings": []})
    finding = {
        "severity": "major",
        "path": "src/slugs.js",
        "line": 8,
        "message": f"AGENTS.md asks for an entry in {_CHANGELOG} for every change of behaviour.",
    }
    summary = "The fix is right; its entry in the changelog is missing."
    return Ask(answer={"verdict": "request_changes", "summary": summary, "findings": [finding]})
