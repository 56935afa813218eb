"""`rig sandbox`: the sandbox GitHub alone, in the foreground, from a seed file."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import msgspec

from rigtasks.cli.failures import NotFound
from rigtasks.cli.output import note, write_line
from rigtasks.cli.stopping import stopped_by_signals
from rigtasks.local.github.faults.plan import NO_FAULTS, FaultPlan
from rigtasks.local.github.hub import Options
from rigtasks.local.github.limits import NO_LIMITS
from rigtasks.local.github.planting import GIT_CREDENTIALS_FILE, plant
from rigtasks.local.github.seed_file import NO_ADDRESS, Seed, is_webhook_address, read_seed
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.local.github.setup import ADMIN_TOKEN_FILE, APPS_FILE
from rigtasks.local.github.strict_data import DataInvalid, read_file
from rigtasks.local.kept import file_lock
from rigtasks.local.ports import any_free_port, free_port


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a started sandbox tells; tokens and keys are files, never values.

    Attributes:
        url: the base of REST, of git and of the pages.
        graphql_url: where GraphQL is.
        admin_token_file: opens the controls under `/_sandbox/`.
        apps_file: ids and key files of its Apps.
        git_credentials_file: for git's credential helper `store`.
        tokens: login to the file with that person's token.
        repositories: full names.
        webhook_url: where webhooks go; empty sends none.
    """

    url: str
    graphql_url: str
    data_dir: str
    admin_token_file: str
    apps_file: str
    git_credentials_file: str
    tokens: dict[str, str]
    repositories: tuple[str, ...]
    webhook_url: str


def run_sandbox(
    seed_file: Path,
    data_dir: Path,
    port: int,
    *,
    faults_file: Path | None,
    webhook_url: str,
    as_json: bool,
) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP.

    Raises:
        NotFound: there is no such file.
        DataInvalid: the seed file or the fault plan is wrong.
        AlreadyRunning: another sandbox uses the data folder.
        LocalFailure: no port is free.
    """
    for file in (seed_file, faults_file):
        if file is not None and not file.is_file():
            raise NotFound(f"no file {file}")
    seed = read_seed(seed_file)
    plan = NO_FAULTS if faults_file is None else read_file(faults_file, FaultPlan)
    options = _options(seed, data_dir.resolve(), webhook_url)
    options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = file_lock(
        options.data_dir / "sandbox.lock", seconds=0, holder=f"the sandbox in {data_dir}"
    )
    stop_asked = threading.Event()
    with lock, stopped_by_signals(stop_asked.set):
        chosen = any_free_port() if port == 0 else free_port(port)
        with SandboxGitHub(options, port=chosen) as sandbox:
            planted = plant(sandbox, seed, seed_file.resolve().parent)
            sandbox.limits.configure(seed.limits_in_force)
            sandbox.faults.install(plan)
            ready = Ready(
                url=sandbox.url,
                graphql_url=f"{sandbox.url}/graphql",
                data_dir=str(options.data_dir),
                admin_token_file=str(options.data_dir / ADMIN_TOKEN_FILE),
                apps_file=str(options.data_dir / APPS_FILE),
                git_credentials_file=str(options.data_dir / GIT_CREDENTIALS_FILE),
                tokens=planted.tokens,
                repositories=(*planted.made, *planted.found),
                webhook_url=sandbox.services.webhooks.settings.read().url,
            )
            write_line(msgspec.json.encode(ready).decode() if as_json else _welcome(ready, plan))
            stop_asked.wait()
            note("stopping")


def _options(seed: Seed, data_dir: Path, webhook_url: str) -> Options:
    url = webhook_url or seed.webhook.url
    secret = os.environ.get(seed.webhook.secret_env, "") if url else ""
    if url and not is_webhook_address(url):
        raise DataInvalid(NO_ADDRESS, where="--webhook-url")
    if url and not secret:
        note(f"webhooks are not signed: {seed.webhook.secret_env} is not set")
    return Options(
        data_dir=data_dir,
        webhook_url=url,
        webhook_secret=secret,
        webhook_content_type=seed.webhook.content_type,
        token_lifetime=timedelta(seconds=seed.token_lifetime),
        limits=NO_LIMITS,
        run_ci=seed.run_ci,
    )


def _welcome(ready: Ready, plan: FaultPlan) -> str:
    person = next(iter(ready.tokens), None)
    lines = [
        "",
        f"  GitHub        {ready.url}",
        f"  GraphQL       {ready.graphql_url}",
        f"  Repositories  {', '.join(ready.repositories) or 'none'}",
        f"  Apps          {ready.apps_file}",
        f"  Admin token   {ready.admin_token_file}",
        *(f"  Token         {login}: {file}" for login, file in ready.tokens.items()),
        f"  Webhooks      {ready.webhook_url or 'none'}",
        f"  Faults        {len(plan.faults)} rules, seed {plan.seed}",
    ]
    if person is not None and ready.repositories:
        host = ready.url.removeprefix("http://")
        lines += [
            "",
            "  Clone with",
            f"    git -c credential.helper='store --file={ready.git_credentials_file}' \\",
            f"      clone http://{person}@{host}/{ready.repositories[0]}.git",
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops it."])
