"""A rig that works for everybody says so when it starts."""

import pytest

from rigtasks.cli.start import warn_of_strangers
from rigtasks.local.stack import Addresses

HERE = Addresses(
    web="http://127.0.0.1:1",
    flower="http://127.0.0.1:2",
    github="https://github.com",
    database_url="postgresql://rig@127.0.0.1/rig",
    redis_url="redis://127.0.0.1/0",
    webhook_secret="s",
    pid=1,
)


@pytest.mark.parametrize(
    ("owners", "sandbox", "warned"),
    [(None, False, True), ("[]", False, True), ('["acme"]', False, False), (None, True, False)],
)
def test_one_line_says_that_the_rig_is_open_to_all(
    owners: str | None,
    sandbox: bool,  # noqa: FBT001 - a case of the table
    warned: bool,  # noqa: FBT001 - as above
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("RIG_OWNERS", raising=False)
    monkeypatch.delenv("RIG_SANDBOX_GITHUB", raising=False)
    if owners is not None:
        monkeypatch.setenv("RIG_OWNERS", owners)

    warn_of_strangers(HERE, sandbox_github=sandbox)

    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert len(lines) == int(warned)
    for line in lines:
        assert line.startswith("  warning: RIG_OWNERS is not set")
        assert """RIG_OWNERS='["your-account"]'""" in line
