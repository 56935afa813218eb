"""The sandbox as a process: one line when ready, a clean end, and a memory."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from forge_scene import FIXED, Receiver, WorkingCopy, until

from rigtasks.testing.answer_book import JudgedSeeder

SECRET = "whsec_of_the_tests"


def start(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "rigtasks.local.github"),
            *("--data-dir", str(folder), "--port", "0", *arguments),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "RIG_WEBHOOK_SECRET": SECRET},
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert process.stdout is not None
    assert process.stdout.read() == ""
    process.stdout.close()


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    # given a process with a repository, an issue, a pull request and a token
    process, ready = start(tmp_path / "forge")
    try:
        token = Path(ready["admin_token_file"]).read_text()
        with JudgedSeeder(ready["url"], token) as seeder:
            owner = seeder.person("olga")
            seeder.create_repository("acme/shop", files={"a.py": "1\n"}, roles={"olga": "admin"})
            owner.create_issue("acme/shop", "A", "b")
            owner.label("acme/shop", 1, "agent-ready")
            copy = WorkingCopy(tmp_path / "work", owner.clone_url("acme/shop"), owner.token)
            copy.commit({"a.py": FIXED}, "fix")
            copy.push("work")
            owner.create_pull("acme/shop", head="work", base="main", title="T", body="Closes #1")
            secret, apps = owner.token, seeder.apps()
    finally:
        stop(process)

    # when another process starts on the same folder
    process, ready = start(tmp_path / "forge")
    try:
        with JudgedSeeder(ready["url"], token) as seeder:
            assert seeder.apps() == apps
            assert json.loads(Path(ready["apps_file"]).read_text()) == apps
            again = seeder.acting("olga", secret)
            # then it knows all of it, and goes on where the other stopped
            labels = again.call("GET", "/repos/acme/shop/issues/1")["labels"]
            assert [label["name"] for label in labels] == ["agent-ready"]
            assert again.merge("acme/shop", 2, merge_method="squash")["merged"] is True
            assert again.call("GET", "/repos/acme/shop/issues/1")["state"] == "closed"
            assert again.create_issue("acme/shop", "B")["number"] == 3
    finally:
        stop(process)
    # and no token was ever written down
    assert secret.encode() not in (tmp_path / "forge" / "state.sqlite3").read_bytes()


def test_webhooks_are_signed_with_a_secret_that_no_process_list_shows(tmp_path: Path) -> None:
    # given a process with a secret in its environment
    with Receiver() as receiver:
        process, ready = start(tmp_path / "forge", "--webhook-url", receiver.url)
        try:
            shown = psutil.Process(process.pid).cmdline()
            with JudgedSeeder(ready["url"], Path(ready["admin_token_file"]).read_text()) as seeder:
                owner = seeder.person("olga")
                seeder.create_repository(
                    "acme/shop", files={"a.py": "1\n"}, roles={"olga": "admin"}
                )

                # when it sends a webhook
                owner.create_issue("acme/shop", "A", "b")
                (heard,) = until(lambda: receiver.of("issues.opened"))
        finally:
            stop(process)

    # then the secret signed it, and stands nowhere else
    assert heard.signed_with(SECRET)
    assert not any(SECRET in word for word in shown)
