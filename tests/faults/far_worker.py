"""A worker on a machine of its own, with a cable to Redis and one to everything else."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from faulty_rig import FaultyRig
from namespaces import Cable, Machine
from proxy import Proxy

from rigtasks.local.ports import LOOPBACK

_FORWARD = str(Path(__file__).with_name("forward.py"))


@dataclass(frozen=True, kw_only=True)
class FarWorker:
    """A worker that reaches the rig through cables.

    Args:
        name: of the worker.
        line: the cable to Postgres and GitHub.
        to_redis: the cable to Redis.
        proxies: what each of its connections passes.
    """

    name: str
    line: Cable
    to_redis: Cable
    proxies: tuple[Proxy, ...]

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Pull every cable, meanwhile."""
        with self.line.pulled(), self.to_redis.pulled():
            yield

    @contextmanager
    def far_away(self, seconds: float) -> Iterator[None]:
        """Let whatever it sends and hears take so long each way, meanwhile."""
        with ExitStack() as stack:
            for proxy in self.proxies:
                stack.enter_context(proxy.late(seconds))
            yield


@contextmanager
def far_worker(rig: FaultyRig, name: str) -> Iterator[FarWorker]:
    """Run a worker on a machine of its own, meanwhile."""
    with ExitStack() as stack:
        machine = stack.enter_context(Machine())
        line, to_redis = machine.cable(), machine.cable()
        proxies: list[Proxy] = []

        def proxied(url: str, cable: Cable) -> tuple[int, Proxy]:
            port = urlsplit(url).port
            assert port is not None
            proxy = stack.enter_context(Proxy(port, host=cable.near))
            proxies.append(proxy)
            return port, proxy

        def through(url: str, cable: Cable) -> str:
            port, proxy = proxied(url, cable)
            return url.replace(f"{LOOPBACK}:{port}", f"{cable.near}:{proxy.port}")

        port, github = proxied(rig.addresses["github"], line)
        forward = (*machine.through, sys.executable, _FORWARD, str(port), line.near)
        forwarder = subprocess.Popen([*forward, str(github.port)])
        stack.callback(forwarder.wait)
        stack.callback(forwarder.terminate)
        settings = {
            "DATABASE_URL": through(rig.addresses["database_url"], line),
            "REDIS_URL": through(rig.addresses["redis_url"], to_redis),
        }
        rig.start_worker(name, through=machine.through, settings=settings)
        stack.callback(rig.stop_worker, name)
        yield FarWorker(name=name, line=line, to_redis=to_redis, proxies=tuple(proxies))
