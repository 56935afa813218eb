"""The tool itself, on a module whose mutants are known: `make mutants` is the long run of it."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parent
MODULE = """
LIMIT = 3
SENTENCE = "not changed"


def fits(count: int) -> bool:
    "Say whether there is room."
    return count < LIMIT


class Box:
    @property
    def full(self) -> bool:
        return not fits(LIMIT)
"""
STRONG = """
import small_rules as rules

def test_the_bound(): assert rules.fits(2) is True and rules.fits(3) is False
def test_a_box(): assert rules.Box().full is True
def test_the_figure(): assert rules.LIMIT == 3
"""
WEAK = """
import small_rules as rules

def test_something_fits(): assert rules.fits(0)
"""
DRIVER = """
import sys
from pathlib import Path
from mutants import mutants_of
from trial import try_functions, try_module

folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))
tests = [str(folder / "test_rules.py")]
every = mutants_of(folder / "small_rules.py")
def tell(mutant, outcome): print(f"{outcome}: {mutant.place}: {mutant.what}")
seconds = try_functions([one for one in every if one.function], tests, tell)
for one in every:
    if one.function is None: tell(one, try_module(one, tests, seconds))
"""


def outcomes(folder: Path, tests: str) -> dict[str, set[str]]:
    (folder / "small_rules.py").write_text(MODULE)
    (folder / "test_rules.py").write_text(tests)
    ran = subprocess.run(
        (sys.executable, "-c", DRIVER, str(folder)),
        cwd=folder,
        env={"PYTHONPATH": str(TOOL), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, set[str]] = {}
    for line in ran.stdout.splitlines():
        outcome, _, what = line.partition(": ")
        if outcome in {"killed", "survived", "uncalled"}:
            found.setdefault(outcome, set()).add(what)
    return found


def test_strong_tests_notice_every_mutant(tmp_path: Path) -> None:
    assert outcomes(tmp_path, STRONG) == {
        "killed": {
            "<module>: 3 -> 4",
            "fits: return count < LIMIT -> return None",
            "fits: count < LIMIT -> count <= LIMIT",
            "Box.full: return not fits(LIMIT) -> return None",
            "Box.full: not fits(LIMIT) -> without not",
        }
    }


def test_what_weak_tests_miss_is_named_and_what_no_test_calls_is_told_apart(
    tmp_path: Path,
) -> None:
    found = outcomes(tmp_path, WEAK)

    assert found["killed"] == {"fits: return count < LIMIT -> return None"}
    assert {one.partition(":")[0] for one in found["uncalled"]} == {"Box.full"}
    assert "fits: count < LIMIT -> count <= LIMIT" in found["survived"]
    assert "<module>: 3 -> 4" in found["survived"]
