"""Runs inside the sandbox, alone: a port of its loopback that leads to the door's socket.

Called as `python -I -S inside.py SOCKET COMMAND ...`. The process becomes the command, which gets
the port's address wherever its arguments or its environment say `{model_url}`; a child serves the
port for as long as that lives.
"""

import os
import socket
import sys
import threading
import time

_URL = "{model_url}"
_CHUNK = 1 << 16
_LOOK = 0.2


def main(path: str, command: list[str]) -> None:
    """Open the port, leave it to a child, and become the command."""
    server = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    parent = os.getpid()
    if os.fork() == 0:
        _let_go_of_streams()
        threading.Thread(target=_serve, args=(server, path), daemon=True).start()
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(0)
    server.close()
    argv = [word.replace(_URL, url) for word in command]
    environment = {name: value.replace(_URL, url) for name, value in os.environ.items()}
    os.execvpe(argv[0], argv, environment)  # noqa: S606 - the agent that is to be run here


def _let_go_of_streams() -> None:
    """Leave the streams to the command, so that they end with it."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _serve(server: socket.socket, path: str) -> None:
    while True:
        try:
            inner, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_lead, args=(inner, path), daemon=True).start()


def _lead(inner: socket.socket, path: str) -> None:
    outer = socket.socket(socket.AF_UNIX)
    with inner, outer:
        try:
            outer.connect(path)
        except OSError:
            return
        back = threading.Thread(target=_copy, args=(outer, inner), daemon=True)
        back.start()
        _copy(inner, outer)
        back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(_CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
