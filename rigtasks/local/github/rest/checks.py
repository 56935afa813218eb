"""REST: check runs, check suites and commit statuses."""

from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github import checks
from rigtasks.local.github.access import CallerKind
from rigtasks.local.github.answers import HttpError, created, json_response, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.model import Annotation, App, CheckRun, CheckSuite
from rigtasks.local.github.rules.checks import newest_runs
from rigtasks.local.github.shapes import checks as shapes

_MOST_ANNOTATIONS = 50


def _acting_app(call: Call) -> App:
    if call.caller.kind is not CallerKind.INSTALLATION or call.caller.app is None:
        raise HttpError(403, "You must authenticate via a GitHub App.")
    return call.caller.app


def _moment(call: Call, name: str) -> datetime | None:
    text = call.text(name)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise HttpError(422, f"Invalid request.\n\n{text} is not a valid date-time.") from error


def _fields(call: Call) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: value
        for name in ("status", "conclusion", "external_id", "details_url")
        if (value := call.text(name)) is not None
    }
    for name in ("started_at", "completed_at"):
        if (moment := _moment(call, name)) is not None:
            fields[name] = moment
    if fields.get("status", "queued") not in checks.STATUSES:
        raise HttpError(422, f"Invalid request.\n\n{fields['status']} is not a valid status.")
    if fields.get("conclusion", "success") not in checks.CONCLUSIONS:
        raise HttpError(
            422, f"Invalid request.\n\n{fields['conclusion']} is not a valid conclusion."
        )
    output = call.body.get("output")
    if output is not None:
        if not isinstance(output, dict) or "title" not in output or "summary" not in output:
            raise HttpError(422, 'Invalid request.\n\n"title", "summary" weren\'t supplied.')
        fields["title"] = str(output["title"])
        fields["summary"] = str(output["summary"])
        if output.get("text") is not None:
            fields["text"] = str(output["text"])
        fields["annotations"] = _annotations(output.get("annotations") or ())
    return fields


def _annotations(given: Any) -> tuple[Annotation, ...]:
    try:
        annotations = msgspec.convert(given, tuple[Annotation, ...])
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error
    if len(annotations) > _MOST_ANNOTATIONS:
        raise HttpError(422, f"Invalid request.\n\nNo more than {_MOST_ANNOTATIONS} items.")
    return annotations


def create_check_run(call: Call) -> Response:
    """Create a check run as the calling App."""
    app = _acting_app(call)
    name = call.required_text("name")
    sha = call.commit_sha(call.required_text("head_sha"))
    row = checks.create_run(call.hub, call.repo, app, name=name, sha=sha, fields=_fields(call))
    return json_response(shapes.check_run(call.hub, call.repo, row, call.view), 201)


def _run(call: Call) -> CheckRun:
    row = call.state.check_runs.find(call.arguments["check_run_id"])
    if row is None or row.repository_id != call.repo.id:
        raise not_found()
    return row


def update_check_run(call: Call) -> Response:
    """Change a check run; only the App that made it may."""
    app, row = _acting_app(call), _run(call)
    if row.app_id != app.id:
        raise HttpError(
            403,
            "Invalid app_id `"
            + str(app.id)
            + "` - check run can only be modified by the GitHub App that created it.",
        )
    fields = _fields(call)
    if "annotations" in fields:
        fields["annotations"] = (*row.annotations, *fields["annotations"])
    if (name := call.text("name")) is not None:
        fields["name"] = name
    row = checks.update_run(call.hub, call.repo, row, fields)
    return json_response(shapes.check_run(call.hub, call.repo, row, call.view))


def get_check_run(call: Call) -> Response:
    """Show a check run."""
    return json_response(shapes.check_run(call.hub, call.repo, _run(call), call.view))


def list_annotations(call: Call) -> Response:
    """List the annotations of a check run."""
    run = _run(call)
    return call.page(
        list(run.annotations),
        lambda one: shapes.annotation(call.hub, call.repo, run, one, call.view),
    )


def rerequest_check_run(call: Call) -> Response:
    """Ask for a check run once more; only the forge's own CI hears it."""
    call.services.ci.again(call.repo, _run(call))
    return json_response({}, 201)


def list_check_runs(call: Call) -> Response:
    """List check runs at a commit, the newest of every name and App unless `filter=all`."""
    sha = call.commit_sha(call.arguments["ref"])
    wanted = call.request.args
    if wanted.get("filter") == "all":
        rows = call.state.check_runs.of(call.repo.id, sha)
    else:
        rows = newest_runs(call.hub, call.repo, sha)
    rows = [
        row
        for row in rows
        if wanted.get("check_name") in {None, row.name}
        and wanted.get("status") in {None, row.status}
        and wanted.get("app_id") in {None, str(row.app_id)}
    ]
    rows.sort(key=lambda row: row.id, reverse=True)
    return call.page(
        rows,
        lambda row: shapes.check_run(call.hub, call.repo, row, call.view),
        key="check_runs",
    )


def list_check_suites(call: Call) -> Response:
    """List check suites at a commit."""
    sha = call.commit_sha(call.arguments["ref"])
    wanted = call.request.args.get("app_id")
    rows = [
        row
        for row in call.state.check_suites.of(call.repo.id, sha)
        if wanted in {None, str(row.app_id)}
    ]
    return call.page(
        rows,
        lambda row: shapes.check_suite(call.hub, call.repo, row, call.view),
        key="check_suites",
    )


def _suite(call: Call) -> CheckSuite:
    row = call.state.check_suites.find(call.arguments["check_suite_id"])
    if row is None or row.repository_id != call.repo.id:
        raise not_found()
    return row


def get_check_suite(call: Call) -> Response:
    """Show a check suite."""
    return json_response(shapes.check_suite(call.hub, call.repo, _suite(call), call.view))


def suite_runs(call: Call) -> Response:
    """List the check runs of a suite."""
    suite = _suite(call)
    rows = [
        row for row in newest_runs(call.hub, call.repo, suite.head_sha) if row.suite_id == suite.id
    ]
    return call.page(
        rows,
        lambda row: shapes.check_run(call.hub, call.repo, row, call.view),
        key="check_runs",
    )


def create_status(call: Call) -> Response:
    """Set a commit status."""
    row = checks.create_status(
        call.hub,
        call.repo,
        call.account,
        sha=call.commit_sha(call.arguments["sha"]),
        state=call.required_text("state"),
        context=call.text("context") or "default",
        description=call.text("description"),
        target_url=call.text("target_url"),
    )
    return created(shapes.status(call.hub, call.repo, row, call.view))


def list_statuses(call: Call) -> Response:
    """List every status of a commit, newest first."""
    sha = call.commit_sha(call.arguments["ref"])
    rows = call.state.statuses.of(call.repo.id, sha)[::-1]
    return call.page(rows, lambda row: shapes.status(call.hub, call.repo, row, call.view))


def combined_status(call: Call) -> Response:
    """Show the newest status of every context of a commit."""
    sha = call.commit_sha(call.arguments["ref"])
    rows = call.state.statuses.of(call.repo.id, sha)
    return json_response(shapes.combined_status(call.hub, call.repo, sha, rows, call.view))


_R = "/repos/<owner>/<repo>"
ROUTES = (
    Route(method="POST", rule=f"{_R}/check-runs", handler=create_check_run, needs="checks:write"),
    Route(
        method="GET",
        rule=f"{_R}/check-runs/<int:check_run_id>",
        handler=get_check_run,
        needs="checks:read",
    ),
    Route(
        method="PATCH",
        rule=f"{_R}/check-runs/<int:check_run_id>",
        handler=update_check_run,
        needs="checks:write",
    ),
    Route(
        method="POST",
        rule=f"{_R}/check-runs/<int:check_run_id>/rerequest",
        handler=rerequest_check_run,
        needs="checks:write",
    ),
    Route(
        method="GET",
        rule=f"{_R}/check-runs/<int:check_run_id>/annotations",
        handler=list_annotations,
        needs="checks:read",
    ),
    Route(
        method="GET",
        rule=f"{_R}/commits/<path:ref>/check-runs",
        handler=list_check_runs,
        needs="checks:read",
    ),
    Route(
        method="GET",
        rule=f"{_R}/commits/<path:ref>/check-suites",
        handler=list_check_suites,
        needs="checks:read",
    ),
    Route(
        method="GET",
        rule=f"{_R}/check-suites/<int:check_suite_id>",
        handler=get_check_suite,
        needs="checks:read",
    ),
    Route(
        method="GET",
        rule=f"{_R}/check-suites/<int:check_suite_id>/check-runs",
        handler=suite_runs,
        needs="checks:read",
    ),
    Route(
        method="POST", rule=f"{_R}/statuses/<sha>", handler=create_status, needs="statuses:write"
    ),
    Route(
        method="GET",
        rule=f"{_R}/commits/<path:ref>/statuses",
        handler=list_statuses,
        needs="statuses:read",
    ),
    Route(
        method="GET",
        rule=f"{_R}/commits/<path:ref>/status",
        handler=combined_status,
        needs="statuses:read",
    ),
)
