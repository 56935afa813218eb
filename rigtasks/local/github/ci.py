"""CI of the sandbox: workflows started by pull requests and pushes, reported as check runs."""

import threading
from concurrent.futures import ThreadPoolExecutor

from rigtasks.local.github import checks
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.job_runner import JobPlan, JobResult, run_job
from rigtasks.local.github.model import App, CheckRun, Repository
from rigtasks.local.github.setup import ACTIONS_APP_ID
from rigtasks.local.github.workflow import (
    WORKFLOW_PATHS,
    Job,
    Workflow,
    WorkflowInvalidError,
    parse,
)

_JOBS_AT_ONCE = 2
_STARTING_ACTIONS = {"opened", "synchronize", "reopened"}


class CiRunner:
    """Listens for new heads and runs what their workflow says.

    Pushes start a workflow on the default branch only, and not its first one; every other head is
    tried through its pull request.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._pool = ThreadPoolExecutor(max_workers=_JOBS_AT_ONCE, thread_name_prefix="ci")
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open_jobs = 0

    def idle(self) -> bool:
        """Tell whether no job is waiting or running."""
        with self._lock:
            return self._open_jobs == 0

    def start(self) -> None:
        """Take up the jobs that an earlier process left unfinished."""
        with self._hub.state.change():
            for run in self._hub.state.check_runs.all():
                if run.app_id == ACTIONS_APP_ID and run.status != "completed":
                    self._resume(run)

    def stop(self) -> None:
        """Stop the jobs under way; they stay unfinished and are taken up again by `start`."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def heard(self, happening: Happening) -> None:
        """Start what a happening starts."""
        if happening.sha is None:
            return
        repo = self._hub.state.repositories.find(happening.repository_id)
        if repo is None:
            return
        if happening.event == "pull_request" and happening.action in _STARTING_ACTIONS:
            pull = self._hub.pull(repo, happening.number or 0)
            if pull is not None:
                self._start(repo, happening.sha, "pull_request", pull.base_ref)
        elif happening.event == "merge_group" and happening.action == "checks_requested":
            branch = (happening.ref or "").removeprefix("refs/heads/")
            self._start(repo, happening.sha, "merge_group", branch)
        elif (
            happening.event == "push"
            and happening.ref == f"refs/heads/{repo.default_branch}"
            and not happening.created
        ):
            self._start(repo, happening.sha, "push", repo.default_branch)

    def again(self, repo: Repository, run: CheckRun) -> None:
        """Run the job of a check run once more, as a new check run of the same name.

        Raises:
            HttpError: 422 when another App made it.
        """
        if run.app_id != ACTIONS_APP_ID:
            raise HttpError(422, "This check run is not rerequestable")
        workflow = self._workflow(repo, run.head_sha)
        for job in () if workflow is None else workflow.jobs:
            if job.name == run.name:
                self._queue(repo, run.head_sha, job)

    @property
    def _app(self) -> App:
        return self._hub.state.apps.get(ACTIONS_APP_ID)

    def _start(self, repo: Repository, sha: str, event: str, branch: str) -> None:
        try:
            workflow = self._workflow(repo, sha)
        except WorkflowInvalidError as error:
            fields = {
                "conclusion": "failure",
                "title": "Invalid workflow file",
                "summary": str(error),
            }
            path = WORKFLOW_PATHS[0]
            checks.create_run(self._hub, repo, self._app, name=path, sha=sha, fields=fields)
            return
        if workflow is None or not workflow.starts_on(event, branch):
            return
        for job in workflow.jobs:
            self._queue(repo, sha, job)

    def _queue(self, repo: Repository, sha: str, job: Job) -> None:
        run = checks.create_run(
            self._hub, repo, self._app, name=job.name, sha=sha, fields={"status": "queued"}
        )
        self._submit(repo, run, job)

    def _workflow(self, repo: Repository, sha: str) -> Workflow | None:
        git = self._hub.git(repo)
        for path in WORKFLOW_PATHS:
            entry = git.entry(sha, path)
            if entry is not None and entry.type == "blob":
                return parse(git.blob(entry.sha))
        return None

    def _resume(self, run: CheckRun) -> None:
        repo = self._hub.state.repositories.get(run.repository_id)
        workflow = self._workflow(repo, run.head_sha)
        for job in () if workflow is None else workflow.jobs:
            if job.name == run.name:
                self._submit(repo, run, job)

    def _submit(self, repo: Repository, run: CheckRun, job: Job) -> None:
        with self._lock:
            self._open_jobs += 1
        self._pool.submit(self._carry_out, repo, run, job)

    def _carry_out(self, repo: Repository, run: CheckRun, job: Job) -> None:
        try:
            run = checks.update_run(self._hub, repo, run, {"status": "in_progress"})
            result = self._result(repo, run, job)
            if self._stopping.is_set() and result.conclusion == "cancelled":
                return
            fields = {
                "status": "completed",
                "conclusion": result.conclusion,
                "title": result.title,
                "summary": result.title,
                "text": f"```\n{result.text}\n```",
            }
            checks.update_run(self._hub, repo, run, fields)
        finally:
            with self._lock:
                self._open_jobs -= 1

    def _result(self, repo: Repository, run: CheckRun, job: Job) -> JobResult:
        options = self._hub.options
        plan = JobPlan(
            git=self._hub.git(repo),
            sha=run.head_sha,
            job=job,
            timeout=min(job.timeout_seconds or options.ci_timeout, options.ci_timeout),
            path=options.ci_path,
            isolation=options.isolation,
            allow_unsandboxed=options.allow_unsandboxed_ci,
            variables={
                "GITHUB_REPOSITORY": self._hub.full_name(repo),
                "GITHUB_SHA": run.head_sha,
                "GITHUB_JOB": job.name,
            },
        )
        try:
            return run_job(plan, self._stopping)
        except Exception as error:  # noqa: BLE001  # whatever broke must show on the check run
            text = f"{type(error).__name__}: {error}"
            return JobResult(conclusion="failure", title="The job broke", text=text)
