"""Run the sandbox GitHub as a process: prints one JSON line when ready, stops on SIGTERM."""

import argparse
import json
import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

from rigtasks.local.github.hub import Options
from rigtasks.local.github.limits import Limits
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.local.github.setup import ADMIN_TOKEN_FILE, APPS_FILE

#: What signs the webhooks; the receiver's variable. Arguments would show it to every user.
SECRET_VARIABLE = "RIG_WEBHOOK_SECRET"  # noqa: S105 - a name


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rigtasks.local.github", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--webhook-url", default="", help="where webhooks go; empty sends none")
    parser.add_argument(
        "--token-lifetime", type=float, default=3_600.0, help="seconds an installation token lives"
    )
    parser.add_argument("--rate-limit", type=int, default=5_000, help="requests an hour per caller")
    parser.add_argument("--ci-path", default="", help="PATH of CI steps; empty takes this PATH")
    parser.add_argument("--ci-timeout", type=float, default=300.0, help="seconds a CI job may take")
    parser.add_argument(
        "--allow-unsandboxed-ci",
        action="store_true",
        help="run CI without isolation where no sandbox works; the check's output says so",
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    arguments = _arguments(argv)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    data_dir: Path = arguments.data_dir
    options = Options(
        data_dir=data_dir.resolve(),
        webhook_url=arguments.webhook_url,
        webhook_secret=os.environ.get(SECRET_VARIABLE, ""),
        token_lifetime=timedelta(seconds=arguments.token_lifetime),
        limits=Limits(core_per_hour=arguments.rate_limit, graphql_per_hour=arguments.rate_limit),
        ci_path=arguments.ci_path,
        ci_timeout=arguments.ci_timeout,
        allow_unsandboxed_ci=arguments.allow_unsandboxed_ci,
    )
    with SandboxGitHub(options, port=arguments.port) as sandbox:
        ready = {
            "url": sandbox.url,
            "apps_file": str(options.data_dir / APPS_FILE),
            "admin_token_file": str(options.data_dir / ADMIN_TOKEN_FILE),
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
