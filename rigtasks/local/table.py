"""The table of the stack: every process, what it needs, and when it counts as ready."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rigtasks.local.nursery import QUICK
from rigtasks.local.ports import LOOPBACK
from rigtasks.local.probes import answers, says
from rigtasks.local.processes import ProcessSpec

WEB_PORT = 8080
FLOWER_PORT = 5555
GITHUB_PORT = 8090
QUEUES = ("conductor", "dev-e-python", "dev-e-node", "dev-e-dotnet", "review-e")
"""The queues served by default; `ios` needs a Mac."""
MAC_QUEUES = (*QUEUES, "ios")

SOURCES_STOP, AGENTS_STOP, CONDUCTOR_STOP, EDGES_STOP = range(4)
"""Stop phases: what makes work, who does it, who writes to GitHub, what they all talk to."""
WORKER_GRACE_SECONDS = 20.0
SERVERS = frozenset({"redis", "migrations"})
CONDUCTOR_ONLY = frozenset(
    {"RIG_APPS_FILE", "RIG_GITHUB_TOKEN", "RIG_GITHUB_READ_TOKEN", "RIG_GITHUB_REVIEWER_TOKEN"}
)
"""What writes to GitHub; no other process gets it."""
MODEL_KEY = frozenset({"RIG_MODEL_API_KEY", "RIG_OFFERED_API_KEYS"})
"""What agents' models are paid with; only the workers that run agents get it."""
WEBHOOK_SECRETS = frozenset({"RIG_WEBHOOK_SECRET", "RIG_WEBHOOK_SECRET_PREVIOUS"})


def default_queues() -> tuple[str, ...]:
    """Return the queues this machine can serve."""
    return MAC_QUEUES if sys.platform == "darwin" else QUEUES


def github(data_dir: Path, ports: dict[str, int]) -> ProcessSpec:
    """Describe the sandbox GitHub; it prints a JSON line when it serves.

    The secret of its webhooks is in its environment, as the receiver's is.
    """
    return ProcessSpec(
        name="github",
        argv=(
            *_module("rigtasks.local.github"),
            "--data-dir",
            str(data_dir),
            "--port",
            str(ports["github"]),
            "--webhook-url",
            f"http://{LOOPBACK}:{ports['web']}/api/webhook/github",
            "--allow-unsandboxed-ci",  # all its repositories are sandbox repositories
        ),
        ready=says(rb'(?m)^\{.*"url"'),
        without=MODEL_KEY,
        stop_phase=EDGES_STOP,
        port=ports["github"],
    )


def receiver(ports: dict[str, int]) -> ProcessSpec:
    """Describe the web application."""
    return ProcessSpec(
        name="web",
        argv=(
            *_module("granian"),
            "--interface",
            "wsgi",
            "--host",
            LOOPBACK,
            "--port",
            str(ports["web"]),
            "--no-ws",
            "webhook_receiver.wsgi:app",
        ),
        without=CONDUCTOR_ONLY | MODEL_KEY,
        ready=answers(ports["web"], "/health"),
        after=SERVERS,
        stop_phase=EDGES_STOP,
        port=ports["web"],
    )


def relay() -> ProcessSpec:
    """Describe the relay from the outbox to the queues."""
    return ProcessSpec(
        name="relay",
        argv=(*_module("rigtasks.cli"), "serve", "relay"),
        ready=says(rb"relay ready"),
        without=CONDUCTOR_ONLY | WEBHOOK_SECRETS | MODEL_KEY,
        after=SERVERS,
        stop_phase=SOURCES_STOP,
    )


def worker(queue: str, needs: frozenset[str]) -> ProcessSpec:
    """Describe the Celery worker of one queue."""
    return ProcessSpec(
        name=f"worker-{queue}",
        argv=(
            *_celery("worker"),
            "-Q",
            queue,
            "-n",
            f"{queue}@%h",
            "--loglevel",
            "INFO",
        ),
        ready=says(rb"\bready\."),
        after=SERVERS | needs,
        stop_phase=CONDUCTOR_STOP if queue == "conductor" else AGENTS_STOP,
        grace=WORKER_GRACE_SECONDS,
        without=WEBHOOK_SECRETS | (MODEL_KEY if queue == "conductor" else CONDUCTOR_ONLY),
    )


def beat() -> ProcessSpec:
    """Describe Celery Beat."""
    return ProcessSpec(
        name="beat",
        argv=(
            *_celery("beat"),
            "--loglevel",
            "INFO",
        ),
        ready=says(rb"beat: Starting"),
        without=CONDUCTOR_ONLY | WEBHOOK_SECRETS | MODEL_KEY,
        after=SERVERS,
        stop_phase=SOURCES_STOP,
    )


def flower(ports: dict[str, int]) -> ProcessSpec:
    """Describe Flower, which only looks."""
    return ProcessSpec(
        name="flower",
        argv=(
            *_celery("flower"),
            f"--address={LOOPBACK}",
            f"--port={ports['flower']}",
            "--read_only=True",
        ),
        ready=answers(ports["flower"], "/healthcheck"),
        without=CONDUCTOR_ONLY | WEBHOOK_SECRETS | MODEL_KEY,
        after=SERVERS,
        stop_phase=SOURCES_STOP,
        port=ports["flower"],
    )


def stack_table(
    *,
    data_dir: Path,
    ports: dict[str, int],
    queues: Sequence[str],
    sandbox_github: bool,
) -> tuple[ProcessSpec, ...]:
    """Return every process of the stack.

    Args:
        data_dir: the stack's data folder, absolute.
        ports: a port each for `web`, `flower` and `github`.
        queues: one worker each.
        sandbox_github: run the sandbox GitHub too, and let workers wait for it.
    """
    sandbox = (github(data_dir / "github", ports),) if sandbox_github else ()
    needs = frozenset(spec.name for spec in sandbox)
    return (
        *sandbox,
        receiver(ports),
        *(worker(queue, needs) for queue in queues),
        relay(),
        beat(),
        flower(ports),
    )


def _module(name: str) -> tuple[str, ...]:
    return (*QUICK, name)


def _celery(command: str) -> tuple[str, ...]:
    return (*_module("celery"), "-A", "rigtasks", command)
