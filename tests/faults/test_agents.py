"""Agents that outlive their worker, eat the memory, or booby-trap their checkout: A03, A06, A10."""

import os
import time
from pathlib import Path

import psutil
import pytest
from begun import begun
from bounds import killed_in, little_memory
from faulty_rig import FaultyRig, family
from ledger import tally_of_issues
from outcomes import Outcomes
from running_rig import wait_until
from shop import CONFIG, Town, shop_files

from rigtasks.local.records import is_alive

PROGRAMS = ("/usr/local/bin", "/usr/bin", "/bin")
#: Its children are in a session of their own, as a development server's are.
LEAVES_A_CHILD = f"{CONFIG}setupCommand: setsid sleep 40 & sleep 12\n"
HUNGRY = f"{CONFIG}setupCommand: sleep 3; python3 -c 'len(bytes([1]) * 400000000)'\n"
#: What nobody may find in an agent's environment or files.
SECRETS = ("DATABASE_URL", "REDIS_URL", "RIG_APPS_FILE", "RIG_WEBHOOK_SECRET", "ghs_", "ghp_")
TRAP = """\
set -eu
mkdir -p .git/hooks
printf '#!/bin/sh\\ntouch CANARY\\n' > .git/hooks/trap
chmod +x .git/hooks/trap
for hook in pre-commit prepare-commit-msg commit-msg post-commit post-checkout pre-push \\
    post-merge pre-rebase post-index-change reference-transaction; do
  cp .git/hooks/trap ".git/hooks/$hook"
done
git config core.hooksPath .git/hooks
git config core.fsmonitor .git/hooks/trap
git config core.sshCommand .git/hooks/trap
git config core.pager .git/hooks/trap
git config filter.trap.smudge .git/hooks/trap
git config diff.external .git/hooks/trap
git config credential.helper '!.git/hooks/trap'
mkdir -p .git/info
echo '* filter=trap diff=trap' > .git/info/attributes
head -c 200000000 /dev/zero > .git/large
git -c core.hooksPath=/dev/null -c core.fsmonitor=false checkout --quiet --detach
touch .git/index.lock
"""

pytestmark = pytest.mark.make_faults


def without_walls(folder: Path) -> dict[str, str]:
    """Return the environment of a worker that finds no bubblewrap, and all other programs."""
    folder.mkdir()
    for place in PROGRAMS:
        for program in Path(place).iterdir():
            link = folder / program.name
            if program.name != "bwrap" and not link.is_symlink():
                link.symlink_to(program)
    return {"PATH": str(folder)}


@pytest.mark.timeout(400)
def test_an_agent_that_outlives_its_worker_can_do_nothing(
    town: Town, rig: FaultyRig, outcomes: Outcomes, tmp_path: Path
) -> None:
    """Without walls, and with the keeper that would end the agent killed at the same moment."""
    rig.need_workers()
    rig.start_worker("bare", settings=without_walls(tmp_path / "bin"))
    issue = town.shop(config=LEAVES_A_CHILD).issue()
    issue.label()
    run = issue.wait("WORK_STARTED")["data"]
    wait_until(lambda: any(map(is_sleep, family(rig.process("bare")))), "the agent's child")
    everything = family(rig.process("bare"))
    left = [one for one in everything if is_sleep(one)]
    seen = [one.environ() for one in left]

    doomed = [one for one in everything if one not in left]
    for process in doomed:
        process.suspend()  # nobody has the time to notice another one's death
    for process in doomed:
        process.kill()
    time.sleep(2.0)
    survived = [one for one in left if is_alive(one)]
    rig.need_workers("dev-a")
    leaked = [name for environ in seen for name in SECRETS if name in str(environ)]
    leaked += credentials_below(rig.data_dir / "runs" / run["run_id"])

    issue.wait("ISSUE_DONE", seconds=120)
    rig.wait_told(issue.ref)
    outcomes.add("A03", "an agent outlives its worker", tally_of_issues(rig, [issue]))
    assert survived, "the fault was not there: nothing outlived the worker"
    assert leaked == []
    wait_until(lambda: not any(is_alive(one) for one in left), "the end of what was left")


def is_sleep(process: psutil.Process) -> bool:
    try:
        return process.cmdline() == ["sleep", "40"]
    except psutil.Error:
        return False


def credentials_below(folder: Path) -> list[str]:
    """Return the files of a run's folder in which a secret can be read."""
    words = [word.encode() for word in SECRETS]
    paths = [Path(base) / name for base, _, names in os.walk(folder) for name in names]
    texts = {str(path): path.read_bytes() for path in paths if path.is_file()}
    return [path for path, text in texts.items() if any(word in text for word in words)]


@pytest.mark.timeout(300)
def test_an_agent_that_eats_the_memory_dies_alone(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    name = rig.need_a_worker()
    worker, issue = rig.process(name), town.shop(config=HUNGRY).issue()
    issue.label()
    _, agents = begun(issue, rig)

    with little_memory(agents, megabytes=64) as group:
        failed = issue.wait("RUN_FAILED", seconds=60)["data"]
        killed = killed_in(group)

    told = issue.wait("ISSUE_FAILED", seconds=60)["data"]
    other = town.shop().issue()
    other.label()
    other.wait("ISSUE_DONE", seconds=120)
    outcomes.add(
        "A06",
        "the kernel kills an agent for its memory",
        tally_of_issues(rig, [issue], lane="failed") + tally_of_issues(rig, [other]),
        injected=killed,
    )
    assert failed["failure"] == "environment", failed
    assert told["who_must_act"]
    assert rig.process(name) == worker, "the worker died with it"
    assert rig.rows("SELECT attempts FROM issues WHERE ref = %s", issue.ref) == [(0,)]


@pytest.mark.timeout(300)
def test_nothing_an_agent_left_in_its_checkout_is_executed(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    """Whatever its traps would do, they do outside: inside its walls that path does not exist."""
    rig.need_a_worker()
    canary = rig.data_dir / "runs" / "a-trap-was-sprung"
    trap = TRAP.replace("CANARY", str(canary))
    files = shop_files(f"{CONFIG}setupCommand: sh trap.sh\n") | {"trap.sh": trap}
    issue = town.shop(files=files).issue()

    issue.label()
    issue.wait("ISSUE_DONE", seconds=120)
    run = issue.wait("WORK_STARTED")["data"]
    outcomes.add("A10", "an agent booby-traps its checkout", tally_of_issues(rig, [issue]))
    assert not canary.exists(), "something the agent left was executed"
    assert not (rig.data_dir / "runs" / run["run_id"]).exists(), "its 200 MB are still there"
