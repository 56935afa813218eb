"""Change `lifecycle` and `gate` in small ways, and say which changes no unit test notices.

    python tests/mutation [--sample N] [--seed S] [--report FILE] [FILE ...]

Nothing is skipped but what `equivalent.toml` names: changes that no test can notice, each with its
reason. The exit code is 1 where the score of a package is below `--least` percent.
"""

import argparse
import linecache
import random
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

from mutants import Mutant, mutants_of
from trial import (
    KILLED,
    ROOT,
    UNCALLED,
    Outcome,
    check_unchanged,
    try_functions,
    try_module,
)

PACKAGES = ("lifecycle", "gate")
TESTS = tuple(f"tests/unit/{name}" for name in PACKAGES)
EQUIVALENT = Path(__file__).with_name("equivalent.toml")

#: File, function, text of the line, and the change.
Key = tuple[str, str, str, str]


def package(mutant: Mutant) -> str:
    return mutant.path.relative_to(ROOT / "rigtasks").parts[0]


def shown(mutant: Mutant) -> str:
    path = mutant.path.relative_to(ROOT).as_posix()
    return f"{path}:{mutant.line} {mutant.place}: {mutant.what}"


def equivalents() -> set[Key]:
    """Return the keys of those that no test can notice."""
    return {
        (one["file"], one["function"], one["line"], one["change"])
        for one in tomllib.loads(EQUIVALENT.read_text()).get("equivalent", [])
    }


def key(mutant: Mutant) -> Key:
    line = linecache.getline(str(mutant.path), mutant.line).strip()
    return mutant.path.relative_to(ROOT).as_posix(), mutant.place, line, mutant.what


def chosen(arguments: argparse.Namespace) -> list[Mutant]:
    """Return the mutants to try; a sample is drawn from each file in proportion, by the seed."""
    files = [Path(one).resolve() for one in arguments.files] or sorted(
        path for name in PACKAGES for path in (ROOT / "rigtasks" / name).rglob("*.py")
    )
    excused = equivalents()
    found: dict[Path, list[Mutant]] = {
        path: [one for one in mutants_of(path) if key(one) not in excused] for path in files
    }
    total = sum(len(each) for each in found.values())
    if arguments.sample is None or arguments.sample >= total:
        return [one for each in found.values() for one in each]
    dice = random.Random(arguments.seed)  # noqa: S311  # a sample, not a secret
    share = arguments.sample / total
    return [
        one
        for each in found.values()
        for one in sorted(dice.sample(each, round(len(each) * share)), key=lambda m: m.ordinal)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=90.0)
    arguments = parser.parse_args()
    mutants = chosen(arguments)
    outcomes: dict[Mutant, Outcome] = {}

    def report(mutant: Mutant, outcome: Outcome) -> None:
        if outcome == UNCALLED:
            return
        outcomes[mutant] = outcome
        if len(outcomes) % 100 == 0:
            sys.stderr.write(f"{len(outcomes)} of {len(mutants)} tried\n")
        if outcome != KILLED:
            sys.stdout.write(f"{outcome}: {shown(mutant)}\n")
            sys.stdout.flush()

    within = [one for one in mutants if one.function is not None]
    seconds = try_functions(within, TESTS, report)
    check_unchanged(TESTS, seconds)
    for mutant in mutants:
        if mutant not in outcomes:  # the module itself runs it, if anything does
            report(mutant, try_module(mutant, TESTS, seconds))
    return summary(outcomes, arguments)


def summary(outcomes: dict[Mutant, Outcome], arguments: argparse.Namespace) -> int:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, outcome in outcomes.items():
        counts[package(mutant)][outcome] += 1
    worst = 100.0
    for name, count in sorted(counts.items()):
        total = count.total()
        score = 100.0 * count[KILLED] / total
        worst = min(worst, score)
        sys.stdout.write(
            f"{name}: {score:.1f} % of {total} mutants noticed; {total - count[KILLED]} were not\n"
        )
    if arguments.sample is not None:
        sys.stdout.write(f"a sample: --sample {arguments.sample} --seed {arguments.seed}\n")
    return 0 if worst >= arguments.least else 1


if __name__ == "__main__":
    sys.exit(main())
