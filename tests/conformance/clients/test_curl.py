"""Calls as scripts make them with curl: tokens, media types, pages by `Link`, entity tags."""

import json
import re
import subprocess
from dataclasses import dataclass
from typing import Any

from client_town import Town


@dataclass(frozen=True)
class Said:
    """An answer as `curl --include` prints it; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def curl(*arguments: str) -> Said:
    """Run curl; headers go through its standard input, where no process list shows a token."""
    named = [place for place, one in enumerate(arguments) if one == "-H"]
    headers = "".join(f"header = {json.dumps(arguments[place + 1])}\n" for place in named)
    hidden = {*named, *(place + 1 for place in named)}
    shown = (one for place, one in enumerate(arguments) if place not in hidden)
    options = ("--silent", "--show-error", "--include", "--noproxy", "*", "--config", "-")
    done = subprocess.run(
        ["curl", *options, *shown],
        input=headers,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.split("\n")
    pairs = (line.partition(": ") for line in lines)
    return Said(int(first.split()[1]), {name.lower(): value for name, _, value in pairs}, body)


def test_curl_reads_and_writes(town: Town) -> None:
    issues = f"{town.url}/repos/{town.repo}/issues"
    token = ("-H", f"Authorization: token {town.mona.token}")
    accept = ("-H", "Accept: application/vnd.github+json")
    made = curl(*token, *accept, "-d", '{"title": "Prices", "body": "Round."}', issues)
    assert (made.status, made.json["number"], made.json["user"]["login"]) == (201, 1, "mona")
    assert made.headers["content-type"] == "application/json; charset=utf-8"
    assert {"x-github-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(
        made.headers
    )
    patched = curl(*token, "-X", "PATCH", "-d", '{"state": "closed"}', f"{issues}/1")
    assert patched.json["state"] == "closed"
    raw = curl(
        *token,
        "-H",
        "Accept: application/vnd.github.raw+json",
        f"{town.url}/repos/{town.repo}/contents/README.md",
    )
    assert raw.body == "# Shop\n"


def test_curl_follows_the_pages(town: Town) -> None:
    for number in range(5):
        town.mona.create_issue(town.repo, f"Issue {number}")
    url: str | None = f"{town.url}/repos/{town.repo}/issues?per_page=2&direction=asc"
    pages = []
    while url is not None:
        said = curl("-H", f"Authorization: token {town.mona.token}", url)
        pages.append([issue["number"] for issue in said.json])
        following = re.search(r'<([^>]+)>; rel="next"', said.headers.get("link", ""))
        url = following[1] if following else None
    assert pages == [[1, 2], [3, 4], [5]]


def test_curl_is_told_what_is_wrong(town: Town) -> None:
    repo = f"{town.url}/repos/{town.repo}"
    anonymous = curl(repo)
    assert (anonymous.status, anonymous.json["message"]) == (404, "Not Found")
    wrong = curl("-H", "Authorization: Bearer no", repo)
    assert (wrong.status, wrong.json["message"]) == (401, "Bad credentials")
    token = ("-H", f"Authorization: Bearer {town.mona.token}")
    broken = curl(*token, "-d", "{", f"{repo}/issues")
    assert (broken.status, broken.json["message"]) == (400, "Problems parsing JSON")
    empty = curl(*token, "-d", "{}", f"{repo}/issues")
    assert empty.status == 422


def test_curl_asks_only_whether_something_changed(town: Town) -> None:
    repo = f"{town.url}/repos/{town.repo}"
    token = ("-H", f"Authorization: Bearer {town.mona.token}")
    first = curl(*token, repo)
    same = curl(*token, "-H", f"If-None-Match: {first.headers['etag']}", repo)
    assert (same.status, same.body) == (304, "")
    assert same.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    asked = json.dumps({"query": "query { viewer { login } }"})
    told = curl(*token, "-d", asked, f"{town.url}/graphql")
    assert told.json == {"data": {"viewer": {"login": "mona"}}}
