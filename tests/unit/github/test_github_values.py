"""Addresses, redaction, remembered answers and histories."""

from datetime import UTC, datetime, timedelta

import pytest

from rigtasks.github.client import GitHubSettings
from rigtasks.github.entity_cache import EntityCache, Remembered
from rigtasks.github.identities import Account
from rigtasks.github.issues import IssueEvent, IssueHistory, Label, Rename, marker
from rigtasks.github.redaction import redact


@pytest.mark.parametrize(
    ("api", "graphql", "web"),
    [
        ("https://api.github.com", "https://api.github.com/graphql", "https://github.com"),
        ("https://api.github.com/", "https://api.github.com/graphql", "https://github.com"),
        (
            "https://git.example.invalid/api/v3",
            "https://git.example.invalid/api/graphql",
            "https://git.example.invalid",
        ),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090/graphql", "http://127.0.0.1:8090"),
    ],
)
def test_everything_follows_from_the_address_of_the_api(api: str, graphql: str, web: str) -> None:
    settings = GitHubSettings(api_url=api)

    assert (settings.graphql, settings.web) == (graphql, web)


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
        "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0123456789_abcdef",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI0MiJ9.c2lnbmF0dXJl",
    ],
)
@pytest.mark.parametrize(
    "text",
    ["{}", "token={};", "Authorization: Bearer {}", "https://x-access-token:{}@github.com/a"],
)
def test_tokens_are_hidden_wherever_they_stand(secret: str, text: str) -> None:
    hidden = redact(text.format(secret))

    assert secret not in hidden
    assert "***" in hidden


def test_a_given_secret_is_hidden_whatever_it_looks_like() -> None:
    assert redact("password hunter2!", "hunter2", "") == "password ***!"


@pytest.mark.parametrize(
    "text", ["a ghost_story", "see https://github.com/octo/shop", "sha " + "a" * 40]
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def remembered(size: int) -> Remembered:
    return Remembered(etag='"x"', body=b"x" * size, link="")


def test_the_memory_of_answers_is_bounded_and_forgets_the_oldest_use() -> None:
    cache = EntityCache(most_bytes=100)
    for name in range(10):
        cache.put((str(name),), remembered(10))
    assert cache.get(("0",)) is not None
    cache.put(("new",), remembered(10))
    cache.put(("huge",), remembered(11))

    assert cache.get(("0",)) is not None
    assert cache.get(("1",)) is None
    assert cache.get(("huge",)) is None


def test_a_newer_answer_replaces_the_older_one() -> None:
    cache = EntityCache(most_bytes=100)
    for _ in range(50):
        cache.put(("same",), remembered(10))
        cache.put(("other",), remembered(10))

    assert cache.get(("same",)) is not None
    assert cache.get(("other",)) is not None


START = datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
MONA = Account(id=3, login="mona")


def event(kind: str, second: int, label: str | None = None, **more: object) -> IssueEvent:
    return IssueEvent(
        id=second,
        event=kind,
        actor=MONA,
        created_at=START + timedelta(seconds=second),
        label=Label(name=label) if label else None,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("kinds", "in_force"),
    [
        ((), None),
        (("labeled",), 0),
        (("labeled", "unlabeled"), None),
        (("labeled", "unlabeled", "labeled"), 2),
    ],
)
def test_only_a_label_still_there_is_in_force(kinds: tuple[str, ...], in_force: int | None) -> None:
    events = [event(kind, second, "agent-ready") for second, kind in enumerate(kinds)]
    history = IssueHistory(events=(*events, event("labeled", 9, "Agent-Ready")))

    found = history.label_in_force("agent-ready")

    assert (found.event_id if found else None) == in_force


def test_the_last_rename_counts() -> None:
    history = IssueHistory(
        events=(
            event("renamed", 1, rename=Rename(to="a")),
            event("renamed", 5, rename=Rename(to="b")),
            event("labeled", 7, "x"),
        )
    )
    edit = history.last_rename()

    assert edit is not None
    assert (edit.edited_at, edit.editor) == (START + timedelta(seconds=5), "mona")
    assert IssueHistory(events=()).last_rename() is None


def test_a_marker_is_a_comment_in_markdown() -> None:
    assert marker("run/7f:review") == "<!-- rig:run/7f:review -->"
