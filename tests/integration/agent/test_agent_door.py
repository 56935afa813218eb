"""The door between a sandbox and a model: what passes, with which key, and what does not."""

import http.client
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rigtasks.agent.door import Door, Upstream, model_door

KEY = "sk-only-outside"


class Model:
    """A server that notes what it is asked and answers slowly, piece by piece."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                model.asked.append((self.path, headers, body))
                self.send_response(418)
                self.send_header("Retry-After", "7")
                self.send_header("Set-Cookie", "a=b")
                self.end_headers()
                for piece in (b"one", b"two"):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(0.3)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


class Through(http.client.HTTPConnection):
    """A client of the door's socket."""

    def __init__(self, door: Door) -> None:
        super().__init__("localhost")
        self._path = str(door.socket)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self._path)


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def door(model: Model) -> Iterator[Door]:
    upstream = Upstream(
        url=f"{model.url}/base/", paths=frozenset({"/v1/messages"}), headers={"x-api-key": KEY}
    )
    with model_door(upstream) as opened:
        yield opened


def ask(door: Door, path: str, body: bytes = b"{}", method: str = "POST", **headers: str) -> Any:
    client = Through(door)
    try:
        client.request(method, path, body=body, headers=headers)
        answer = client.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        client.close()


def test_a_request_passes_with_the_key_of_the_worker(door: Door, model: Model) -> None:
    status, headers, body = ask(
        door,
        "/v1/messages?beta=true",
        b'{"a":1}',
        **{"X-Api-Key": "theirs", "Authorization": "Bearer theirs", "Cookie": "c", "X-Own": "kept"},
    )

    assert (status, body) == (418, b"onetwo")
    assert headers["Retry-After"] == "7"
    assert "Set-Cookie" not in headers
    ((path, seen, sent),) = model.asked
    assert (path, sent) == ("/base/v1/messages?beta=true", b'{"a":1}')
    assert seen["x-api-key"] == KEY
    assert seen["x-own"] == "kept"
    assert "theirs" not in str(seen)
    assert "cookie" not in seen


@pytest.mark.parametrize(
    "path",
    ["/", "/v1/files", "/v1/messages/../files", "//elsewhere/v1/messages", "http://x/v1/messages"],
)
def test_other_paths_do_not_pass(path: str, door: Door, model: Model) -> None:
    status, _, body = ask(door, path)

    assert status == 404
    assert KEY.encode() not in body
    assert model.asked == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_other_methods_do_not_pass(method: str, door: Door, model: Model) -> None:
    assert ask(door, "/v1/messages", b"", method)[0] == 501
    assert model.asked == []


def test_a_request_in_chunks_is_put_together(door: Door, model: Model) -> None:
    client = Through(door)
    client.request("POST", "/v1/messages", body=iter([b'{"a"', b":1}"]), encode_chunked=True)

    assert client.getresponse().read() == b"onetwo"
    assert model.asked[0][2] == b'{"a":1}'
    client.close()


def test_a_request_that_is_too_large_is_refused_unread(door: Door, model: Model) -> None:
    status, _, _ = ask(door, "/v1/messages", b"", **{"Content-Length": str(1 << 40)})

    assert status == 413
    assert model.asked == []


def test_an_answer_is_passed_on_as_it_comes(door: Door) -> None:
    client = Through(door)
    client.request("POST", "/v1/messages", body=b"{}")
    answer = client.getresponse()

    assert answer.read1(10) == b"one"
    assert answer.read() == b"two"
    client.close()


def test_a_model_that_is_not_there_is_a_bad_gateway() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    upstream = Upstream(
        url=f"http://127.0.0.1:{port}", paths=frozenset({"/v1/messages"}), headers={"k": KEY}
    )
    with model_door(upstream) as door:
        status, _, body = ask(door, "/v1/messages")

    assert status == 502
    assert KEY.encode() not in body


def test_the_socket_is_for_this_user_only_and_gone_afterwards(model: Model) -> None:
    upstream = Upstream(url=model.url, paths=frozenset(), headers={})
    with model_door(upstream) as door:
        assert stat.S_IMODE(door.socket.parent.stat().st_mode) == 0o700
        assert door.socket.is_socket()

    assert not door.socket.parent.exists()


def test_a_command_finds_the_address_and_keeps_its_own_exit(door: Door, model: Model) -> None:
    program = (
        "import os, sys, urllib.request as r\n"
        "url = sys.argv[1]; assert url == os.environ['BASE']\n"
        "try: r.urlopen(url + '/v1/messages', data=sys.stdin.buffer.read())\n"
        "except Exception as answer: print(answer.code, answer.read().decode(), flush=True)\n"
        "os.kill(os.getpid(), 15)\n"
    )
    done = subprocess.run(
        door.through(("python3", "-c", program, "{model_url}")),
        input=b"prompt",
        capture_output=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "BASE": "{model_url}"},
        timeout=20,
        check=False,
    )

    assert done.returncode == -15, done.stderr
    assert done.stdout == b"418 onetwo\n"
    assert model.asked[0][2] == b"prompt"
