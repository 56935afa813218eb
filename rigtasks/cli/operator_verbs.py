"""The verbs of operators as they are typed; each imports its work when it runs."""

# ruff: noqa: PLC0415 - imports inside the verbs keep `rig --help` fast

from pathlib import Path
from typing import Annotated

import typer

from rigtasks.cli.output import Output

issue = typer.Typer(help="Look at issues, and act on them as a person.", no_args_is_help=True)
repo = typer.Typer(help="Stop a repository and let it go on.", no_args_is_help=True)
provider = typer.Typer(help="Stop a provider and let it go on.", no_args_is_help=True)
outbox = typer.Typer(help="Look at what is still to be done.", no_args_is_help=True)

REFERENCE_HELP = "42, owner/repo#42, a link, a branch or a run id."
Reference = Annotated[str, typer.Argument(metavar="REF", help=REFERENCE_HELP)]
Repository = Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository.")]
Provider = Annotated[
    str, typer.Argument(metavar="NAME", help="claude, codex, command or scripted.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the event.")]
For = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="DURATION",
        help="How long, such as 30m, 2h or 1d; without it until somebody resumes it.",
    ),
]
Form = Annotated[
    Output, typer.Option("--output", "-o", help="A table for people, or json for programs.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="Print at most so many.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="The folder of a running stack; without it DATABASE_URL, else the stack in .rig.",
    ),
]


@issue.command("list")
def issue_list(
    state: Annotated[str | None, typer.Option("--state", help="Only issues in it.")] = None,
    repository: Annotated[str | None, typer.Option("--repo", help="Only this one's.")] = None,
    limit: Limit = 50,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """List issues, those that changed their state last first."""
    from rigtasks.cli.issues import print_issues
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        print_issues(rig, state=state, repo=repository, limit=limit, output=output)


@issue.command("view")
def issue_view(reference: Reference, output: Form = Output.TABLE, data_dir: DataDir = None) -> None:
    """Show one issue with its runs and the stops that hold for it."""
    from rigtasks.cli.issues import print_issue
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        print_issue(rig, reference, output=output)


@issue.command("explain")
def issue_explain(
    reference: Reference, output: Form = Output.TABLE, data_dir: DataDir = None
) -> None:
    """Say why an issue is not merged yet, and who can do what about it.

    With GitHub credentials in the environment every gate is asked now; without them the answer is
    what the rig wrote down last, and says so.
    """
    from rigtasks.cli.issues import print_explanation
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        print_explanation(rig, reference, output=output)


@issue.command("retry")
def issue_retry(
    reference: Reference, reason: Reason, output: Form = Output.TABLE, data_dir: DataDir = None
) -> None:
    """Send an issue that failed, is stuck or escalated back to work, with fresh counters."""
    from rigtasks.cli.operated import operated_rig
    from rigtasks.cli.operating import retry

    with operated_rig(data_dir) as rig:
        retry(rig, reference, reason=reason, output=output)


@issue.command("acknowledge")
def issue_acknowledge(
    reference: Reference, output: Form = Output.TABLE, data_dir: DataDir = None
) -> None:
    """Say that you are at an issue that is stuck or escalated; nobody is reminded any more."""
    from rigtasks.cli.operated import operated_rig
    from rigtasks.cli.operating import acknowledge

    with operated_rig(data_dir) as rig:
        acknowledge(rig, reference, output=output)


@issue.command("cancel")
def issue_cancel(
    reference: Reference, reason: Reason, output: Form = Output.TABLE, data_dir: DataDir = None
) -> None:
    """Withdraw an issue for good; a live run of it stops."""
    from rigtasks.cli.operated import operated_rig
    from rigtasks.cli.operating import cancel

    with operated_rig(data_dir) as rig:
        cancel(rig, reference, reason=reason, output=output)


@issue.command("approve-gate")
def issue_approve_gate(
    reference: Reference,
    sha: Annotated[str, typer.Option("--sha", help="The head that was looked at.")],
    reason: Reason,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Clear the human gate for exactly this head; a later push needs it again."""
    from rigtasks.cli.operated import operated_rig
    from rigtasks.cli.operating import approve_gate

    with operated_rig(data_dir) as rig:
        approve_gate(rig, reference, sha=sha, reason=reason, output=output)


@issue.command("raise-budget")
def issue_raise_budget(
    reference: Reference,
    usd: Annotated[
        float,
        typer.Option(
            "--usd", min=0, max=1_000_000, help="What it may cost altogether, in dollars."
        ),
    ],
    reason: Reason,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Let an issue cost more; one that stopped for want of money goes on where it stopped."""
    from rigtasks.cli.operated import operated_rig
    from rigtasks.cli.operating import raise_budget

    with operated_rig(data_dir) as rig:
        raise_budget(rig, reference, usd=usd, reason=reason, output=output)


@issue.command("pause")
def issue_pause(
    reference: Reference,
    reason: Reason,
    lasting: For = None,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Stop one issue: no claim, no merge, and its run gives the claim back."""
    from rigtasks.cli import switches
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        scope = switches.issue(rig, reference)
        switches.pause(rig, scope, reason=reason, lasting=lasting, output=output)


@issue.command("resume")
def issue_resume(
    reference: Reference, output: Form = Output.TABLE, data_dir: DataDir = None
) -> None:
    """Let a paused issue go on."""
    from rigtasks.cli import switches
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        switches.resume(rig, switches.issue(rig, reference), output=output)


@repo.command("pause")
def repo_pause(
    repository: Repository,
    reason: Reason,
    lasting: For = None,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Stop one repository: no claim, no new issue, no merge."""
    from rigtasks.cli import switches
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        scope = switches.repository(rig, repository)
        switches.pause(rig, scope, reason=reason, lasting=lasting, output=output)


@repo.command("resume")
def repo_resume(
    repository: Repository, output: Form = Output.TABLE, data_dir: DataDir = None
) -> None:
    """Let a paused repository go on."""
    from rigtasks.cli import switches
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        switches.resume(rig, switches.repository(rig, repository), output=output)


@provider.command("pause")
def provider_pause(
    name: Provider,
    reason: Reason,
    lasting: For = None,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Stop one provider: its agents claim nothing, and what they made goes nowhere."""
    from rigtasks.cli import switches
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        scope = switches.provider(name)
        switches.pause(rig, scope, reason=reason, lasting=lasting, output=output)


@provider.command("resume")
def provider_resume(name: Provider, output: Form = Output.TABLE, data_dir: DataDir = None) -> None:
    """Let a paused provider go on."""
    from rigtasks.cli import switches
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        switches.resume(rig, switches.provider(name), output=output)


@outbox.command("list")
def outbox_list(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only entries that were given up.")] = False,
    limit: Limit = 50,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """List the entries that are not done, those that were given up first."""
    from rigtasks.cli.ledgers import print_outbox
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        print_outbox(rig, dead=dead, limit=limit, output=output)


def pause(
    reason: Reason,
    lasting: For = None,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Stop the whole rig: no claim, no new issue, no merge; live runs give their claims back."""
    from rigtasks.cli import switches
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        scope = switches.whole_rig()
        switches.pause(rig, scope, reason=reason, lasting=lasting, output=output)


def resume(output: Form = Output.TABLE, data_dir: DataDir = None) -> None:
    """Let the whole rig go on; paused repositories and issues stay paused."""
    from rigtasks.cli import switches
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        switches.resume(rig, switches.whole_rig(), output=output)


def deliveries(
    reference: Annotated[
        str | None, typer.Argument(metavar="[REF]", help=f"One issue: {REFERENCE_HELP}")
    ] = None,
    limit: Limit = 50,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """List webhook deliveries and what became of each, the latest first."""
    from rigtasks.cli.ledgers import print_deliveries
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        print_deliveries(rig, reference, limit=limit, output=output)


def reconcile(
    seconds: Annotated[
        float, typer.Option("--seconds", min=0, help="How long to wait for its end.")
    ] = 120.0,
    output: Form = Output.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Go through GitHub now, and print what had to be repaired.

    The conductor does it; it does so by itself every RIG_RECONCILE_SECONDS.
    """
    from rigtasks.cli.operated import operated_rig
    from rigtasks.cli.reconciling import reconcile as ask

    with operated_rig(data_dir) as rig:
        ask(rig, seconds=seconds, output=output)


def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Check whether everything that has to run does, and say what to do where it does not.

    Ends with 1 where anything is an alarm.
    """
    from rigtasks.cli.diagnosing import print_diagnosis
    from rigtasks.cli.operated import operated_rig

    with operated_rig(data_dir) as rig:
        code = print_diagnosis(rig, as_json=as_json)
    raise typer.Exit(code)
