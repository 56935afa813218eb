"""The `rig` command: nouns and verbs.

Every verb imports what it needs when it runs, so that `rig --help` stays fast.
"""

# ruff: noqa: PLC0415 - imports inside the verbs are the point of this module

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from rigtasks.cli import operator_verbs
from rigtasks.cli.failures import ExitCode, tell, wants_json
from rigtasks.cli.tools import DemoAgent, Tool
from rigtasks.errors import RigError

app = typer.Typer(
    name="rig",
    help="From a labelled GitHub issue to a merged pull request.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
serve = typer.Typer(help="Run one part of the rig in the foreground.", no_args_is_help=True)
db = typer.Typer(help="Look after the database.", no_args_is_help=True)
events = typer.Typer(help="Look at the events.", no_args_is_help=True)
config = typer.Typer(help="Check configuration.", no_args_is_help=True)
run = typer.Typer(help="Look at calls of agents.", no_args_is_help=True)
stack = typer.Typer(help="Look at the local stack.", no_args_is_help=True)
for name, group in (
    ("serve", serve),
    ("db", db),
    ("events", events),
    ("config", config),
    ("run", run),
    ("stack", stack),
    ("issue", operator_verbs.issue),
    ("repo", operator_verbs.repo),
    ("provider", operator_verbs.provider),
    ("outbox", operator_verbs.outbox),
):
    app.add_typer(group, name=name)

DataDir = Annotated[
    Path, typer.Option("--data-dir", help="Where the local stack keeps everything.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Port = Annotated[
    int | None, typer.Option("--port", help="Web port; the next free one when it is taken.")
]
Memory = Annotated[
    bool, typer.Option("--memory", help="Print what each process takes, once all are ready.")
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the stack running after the story.")]
Agent = Annotated[
    DemoAgent,
    typer.Option(
        "--provider",
        help="The rule engine, or a real command line with a scripted model; no account is used.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Really delete; otherwise only say so.")]
DemoDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where its stack keeps everything; a temporary folder."),
]
SandboxDir = Annotated[
    Path, typer.Option("--data-dir", help="What it remembers; a second start goes on with it.")
]
SandboxPort = Annotated[
    int,
    typer.Option(
        "--port", help="Where it listens; the next free one when taken, 0 for any.", min=0
    ),
]
Faults = Annotated[
    Path | None, typer.Option("--faults", help="A fault plan: what shall go wrong, and when.")
]
WebhookUrl = Annotated[
    str, typer.Option("--webhook-url", help="Where webhooks go, instead of the seed file's.")
]
DEFAULT_DATA_DIR = Path(".rig")
DEFAULT_SANDBOX_DIR = Path(".rig-sandbox")
_LAST_SIGNAL, _LAST_EXIT_CODE = 64, 255


@app.command()
def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port: Port = None,
    *,
    as_json: AsJson = False,
    memory: Memory = False,
) -> None:
    """Run the whole rig on this machine until Ctrl-C."""
    from rigtasks.cli.start import run_up

    run_up(data_dir, port, as_json=as_json, memory=memory)


@app.command()
def demo(
    data_dir: DemoDir = None,
    *,
    provider: Agent = DemoAgent.SCRIPTED,
    keep: Keep = False,
    as_json: AsJson = False,
) -> None:
    """Watch two sample issues become merged pull requests."""
    from rigtasks.cli.start import run_demo

    raise typer.Exit(run_demo(data_dir, provider, keep=keep, as_json=as_json))


@app.command()
def sandbox(
    seed: Annotated[Path, typer.Option("--seed", help="People, repositories and issues (YAML).")],
    data_dir: SandboxDir = DEFAULT_SANDBOX_DIR,
    port: SandboxPort = 8090,
    *,
    faults: Faults = None,
    webhook_url: WebhookUrl = "",
    as_json: AsJson = False,
) -> None:
    """Run the sandbox GitHub alone until Ctrl-C, to try tools of your own against it."""
    from rigtasks.cli.sandbox import run_sandbox

    run_sandbox(seed, data_dir, port, faults_file=faults, webhook_url=webhook_url, as_json=as_json)


@app.command()
def version(*, as_json: AsJson = False) -> None:
    """Print the version."""
    import json
    from importlib.metadata import version as installed

    number = installed("engineering-rig")
    python = ".".join(map(str, sys.version_info[:3]))
    if as_json:
        typer.echo(json.dumps({"rig": number, "python": python}))
    else:
        typer.echo(f"rig {number} (Python {python})")


@serve.command("relay")
def serve_relay() -> None:
    """Publish hints from the outbox to the queues."""
    from rigtasks.celery import app as celery
    from rigtasks.config import load_settings
    from rigtasks.tasks.relay import run

    run(load_settings(), celery)


@serve.command("web")
def serve_web(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
) -> None:
    """Serve the receiver, the API and the dashboard."""
    from rigtasks.cli.start import exec_web

    exec_web(host, port)


@db.command("migrate")
def db_migrate() -> None:
    """Bring the schema up to date; safe to run from several places at once."""
    from rigtasks.config import load_settings
    from rigtasks.eventstore.migrate import upgrade

    upgrade(load_settings().database_url.get_secret_value())


@db.command("rebuild-projections")
def db_rebuild_projections(*, as_json: AsJson = False) -> None:
    """Compute every projection table again from the events, and say what was wrong."""
    from rigtasks.cli.rebuilding import print_rebuild
    from rigtasks.config import load_settings

    print_rebuild(load_settings().database_url.get_secret_value(), as_json=as_json)


@events.command("types")
def events_types(*, as_json: AsJson = False) -> None:
    """List every event type with its version and fields."""
    from rigtasks.cli.catalogue import as_json_text, as_table

    typer.echo(as_json_text() if as_json else as_table())


@config.command("validate")
def config_validate(
    path: Annotated[Path, typer.Argument(help="The file to check.")] = Path(".rig-agent.yaml"),
    *,
    as_json: AsJson = False,
) -> None:
    """Check a repository's .rig-agent.yaml and say where it is wrong."""
    from rigtasks.cli.validate import validate_file

    raise typer.Exit(validate_file(path, as_json=as_json))


@run.command("classify")
def run_classify(
    file: Annotated[Path, typer.Argument(help="What the call wrote to standard output.")],
    *,
    provider: Annotated[Tool, typer.Option("--provider", help="Whose output it is.")],
    exit_code: Annotated[
        int,
        typer.Option(
            "--exit-code",
            min=-_LAST_SIGNAL,
            max=_LAST_EXIT_CODE,
            help="What the call ended with; 128 and more, or less than 0: a signal.",
        ),
    ] = 0,
    model: Annotated[
        str, typer.Option("--model", help="The model, where the output does not name one (codex).")
    ] = "",
) -> None:
    """Print as JSON what a saved output of an agent's command line amounts to."""
    from rigtasks.cli.classifying import classify_file

    classify_file(file, provider, exit_code, model=model)


@stack.command("memory")
def stack_memory(data_dir: DataDir = DEFAULT_DATA_DIR, *, as_json: AsJson = False) -> None:
    """Print what each process of the running stack takes, and why the large ones do."""
    from rigtasks.cli.start import print_memory

    raise typer.Exit(print_memory(data_dir, as_json=as_json))


@stack.command("remove")
def stack_remove(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Really delete; otherwise only say so.")
    ] = False,
) -> None:
    """Stop what a killed stack left and delete its data."""
    from rigtasks.cli.start import remove_stack

    raise typer.Exit(remove_stack(data_dir, yes=yes))


for verb in (
    operator_verbs.pause,
    operator_verbs.resume,
    operator_verbs.deliveries,
    operator_verbs.reconcile,
    operator_verbs.doctor,
):
    app.command()(verb)


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    try:
        app()
    except RigError as error:
        sys.exit(tell(error, as_json=wants_json(sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    sys.exit(ExitCode.OK)


if __name__ == "__main__":
    main()
