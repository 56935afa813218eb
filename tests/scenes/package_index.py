"""A package index on loopback, for pip and for npm, with one package of ours in each.

Each brings a program of its own name, and one that calls itself `sh`.
"""

import base64
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WHEEL = "loudly-1.2.0-py3-none-any.whl"
TARBALL = "softly-2.0.1.tgz"
#: Spoils every installation that runs code of the package.
LIFECYCLE = "exit 9"


class PackageIndex:
    """What the server has; `asked` are the paths that were asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        tarball = _tarball()
        self._files: dict[str, tuple[str, bytes]] = {
            "/simple/loudly/": ("text/html", f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()),
            f"/{WHEEL}": ("application/zip", _wheel()),
            "/npm/softly": ("application/json", _packument(f"{url}/{TARBALL}", tarball)),
            f"/{TARBALL}": ("application/octet-stream", tarball),
        }

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Return the type and the bytes of a file, None where there is none."""
        self.asked.append(path)
        return self._files.get(path)


@contextmanager
def package_index() -> Iterator[PackageIndex]:
    """Serve the packages for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = index.answer(self.path.partition("?")[0])
            kind, data = found or ("text/plain", b"no such package")
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index = PackageIndex(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _wheel() -> bytes:
    info = "loudly-1.2.0.dist-info"
    files = {
        "loudly.py": "def main():\n    print('LOUDLY 1.2.0')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: loudly\nVersion: 1.2.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nloudly = loudly:main\nsh = loudly:main\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as wheel:
        for name, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(name, text)
    return packed.getvalue()


def _manifest() -> dict[str, object]:
    return {
        "name": "softly",
        "version": "2.0.1",
        "bin": {"softly": "softly.js", "sh": "softly.js"},
        "scripts": {"preinstall": LIFECYCLE, "postinstall": LIFECYCLE},
    }


def _tarball() -> bytes:
    files = {
        "package/package.json": json.dumps(_manifest()),
        "package/softly.js": "#!/usr/bin/env node\nconsole.log('softly 2.0.1')\n",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            member.mode = 0o755
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def _packument(url: str, tarball: bytes) -> bytes:
    digest = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    version = _manifest() | {"dist": {"tarball": url, "integrity": f"sha512-{digest}"}}
    document = {
        "name": "softly",
        "dist-tags": {"latest": "2.0.1"},
        "versions": {"2.0.1": version},
    }
    return json.dumps(document).encode()
