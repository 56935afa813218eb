"""The nursery itself: load what is shared, then fork for every order that comes in.

`python -m rigtasks.local.forking N`, where N is the open end of a socket. Each message on it brings
three descriptors: the order, the log, and the pipe on which the pid and later the status are told.
Ends when the other end of the socket is closed. What is loaded here reads no setting and starts no
thread, and cannot write to GitHub: a worker loads its own tasks when its type is known.
"""

import gc
import importlib
import os
import select
import signal
import socket
import sys
import time

import msgspec
from setproctitle import getproctitle, setproctitle

from rigtasks.local.nursery import QUICK, Order
from rigtasks.local.quick_start import OBJECTS_BETWEEN_LOOKS, run

SHARED = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.worker.consumer",
    "kombu.transport.redis",
    "psycopg2",
    "rigtasks.bootstrap",
    "sqlalchemy.dialects.postgresql.psycopg2",
)
_DESCRIPTORS_OF_AN_ORDER = 3


def main(line: socket.socket) -> None:
    """Serve until the line is closed; in a fork, become what was ordered."""
    gc.set_threshold(*OBJECTS_BETWEEN_LOOKS)
    for name in SHARED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a look at an object writes into it, and what is written is shared no longer
    getproctitle()  # finds where the title is, which no fork with an environment of its own can
    order = _serve(line)
    if order is not None:
        setproctitle(" ".join([*QUICK, *order.argv]))
        sys.argv[:] = order.argv
        run(order.argv[0])


def _serve(line: socket.socket) -> Order | None:
    """Fork for every message; return None when the line is closed, and in each fork its order."""
    ended, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([line.fileno(), ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            _tell_ends(told)
        if line.fileno() in ready:
            message, descriptors, _, _ = socket.recv_fds(line, 16, _DESCRIPTORS_OF_AN_ORDER)
            if not message:
                return None
            order, log, telling = descriptors
            pid = os.fork()
            if pid == 0:
                line.detach()
                return _begin(order, log)
            os.close(order)
            os.close(log)
            told[pid] = telling
            _tell(telling, pid)


def _tell_ends(told: dict[int, int]) -> None:
    while told:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        telling = told.pop(pid)
        _tell(telling, os.waitstatus_to_exitcode(status))
        os.close(telling)


def _tell(telling: int, number: int) -> None:
    try:
        os.write(telling, b"%d\n" % number)
    except BrokenPipeError:
        return  # whoever asked for it is gone


def _begin(order: int, log: int) -> Order:
    """Make a fork look like a fresh process: session, signals, descriptors, environment."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with os.fdopen(order, "rb", closefd=False) as written:
        what = msgspec.json.decode(written.read(), type=Order)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(what.folder)
    os.environ.clear()
    os.environ.update(what.environment)
    time.tzset()
    return what


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
