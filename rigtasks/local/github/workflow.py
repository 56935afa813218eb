"""Read a GitHub Actions workflow: the part of its language that the sandbox can run.

What it cannot run is named in `Job.unsupported`, and such a job fails with those words instead of
passing without having been tried.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

WORKFLOW_PATHS = (".github/workflows/ci.yml", ".github/workflows/ci.yaml")

_LARGEST_WORKFLOW = 64 * 1024
_WORKFLOW_KEYS = {
    "name",
    "run-name",
    "on",
    "env",
    "defaults",
    "permissions",
    "concurrency",
    "jobs",
}
_JOB_KEYS = {
    "name",
    "runs-on",
    "env",
    "defaults",
    "permissions",
    "steps",
    "timeout-minutes",
}
_STEP_KEYS = {"name", "id", "uses", "with", "run", "env", "working-directory", "shell"}
_DONE_ACTION = re.compile(r"actions/(?:checkout|cache|setup-[a-z]+)@[\w.-]+")
_SHELLS = {"bash", "sh"}


class WorkflowInvalidError(Exception):
    """The file is no workflow; the message says why."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step: a script to run, or an action that counts as done (`script` None)."""

    name: str
    script: str | None = None
    shell: str = "bash"
    env: dict[str, str] = {}
    working_directory: str = "."


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job; `unsupported` says in words what the sandbox cannot do of it."""

    name: str
    steps: tuple[Step, ...] = ()
    timeout_seconds: float | None = None
    unsupported: tuple[str, ...] = ()


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """What starts a workflow, and its jobs."""

    name: str
    events: dict[str, Any]
    jobs: tuple[Job, ...]

    def starts_on(self, event: str, branch: str) -> bool:
        """Tell whether an event on a branch (the base, for pull requests) starts it."""
        if event not in self.events:
            return False
        filters = self.events[event]
        branches = filters.get("branches") if isinstance(filters, dict) else None
        return branches is None or branch in branches or "**" in branches


def parse(content: bytes) -> Workflow:
    """Read a workflow file.

    Raises:
        WorkflowInvalidError: it is no workflow.
    """
    if len(content) > _LARGEST_WORKFLOW:
        raise WorkflowInvalidError(f"the workflow is larger than {_LARGEST_WORKFLOW} bytes")
    try:
        document = YAML(typ="safe", pure=True).load(content)
    except (YAMLError, ValueError, RecursionError) as error:
        raise WorkflowInvalidError(f"the workflow is not valid YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), dict):
        raise WorkflowInvalidError("the workflow has no jobs")
    events = _events(document.get("on"))
    if not events:
        raise WorkflowInvalidError('the workflow has no events under "on"')
    whole = tuple(f'the key "{key}"' for key in document if key not in _WORKFLOW_KEYS)
    jobs = tuple(
        _job(str(job_id), job, document, whole) for job_id, job in document["jobs"].items()
    )
    return Workflow(name=str(document.get("name") or "CI"), events=events, jobs=jobs)


def _events(on: Any) -> dict[str, Any]:
    if isinstance(on, str):
        return {on: None}
    if isinstance(on, list):
        return {str(event): None for event in on}
    return dict(on) if isinstance(on, dict) else {}


def _job(job_id: str, job: Any, workflow: Mapping[str, Any], whole: tuple[str, ...]) -> Job:
    if not isinstance(job, dict) or not isinstance(job.get("steps"), list):
        return Job(name=job_id, unsupported=("a job without a list of steps",))
    unsupported = [*whole, *(f'the job key "{key}"' for key in job if key not in _JOB_KEYS)]
    directory = _default_directory(workflow) or "."
    directory = _default_directory(job) or directory
    env = {**_variables(workflow.get("env")), **_variables(job.get("env"))}
    steps = []
    for number, step in enumerate(job["steps"], start=1):
        unsupported += _unsupported_in_step(step, number)
        if isinstance(step, dict):
            steps.append(_step(step, number, env, directory))
    minutes = job.get("timeout-minutes")
    name = str(job.get("name") or job_id)
    if "${{" in name:
        unsupported.append("an expression in the job's name")
    return Job(
        name=name,
        steps=tuple(steps),
        timeout_seconds=minutes * 60 if isinstance(minutes, int | float) else None,
        unsupported=tuple(unsupported),
    )


def _default_directory(part: Mapping[str, Any]) -> str | None:
    defaults = part.get("defaults")
    run = defaults.get("run") if isinstance(defaults, dict) else None
    directory = run.get("working-directory") if isinstance(run, dict) else None
    return None if directory is None else str(directory)


def _variables(env: Any) -> dict[str, str]:
    if not isinstance(env, dict):
        return {}
    return {
        str(name): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in env.items()
    }


def _step(step: Mapping[str, Any], number: int, env: dict[str, str], directory: str) -> Step:
    script = step.get("run")
    first_line = next(iter(str(script or "").strip().splitlines()), f"step {number}")
    fallback = f"Run {step.get('uses') or first_line}"
    return Step(
        name=str(step.get("name") or fallback),
        script=None if script is None else str(script),
        shell=str(step.get("shell") or "bash"),
        env={**env, **_variables(step.get("env"))},
        working_directory=str(step.get("working-directory") or directory),
    )


def _unsupported_in_step(step: Any, number: int) -> Iterator[str]:
    where = f"step {number}"
    if not isinstance(step, dict):
        yield f"{where} that is no mapping"
        return
    yield from (f'the key "{key}" in {where}' for key in step if key not in _STEP_KEYS)
    uses, script = step.get("uses"), step.get("run")
    if (uses is None) == (script is None):
        yield f'{where} without exactly one of "run" and "uses"'
    if uses is not None and not _DONE_ACTION.fullmatch(str(uses)):
        yield f"the action {uses} in {where}"
    if step.get("shell", "bash") not in _SHELLS:
        yield f"the shell {step['shell']} in {where}"
    texts = [str(script or ""), *_variables(step.get("env")).values()]
    if any("${{" in text for text in texts):
        yield f"an expression (${{{{ … }}}}) in {where}"
