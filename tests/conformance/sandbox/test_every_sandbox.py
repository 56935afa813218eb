"""What every sandbox promises, the one in memory included."""

import pytest
from sandbox_yard import Eyes, Yard

from rigtasks.errors import Permanent
from rigtasks.testing.plays import End, Err, KeepInput, Out, Show, Wait, Write, say


def test_what_a_command_writes_arrives_unchanged(yard: Yard) -> None:
    strange = bytes(range(256))

    ended, eyes = yard.run(say("one"), Out(strange), Err(b"wrong\n"), say("two"))

    assert eyes.out == b"one\n" + strange + b"two\n"
    assert eyes.err == b"wrong\n"
    assert (ended.code, ended.signal, ended.halted) == (0, None, None)


@pytest.mark.parametrize("code", [0, 1, 7, 126, 255])
def test_the_exit_of_a_command_is_its_own(code: int, yard: Yard) -> None:
    ended, eyes = yard.run(End(code), say("never"))

    assert (ended.code, ended.signal, ended.halted) == (code, None, None)
    assert eyes.out == b""


def test_a_command_reads_its_input_and_its_end(yard: Yard) -> None:
    given = b"\xff\n" + b"x" * 300_000

    ended, _ = yard.run(KeepInput("input"), say("read"), stdin=given)

    assert ended.code == 0
    assert (yard.spec.workdir / "input").read_bytes() == given


def test_input_that_nobody_reads_holds_nothing_up(yard: Yard) -> None:
    ended, eyes = yard.run(say("done"), stdin=b"x" * 300_000)

    assert ended.code == 0
    assert eyes.out == b"done\n"


def test_a_command_starts_where_it_is_told_and_its_files_stay(yard: Yard) -> None:
    (yard.spec.workdir / "app" / "src").mkdir(parents=True)

    yard.run(Write("written", "by the command\n"), cwd="app/src")

    assert (yard.spec.workdir / "app" / "src" / "written").read_text() == "by the command\n"


@pytest.mark.parametrize("cwd", ["/etc", "..", "a/../../b"])
def test_a_start_outside_the_working_copy_is_refused(cwd: str, yard: Yard) -> None:
    with pytest.raises(Permanent, match="inside the repository"):
        yard.run(Write("written", ""), cwd=cwd)

    assert not list(yard.spec.workdir.parent.rglob("written"))


def test_a_command_has_the_environment_of_its_spec_and_no_other(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")

    _, eyes = yard.run(
        *(Show(name) for name in ("DATABASE_URL", "GIVEN", "TZ", "GIT_TERMINAL_PROMPT")),
        env=yard.spec.env | {"GIVEN": "a word"},
    )

    assert eyes.out.decode().splitlines() == ["", "a word", "UTC", "0"]


def test_a_command_is_ended_as_soon_as_its_watcher_says_so(yard: Yard) -> None:
    eyes = Eyes(stop_when=lambda seen: b"now" in seen.out)

    ended, _ = yard.run(say("now"), Wait(60), Write("late", ""), End(0), eyes=eyes)

    assert (ended.code, ended.signal, ended.halted) == (None, None, "seen enough")
    assert ended.seconds < 30
    assert not (yard.spec.workdir / "late").exists()


def test_a_silent_command_is_looked_at_several_times_a_second(yard: Yard) -> None:
    ended, eyes = yard.run(Wait(1.0))

    assert ended.code == 0
    assert ended.seconds >= 1.0
    assert eyes.looks == sorted(eyes.looks)
    assert len([look for look in eyes.looks if look <= 1.0]) >= 4


def test_an_error_of_the_watcher_ends_the_command_and_is_passed_on(yard: Yard) -> None:
    def fail(seen: Eyes) -> bool:
        if seen.out:
            raise ConnectionError("the store is gone")
        return False

    with pytest.raises(ConnectionError, match="the store is gone"):
        yard.run(say("now"), Wait(60), Write("late", ""), eyes=Eyes(stop_when=fail))

    assert not (yard.spec.workdir / "late").exists()


def test_its_time_goes_on_while_a_command_runs(yard: Yard) -> None:
    before = yard.sandbox.clock()

    ended, _ = yard.run(Wait(0.3))

    assert yard.sandbox.clock() - before >= 0.3
    assert ended.seconds >= 0.3
