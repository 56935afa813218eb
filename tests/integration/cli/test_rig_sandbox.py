"""`rig sandbox` as its page tells it: the real command, git, curl and a receiver of webhooks."""

import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from rigtasks.local.github.seeding import Api
from rigtasks.testing.webhook_schemas import judged

PAGE = (Path(__file__).parents[3] / "docs" / "sandbox-github.md").read_text()
SEED, FAULTS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(STEPS,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SECRET = "whsec_of_the_page"


class Listener:
    """Keeps the webhooks it gets."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str, bytes]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                names = ("X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256")
                event, delivery, signature = (self.headers[name] for name in names)
                listener.heard.append((event, delivery, signature, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "seed.yaml").write_text(SEED)
    (tmp_path / "faults.yaml").write_text(FAULTS)
    return tmp_path


Start = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        process = subprocess.Popen(
            command("--seed", "seed.yaml", "--port", "0", "--json", *arguments),
            cwd=folder,
            env={**os.environ, "RIG_WEBHOOK_SECRET": SECRET},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=60)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "rigtasks.cli", "sandbox", *arguments]


def stop(process: subprocess.Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)
    assert process.wait(timeout=60) == 0
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read() == ""
    assert process.stderr.read() == "stopping\n"


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def follow(folder: Path, url: str) -> str:
    """Type what the page says, with the address this sandbox has."""
    done = subprocess.run(
        [
            "bash",
            "-euc",
            STEPS.replace("http://mona@127.0.0.1:8090", url.replace("//", "//mona@")).replace(
                "http://127.0.0.1:8090", url
            ),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_TERMINAL_PROMPT": "0"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_can_be_followed(folder: Path, start: Start, listener: Listener) -> None:
    process, ready = start("--faults", "faults.yaml", "--webhook-url", listener.url)
    shown = " ".join(psutil.Process(process.pid).cmdline())

    told = follow(folder, ready["url"])

    # the clone has the file, the issue is as it was planted, and the comment's answer was lost
    assert (folder / "shop" / "price.py").read_text().startswith("def price(x):")
    assert '"title":"Prices are rounded down"' in told
    assert '"name":"agent-ready"' in told
    assert '"message":"Server Error"' in told
    token = Path(ready["tokens"]["hubot"]).read_text().strip()
    api = Api(ready["url"], token)
    comments = api.call("GET", "/repos/acme/shop/issues/1/comments")
    api.close()
    assert [comment["body"] for comment in comments] == ["I can reproduce it.", "Mine."]

    # its webhook came twice under one guid, signed; what was planted was told to nobody
    until(lambda: len(listener.heard) == 2)
    assert {event for event, *_ in listener.heard} == {"issue_comment"}
    assert len({delivery for _, delivery, *_ in listener.heard}) == 1
    for event, _, signature, body in listener.heard:
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert signature == f"sha256={digest}"
        assert judged(event, json.loads(body)) == ()

    # secrets are in files of the owner, and on no command line
    for file in (*ready["tokens"].values(), ready["admin_token_file"], *_of(ready)):
        assert Path(file).stat().st_mode & 0o077 == 0
    assert token not in shown
    assert SECRET not in shown
    stop(process, signal.SIGINT)


def _of(ready: dict[str, Any]) -> tuple[str, str, str]:
    return ready["apps_file"], ready["git_credentials_file"], ready["data_dir"]


def test_a_second_start_goes_on_with_what_is_there(folder: Path, start: Start) -> None:
    process, first = start()
    token = Path(first["tokens"]["mona"]).read_text()
    api = Api(first["url"], token.strip())
    assert api.call("POST", "/repos/acme/shop/issues", {"title": "More"})["number"] == 2
    api.close()

    # meanwhile nobody else can use the folder
    second = subprocess.run(
        command("--seed", "seed.yaml", "--port", "0"),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 6
    assert "the sandbox in .rig-sandbox" in second.stderr
    stop(process, signal.SIGTERM)

    # when the seed names another repository
    more = "  - {name: acme/new, files: {README.md: New}, roles: {mona: read}}\nwebhook:"
    (folder / "seed.yaml").write_text(SEED.replace("webhook:", more))
    process, again = start()
    assert sorted(again["repositories"]) == ["acme/new", "acme/shop"]
    assert Path(again["tokens"]["mona"]).read_text() == token
    api = Api(again["url"], token.strip())
    issues = api.call("GET", "/repos/acme/shop/issues")
    assert [issue["number"] for issue in issues] == [2, 1]
    rate = api.call("GET", "/rate_limit")["rate"]
    assert (rate["limit"], rate["used"]) == (5_000, 1)
    api.close()
    stop(process, signal.SIGTERM)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--seed", "bad.yaml"], 3, "bad.yaml:11:5: unknown key `rolls`; did you mean `roles`?"),
        (["--seed", "seed.yaml", "--faults", "bad.yaml"], 3, "unknown key `people`"),
        (["--seed", "nothing.yaml"], 5, "no file nothing.yaml"),
        (
            ["--seed", "seed.yaml", "--webhook-url", "here"],
            3,
            "--webhook-url: no address for webhooks",
        ),
        ([], 2, "--seed"),
    ],
)
def test_what_is_wrong_is_told_before_anything_starts(
    folder: Path, arguments: list[str], code: int, words: str
) -> None:
    (folder / "bad.yaml").write_text(SEED.replace("roles:", "rolls:"))
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert not (folder / ".rig-sandbox").exists()
