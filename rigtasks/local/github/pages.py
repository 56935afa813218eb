"""Plain pages behind the `html_url`s, so that the links of answers and comments open.

They are read-only, carry no scripts, escape everything, and are shown to everybody who can reach
127.0.0.1: this is a sandbox.
"""

from collections.abc import Callable
from html import escape
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from rigtasks.local.github.answers import not_found
from rigtasks.local.github.git import GitFailedError
from rigtasks.local.github.hub import Hub, stamp
from rigtasks.local.github.model import Issue, PullRequest, Repository
from rigtasks.local.github.rules.checks import newest_runs
from rigtasks.local.github.rules.verdicts import merge_blockers
from rigtasks.local.github.shapes.checks import newest_statuses

_LARGEST_DIFF = 200_000
_NEWEST_COMMITS = 20
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1f2328;background:#fff}a{color:#0959b0}pre{background:#f6f8fa;padding:.75rem;
overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}article{border:1px solid #d1d9e0;
border-radius:6px;padding:.5rem 1rem;margin:1rem 0}.state{border-radius:1rem;padding:.1rem .7rem;
color:#fff;background:#1a7f37}.closed{background:#6e40c9}.label{border:1px solid #59636e;
border-radius:1rem;padding:0 .5rem;font-size:.9rem}ins{color:#116329;text-decoration:none}
del{color:#82071e;text-decoration:none}small{color:#59636e}
"""

Page = Callable[[Hub, Repository, dict[str, Any]], Response]


def serve(hub: Hub, request: Request) -> Response:
    """Answer a page.

    Raises:
        HttpError: 404 when the address is no page.
    """
    if request.path == "/":
        return _index_page(hub)
    try:
        page, arguments = _PAGES.bind("127.0.0.1").match(request.path, method="GET")
    except HTTPException as error:
        raise not_found() from error
    repo = hub.repository(arguments["owner"], arguments["repo"])
    if repo is None or not callable(page):
        raise not_found()
    answer = page(hub, repo, dict(arguments))
    if not isinstance(answer, Response):
        raise not_found()
    return answer


def _html(title: str, body: str) -> Response:
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    return Response(document, content_type="text/html; charset=utf-8", headers=headers)


def _link(path: str, text: str) -> str:
    return f'<a href="/{escape(path)}">{escape(text)}</a>'


def _login(hub: Hub, account_id: int | None) -> str:
    row = None if account_id is None else hub.state.accounts.find(account_id)
    return escape("ghost" if row is None else row.login)


def _article(who: str, what: str, when: str | None, text: str | None) -> str:
    shown = f"<pre>{escape(text)}</pre>" if text else ""
    line = f"<p><strong>{who}</strong> {what} <small>{when or ''}</small></p>"
    return f"<article>{line}{shown}</article>"


def _heading(hub: Hub, repo: Repository, issue: Issue, state: str) -> str:
    name = hub.full_name(repo)
    tone = "state" if issue.state == "open" else "state closed"
    labels = " ".join(f'<span class="label">{escape(label)}</span>' for label in issue.labels)
    return (
        f"<p>{_link(name, name)}</p><h1>{escape(issue.title)} #{issue.number}</h1>"
        f'<p><span class="{tone}">{escape(state)}</span> {labels}</p>'
        + _article(_login(hub, issue.author_id), "opened this", stamp(issue.created_at), issue.body)
    )


def _conversation(hub: Hub, repo: Repository, number: int) -> str:
    entries = [
        (
            row.created_at,
            row.id,
            _article(_login(hub, row.author_id), "commented", stamp(row.created_at), row.body),
        )
        for row in hub.state.comments.of(repo.id, number)
    ]
    for event in hub.state.issue_events.of(repo.id, number):
        what = event.event.replace("_", " ")
        if "label" in event.detail:
            what += f" {event.detail['label']['name']}"
        when = f"<small>{stamp(event.created_at)}</small>"
        line = f"<p>{_login(hub, event.actor_id)} {escape(what)} {when}</p>"
        entries.append((event.created_at, event.id, line))
    for review in hub.state.reviews.of(repo.id, number):
        verdict = review.state.lower().replace("_", " ")
        shown = _article(
            _login(hub, review.author_id),
            f"reviewed: {escape(verdict)} at {review.commit_id[:8]}",
            stamp(review.submitted_at),
            review.body,
        )
        if review.submitted_at is not None:
            entries.append((review.submitted_at, review.id, shown))
    return "".join(shown for _, _, shown in sorted(entries))


def _threads(hub: Hub, repo: Repository, number: int) -> str:
    shown = ""
    comments = hub.state.review_comments.of(repo.id, number)
    for thread in hub.state.threads.of(repo.id, number):
        state = "open" if thread.resolved_by_id is None else "resolved"
        where = f"{thread.path}:{thread.line}" if thread.line else thread.path
        inside = "".join(
            f"<p><strong>{_login(hub, row.author_id)}</strong></p><pre>{escape(row.body)}</pre>"
            for row in comments
            if row.thread_id == thread.id
        )
        outdated = ", outdated" if thread.outdated else ""
        shown += f"<article><p>{escape(where)} ({state}{outdated})</p>{inside}</article>"
    return f"<h2>Threads</h2>{shown}" if shown else ""


def _checks(hub: Hub, repo: Repository, sha: str) -> str:
    name = hub.full_name(repo)
    rows = [
        f"<li>{_link(f'{name}/runs/{run.id}', run.name)}: {escape(run.conclusion or run.status)} "
        f"<small>{escape(hub.state.apps.get(run.app_id).slug)}</small></li>"
        for run in newest_runs(hub, repo, sha)
    ]
    rows += [
        f"<li>{escape(row.context)}: {escape(row.state)}</li>"
        for row in newest_statuses(hub.state.statuses.of(repo.id, sha))
    ]
    return f"<h2>Checks at {sha[:8]}</h2><ul>{''.join(rows)}</ul>" if rows else ""


def _diff(text: str) -> str:
    lines = []
    for line in text[:_LARGEST_DIFF].split("\n"):
        tag = {"+": "ins", "-": "del"}.get(line[:1])
        lines.append(f"<{tag}>{escape(line)}</{tag}>" if tag else escape(line))
    cut = "\n[cut]" if len(text) > _LARGEST_DIFF else ""
    return f"<h2>Changes</h2><pre>{chr(10).join(lines)}{cut}</pre>"


def _index_page(hub: Hub) -> Response:
    names = [hub.full_name(repo) for repo in hub.state.repositories.all()]
    items = "".join(f"<li>{_link(name, name)}</li>" for name in names)
    return _html("Sandbox GitHub", f"<h1>Sandbox GitHub</h1><ul>{items}</ul>")


def _repository_page(hub: Hub, repo: Repository, _arguments: dict[str, Any]) -> Response:
    name = hub.full_name(repo)
    items = ""
    for issue in reversed(hub.state.issues.of(repo.id)):
        path = f"{name}/{'pull' if issue.is_pull else 'issues'}/{issue.number}"
        items += f"<li>{_link(path, issue.title)} #{issue.number} ({escape(issue.state)})</li>"
    commits = ""
    for commit in hub.git(repo).commits(repo.default_branch, limit=_NEWEST_COMMITS):
        subject = commit.message.partition("\n")[0]
        link = _link(f"{name}/commit/{commit.sha}", commit.sha[:8])
        commits += f"<li>{link} {escape(subject)}</li>"
    body = (
        f"<h1>{escape(name)}</h1><h2>Issues and pull requests</h2><ul>{items}</ul>"
        f"<h2>Commits on {escape(repo.default_branch)}</h2><ul>{commits}</ul>"
    )
    return _html(name, body)


def _issue_page(hub: Hub, repo: Repository, arguments: dict[str, Any]) -> Response:
    issue = _issue(hub, repo, arguments["number"])
    if issue.is_pull:
        return _pull_page(hub, repo, arguments)
    body = _heading(hub, repo, issue, issue.state) + _conversation(hub, repo, issue.number)
    return _html(f"{issue.title} · #{issue.number}", body)


def _pull_page(hub: Hub, repo: Repository, arguments: dict[str, Any]) -> Response:
    issue, pull = _issue(hub, repo, arguments["number"]), _pull(hub, repo, arguments["number"])
    state = "merged" if pull.merged_at is not None else issue.state
    merged = ""
    if pull.merge_commit_sha is not None:
        path = f"{hub.full_name(repo)}/commit/{pull.merge_commit_sha}"
        merged = f"<p>Merged as {_link(path, pull.merge_commit_sha[:8])}</p>"
    elif blockers := merge_blockers(hub, repo, pull).every:
        merged = "".join(f"<p>{escape(blocker)}</p>" for blocker in blockers)
    diff = hub.git(repo).diff_text(hub.diff_base(repo, pull), pull.head_sha)
    body = (
        _heading(hub, repo, issue, state)
        + f"<p>{escape(pull.head_ref)} into {escape(pull.base_ref)}</p>{merged}"
        + _conversation(hub, repo, issue.number)
        + _threads(hub, repo, issue.number)
        + _checks(hub, repo, pull.head_sha)
        + _diff(diff)
    )
    return _html(f"{issue.title} · #{issue.number}", body)


def _diff_page(hub: Hub, repo: Repository, arguments: dict[str, Any]) -> Response:
    pull = _pull(hub, repo, arguments["number"])
    diff = hub.git(repo).diff_text(hub.diff_base(repo, pull), pull.head_sha)
    return Response(diff, content_type="text/plain; charset=utf-8")


def _run_page(hub: Hub, repo: Repository, arguments: dict[str, Any]) -> Response:
    run = hub.state.check_runs.find(arguments["run_id"])
    if run is None or run.repository_id != repo.id:
        raise not_found()
    name = hub.full_name(repo)
    body = (
        f"<p>{_link(name, name)}</p><h1>{escape(run.name)}</h1>"
        f"<p>{escape(run.conclusion or run.status)} at {run.head_sha[:8]}</p>"
        f"<p>{escape(run.summary or '')}</p><pre>{escape(run.text or '')}</pre>"
    )
    return _html(run.name, body)


def _commit_page(hub: Hub, repo: Repository, arguments: dict[str, Any]) -> Response:
    git = hub.git(repo)
    sha = git.resolve(arguments["sha"])
    if sha is None:
        raise not_found()
    row = git.commit(sha)
    try:
        diff = git.diff_text(row.parents[0], sha) if row.parents else ""
    except GitFailedError as failure:
        raise not_found() from failure
    name = hub.full_name(repo)
    body = (
        f"<p>{_link(name, name)}</p><h1>{sha[:12]}</h1>"
        + _article(escape(row.author.name), "wrote", escape(row.author.date), row.message)
        + _checks(hub, repo, sha)
        + _diff(diff)
    )
    return _html(sha[:12], body)


def _issue(hub: Hub, repo: Repository, number: int) -> Issue:
    found = hub.issue(repo, number)
    if found is None:
        raise not_found()
    return found


def _pull(hub: Hub, repo: Repository, number: int) -> PullRequest:
    found = hub.pull(repo, number)
    if found is None:
        raise not_found()
    return found


_PAGES = Map(
    [
        Rule(rule, methods=["GET"], endpoint=page)
        for rule, page in (
            ("/<owner>/<repo>", _repository_page),
            ("/<owner>/<repo>/issues/<int:number>", _issue_page),
            ("/<owner>/<repo>/pull/<int:number>", _pull_page),
            ("/<owner>/<repo>/pull/<int:number>.diff", _diff_page),
            ("/<owner>/<repo>/runs/<int:run_id>", _run_page),
            ("/<owner>/<repo>/commit/<sha>", _commit_page),
        )
    ],
    redirect_defaults=False,
)
