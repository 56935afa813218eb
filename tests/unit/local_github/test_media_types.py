"""What a caller wants by `Accept` is told from what it does not want."""

import pytest

from rigtasks.local.github.media import understood, wanted


@pytest.mark.parametrize(
    ("accept", "raw", "told"),
    [
        ("*/*", None, "github.v3; format=json"),
        ("", None, "github.v3; format=json"),
        ("application/json", None, "github.v3; format=json"),
        ("application/vnd.github+json", None, "github.v3; format=json"),
        ("application/vnd.github.v3+json", None, "github.v3; format=json"),
        ("application/vnd.github.raw+json", "application/vnd.github.raw+json",
         "github.v3; param=raw; format=json"),
        ("application/vnd.github.v3.raw", "application/vnd.github.v3.raw", "github.v3; param=raw"),
        ("text/html, application/vnd.github.raw; q=0.5", "application/vnd.github.raw",
         "github.v3; param=raw"),
        ("application/vnd.github.diff", None, "github.v3; param=diff"),
        ("application/vnd.github.luke-cage-preview+json", None,
         "github.v3; param=luke-cage-preview; format=json"),
        ("text/raw", None, "github.v3; format=json"),
    ],
)  # fmt: skip
def test_media_types(accept: str, raw: str | None, told: str) -> None:
    assert wanted(accept, "raw") == raw
    assert understood(accept) == told
