"""The routes of the dashboard."""

from functools import partial
from urllib.parse import quote

from flask import Blueprint, Response, make_response, render_template

from webhook_receiver.dashboard import words
from webhook_receiver.dashboard.model import load_overview
from webhook_receiver.reading.condition import Examiner
from webhook_receiver.reading.database import ReadDatabase, StoreUnavailable
from webhook_receiver.reading.views import IssueView

SECURITY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)


def dashboard_blueprint(database: ReadDatabase, examiner: Examiner, web_url: str) -> Blueprint:
    """Return the page at `/dashboard` with its style sheet and script.

    Args:
        database: where to read.
        examiner: answers how healthy the rig is.
        web_url: GitHub's address for people, for links to issues.
    """
    blueprint = Blueprint(
        "dashboard",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/dashboard/static",
    )
    blueprint.add_app_template_filter(words.shown)
    blueprint.add_app_template_filter(words.web_link)
    blueprint.add_app_template_filter(words.mark)
    blueprint.add_app_template_filter(words.place)
    blueprint.add_app_template_filter(words.span)
    blueprint.add_app_template_filter(words.brief)
    blueprint.add_app_template_filter(words.age)
    blueprint.add_app_template_filter(words.clock)
    blueprint.add_app_template_filter(words.count)
    blueprint.add_app_template_filter(words.event_name)
    blueprint.add_app_template_filter(words.event_words)
    blueprint.add_app_template_filter(partial(_issue_url, web_url), "issue_url")

    @blueprint.get("/dashboard")
    def dashboard() -> Response:
        """Show how everything is now."""
        health = examiner.examine()
        try:
            if not health.serving:
                return _page("down.html", 503, health=health)
            with database.connect() as connection:
                overview = load_overview(connection, health)
        except StoreUnavailable:
            return _page("down.html", 503, health=health)
        return _page("dashboard.html", 200, rig=overview, words=words)

    return blueprint


def _page(template: str, status: int, **content: object) -> Response:
    response = make_response(render_template(template, **content), status)
    response.headers["Content-Security-Policy"] = SECURITY
    return response


def _issue_url(web_url: str, issue: IssueView) -> str | None:
    return words.web_link(f"{web_url}/{quote(issue.repo)}/issues/{issue.number}")
