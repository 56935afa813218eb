"""The pages behind the links: readable, escaped, without scripts."""

import requests
from forge_scene import FIXED, Scene

NASTY = '<script>alert(1)</script><img src=x onerror="alert(2)">'


def test_every_link_opens_and_nothing_in_it_runs(scene: Scene) -> None:
    # given text that would be code in a careless page
    issue = scene.owner.create_issue(scene.repo, NASTY, NASTY)
    scene.owner.comment(scene.repo, 1, NASTY)
    scene.owner.label(scene.repo, 1, "<b>bold</b>")
    author = scene.installed("author")
    scene.branch_with(author, "work", {"price.py": FIXED, "page.html": NASTY + "\n"})
    pull = scene.call(
        author, "POST", "/pulls", {"title": NASTY, "head": "work", "base": "main", "body": NASTY}
    )
    comments = [{"path": "page.html", "line": 1, "body": NASTY}]
    scene.call(
        scene.installed("reviewer"),
        "POST",
        f"/pulls/{pull['number']}/reviews",
        {"event": "REQUEST_CHANGES", "body": NASTY, "comments": comments},
    )
    run = scene.call(
        scene.installed("conductor"),
        "POST",
        "/check-runs",
        {
            "name": NASTY,
            "head_sha": pull["head"]["sha"],
            "conclusion": "failure",
            "output": {"title": "t", "summary": NASTY, "text": NASTY},
        },
    )
    # when the links are followed
    repository = scene.call(scene.owner, "GET", "")["html_url"]
    commit = scene.call(scene.owner, "GET", f"/commits/{pull['head']['sha']}")["html_url"]
    for url in (issue["html_url"], pull["html_url"], run["html_url"], repository, commit):
        page = requests.get(url, timeout=10)
        # then they show it as text
        assert page.status_code == 200, url
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "<b>bold" not in page.text
    shown = requests.get(pull["html_url"], timeout=10).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "changes requested" in shown
    assert "<ins>+    return round(x)</ins>" in shown
    assert requests.get(pull["diff_url"], timeout=10).text.startswith("diff --git ")


def test_what_is_no_page_is_not_found(scene: Scene) -> None:
    for path in ("/acme/shop/issues/9", "/acme/nothing", "/acme/shop/pull/1", "/acme/shop/x/y/z"):
        assert requests.get(scene.sandbox.url + path, timeout=10).status_code == 404
