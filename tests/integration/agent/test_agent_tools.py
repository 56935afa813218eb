"""The repository's tools: really installed, really used, and out of everybody's reach."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from agent_bench import FILES, RIGHT, TEST, Bench
from package_index import PackageIndex, package_index

from rigtasks.agent.assignment import Commands, RunLimits
from rigtasks.agent.loop import implement
from rigtasks.agent.outcome import RunOutcome
from rigtasks.agent.runtime import Runtime
from rigtasks.agent.sandbox import Level, inner_prefix
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.routing.tools import Tool, ToolList

FROM_BELOW = "{prefix}/bin"
WRITE = "import os,sys; p=sys.argv[1]+'/own'; open(p,'w').write(sys.argv[2]); os.chmod(p,0o755)"
OWN = ("python3", "-c", WRITE, FROM_BELOW, "#!/bin/sh\necho own tool\n")


@pytest.fixture(scope="module")
def index() -> Iterator[PackageIndex]:
    with package_index() as running:
        yield running


def run(
    bench: Bench,
    tools: dict[str, Tool],
    *,
    commands: dict[str, str],
    sources: dict[str, str] | None = None,
    agent: str = RIGHT,
    walls: bool = True,
) -> RunOutcome:
    """Carry out a run that has these tools, as a worker prepares it."""
    bench.fill(FILES)
    runtime: Runtime = bench.runtime(provider=bench.agent(agent))
    if not walls:
        runtime = bench.without_walls(runtime)
    prefix = bench.folder / "tools"
    (prefix / "bin").mkdir(parents=True)
    workshop = msgspec.structs.replace(runtime.workshop, prefix=prefix)
    listed = ToolList(tools=tools, **(sources or {}))
    seen = str(inner_prefix(prefix, workshop.level))
    given: dict[str, Any] = {"test": TEST.test} | commands
    work = bench.assignment(
        commands=Commands(tools=listed.installations(tools, prefix=seen), **given),
        limits=RunLimits(max_seconds=600),
    )
    return implement(work, msgspec.structs.replace(runtime, workshop=workshop))


def test_packages_of_both_indexes_are_installed_and_used_by_the_run(
    bench: Bench, index: PackageIndex
) -> None:
    """Both bring a `sh` as well, which nobody named: it must not become the run's own shell."""
    tools = {
        "loudly": Tool(pip="loudly==1.2.0"),
        "@quiet/softly": Tool(npm="softly@2.0.1", programs=("softly",)),
    }
    use = (
        'test "$(loudly)" = "LOUDLY 1.2.0" && test "$(softly)" = "softly 2.0.1"'
        ' && test "$(echo $(ls /sandbox/tools/bin))" = "loudly softly"'
    )
    sees = 'assert subprocess.check_output(["loudly"]) == b"LOUDLY 1.2.0\\n"; '

    outcome = run(
        bench,
        tools,
        commands={"setup": use, "test": f"{use} && {TEST.test}"},
        sources={"pip_index": f"{index.url}/simple", "npm_registry": f"{index.url}/npm/"},
        agent=sees + 'assert "Tools: loudly==1.2.0, softly@2.0.1" in prompt; ' + RIGHT,
    )

    assert outcome.success, (outcome.reason, outcome.tests)
    prepare = outcome.steps[0]
    assert (prepare.name, prepare.detail) == ("prepare", "tools: loudly==1.2.0, softly@2.0.1")
    # the change is the agent's own, whatever was installed, and no package ran code of its own:
    # that would have failed
    assert outcome.files_changed == 1
    assert [path.name for path in bench.folder.glob("installing-*")] == []


@pytest.mark.parametrize(
    ("tool", "brought"),
    [
        (Tool(pip="loudly==1.2.0", programs=("loudly", "louder")), "`loudly`, `sh`"),
        (Tool(npm="softly@2.0.1", programs=("softly", "louder")), "`sh`, `softly`"),
    ],
    ids=["pip", "npm"],
)
def test_a_program_that_a_package_lacks_is_named_with_those_it_has(
    bench: Bench, index: PackageIndex, tool: Tool, brought: str
) -> None:
    outcome = run(
        bench,
        {"own": tool},
        commands={},
        sources={"pip_index": f"{index.url}/simple", "npm_registry": f"{index.url}/npm/"},
        agent='pathlib.Path("started").touch()',
    )

    assert outcome.failure is FailureClass.ENVIRONMENT
    assert outcome.reason == (
        f"the tool {tool.pin} could not be installed: it brings no program `louder`, "
        f"only {brought}; an operator of the rig says under `programs` of `own` "
        "in RIG_TOOLS_FILE which are to be found"
    )
    assert not (bench.repository / "started").exists()


@pytest.mark.parametrize("walls", [True, False], ids=[Level.BUBBLEWRAP, Level.NONE])
def test_a_command_of_the_operators_installs_too(bench: Bench, *, walls: bool) -> None:
    outcome = run(
        bench,
        {"own": Tool(run=OWN)},
        commands={"test": f'test "$(own)" = "own tool" && {TEST.test}'},
        walls=walls,
    )

    assert outcome.success, (outcome.reason, outcome.tests)


def test_an_installation_sees_nothing_of_the_run_and_no_network(bench: Bench) -> None:
    look = (
        "import os,socket,sys\n"
        "assert os.listdir('.') == [] and os.listdir(os.environ['HOME']) == []\n"
        "assert not os.path.exists('/sandbox/checkout/answer.txt')\n"
        "assert not any('KEY' in name or 'TOKEN' in name for name in os.environ)\n"
        "assert [name for _, name in socket.if_nameindex()] == ['lo']\n"
    )
    own = ("python3", "-c", look + WRITE, *OWN[3:])

    outcome = run(bench, {"own": Tool(run=own)}, commands={})

    assert outcome.success, (outcome.reason, outcome.tests)


def test_no_later_command_can_change_what_was_installed(bench: Bench) -> None:
    """An agent that replaces the tool its tests are judged by finds nothing to write to."""
    spoil = (
        'import errno\nfor name in ("own", "sh"):\n'
        '    try: open("/sandbox/tools/bin/" + name, "w")\n'
        "    except OSError as error: assert error.errno == errno.EROFS, error\n"
        '    else: raise SystemExit("it could be written")\n'
    )

    outcome = run(
        bench,
        {"own": Tool(run=OWN)},
        commands={"test": f'test "$(own)" = "own tool" && {TEST.test}'},
        agent=spoil + RIGHT,
    )

    assert outcome.success, (outcome.reason, outcome.tests)


@pytest.mark.parametrize(
    ("tool", "reason"),
    [
        (Tool(run=("nosuch-installer", "{prefix}")), "exited with 127"),
        (Tool(run=("false",)), "exited with 1; it had no network"),
        (
            Tool(run=("true",), programs=("absent",)),
            "brings no program `absent`, nor any other;",
        ),
        (Tool(run=("sh", "-c", "echo no such package >&2; exit 3")), "exited with 3"),
    ],
)
def test_a_tool_that_cannot_be_installed_starts_no_agent(
    bench: Bench, tool: Tool, reason: str
) -> None:
    outcome = run(bench, {"own": tool}, commands={}, agent='pathlib.Path("started").touch()')

    assert outcome.failure is FailureClass.ENVIRONMENT
    assert outcome.reason.startswith("the tool own could not be installed: ")
    assert reason in outcome.reason
    assert outcome.rounds == 0
    assert not (bench.repository / "started").exists()


def test_words_of_an_installation_are_no_shell_line(bench: Bench) -> None:
    outcome = run(
        bench,
        {"own": Tool(run=(*OWN[:4], "$(touch /sandbox/tools/bin/evil); `id`\n"))},
        commands={"test": f'test "$(ls /sandbox/tools/bin)" = own && {TEST.test}'},
    )

    assert outcome.success, (outcome.reason, outcome.tests)


def test_a_run_that_is_stopped_installs_no_further(bench: Bench) -> None:
    bench.stopped = True

    outcome = run(bench, {"own": Tool(run=("sleep", "60"))}, commands={})

    assert outcome.failure is FailureClass.SHUTDOWN
