"""Try mutants: which tests call the changed function, and does one of them fail?

A change inside a function is tried in a fork of a session that has collected everything: its code
object is put in place of the original's, wherever that is referred to. A change that the module
itself runs needs the module imported anew, so it is tried in a fork that has imported none of it.
"""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import time
import traceback
import types
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.runner import runtestprotocol
from mutants import Mutant, mutated

ROOT = Path(__file__).parents[2]
#: What other packages plug into pytest takes longer to load than most trials last.
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
#: Seconds of computing after which a mutant counts as noticed: it no longer ends.
_SECONDS = 20
#: The same where every test is run, not only those that call one function.
_ALL_SECONDS = 180
_EXAMPLES = 20
#: Hypothesis is imported before pytest could have its asserts rewritten; it has none.
_WARNING = "ignore::pytest.PytestAssertRewriteWarning"
_PLAIN = ("-q", "--assert=plain", "--tb=no")  # a long report of what differs would take longest
_ARGUMENTS = (*_PLAIN, "-p", "no:cacheprovider", "-p", "pytest_timeout", "-W", _WARNING)

_CACHE = type(lru_cache(len))

Outcome = str
KILLED, SURVIVED, UNCALLED = "killed", "survived", "uncalled"


class _Quick:
    """Bounds the examples of property tests, and makes them the same in every trial."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            function = getattr(item, "obj", None)
            chosen = getattr(function, "_hypothesis_internal_use_settings", None)
            if chosen is not None:
                function._hypothesis_internal_use_settings = hypothesis.settings(  # type: ignore[union-attr]  # noqa: SLF001
                    chosen,
                    max_examples=min(chosen.max_examples, _EXAMPLES),
                    derandomize=True,
                    database=None,
                    deadline=None,
                    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
                )


class _Ordered(_Quick):
    """Runs the tests that took the shortest first, so that most failures come early."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        super().pytest_collection_modifyitems(items)
        items.sort(key=lambda item: self._seconds.get(item.nodeid, 0.0))


class Session(_Quick):
    """One session that surveys the tests, then tries every mutant within a function.

    Args:
        mutants: what to try.
        report: called with each outcome.
    """

    def __init__(
        self, mutants: Sequence[Mutant], report: Callable[[Mutant, Outcome], None]
    ) -> None:
        self._mutants = mutants
        self._report = report
        self.seconds: dict[str, float] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        callers = self._survey(session.items)
        functions = self._functions()
        caches = [one for one in gc.get_objects() if isinstance(one, _CACHE)]
        gc.freeze()
        for mutant in self._mutants:
            assert mutant.function is not None
            place = (str(mutant.path), *mutant.function)
            items = callers.get(place, [])
            items = sorted(items, key=lambda item: self.seconds[item.nodeid])
            if not items:
                self._report(mutant, UNCALLED)
                continue
            work = partial(_try_function, mutant, functions[place], caches, items)
            self._report(mutant, _in_fork(work))
        return True

    def _functions(self) -> dict[tuple[str, str, int], list[types.FunctionType]]:
        """Return every function of the files, whoever refers to it, by its place."""
        files = {str(mutant.path) for mutant in self._mutants}
        found: dict[tuple[str, str, int], list[types.FunctionType]] = defaultdict(list)
        for one in gc.get_objects():
            if isinstance(one, types.FunctionType) and one.__code__.co_filename in files:
                found[one.__code__.co_filename, *_key(one.__code__)].append(one)
        return found

    def _survey(self, items: list[pytest.Item]) -> dict[tuple[str, str, int], list[pytest.Item]]:
        files = {str(mutant.path) for mutant in self._mutants}
        callers: dict[tuple[str, str, int], list[pytest.Item]] = defaultdict(list)
        for item, following in zip(items, (*items[1:], None), strict=True):
            called: set[tuple[str, str, int]] = set()

            def note(frame: types.FrameType, _: str, __: object, called: Any = called) -> None:
                code = frame.f_code
                if code.co_filename in files:
                    called.add((code.co_filename, *_key(code)))

            began = time.process_time()
            sys.settrace(note)
            try:
                reports = runtestprotocol(item, log=False, nextitem=following)
            finally:
                sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - began
            broken = [one for one in reports if one.failed]
            if broken:
                raise pytest.UsageError(f"fails unchanged: {item.nodeid}\n{broken[0].longreprtext}")
            for key in called:
                callers[key].append(item)
        return callers


def _in_fork(work: Callable[[], bool], seconds: float = _SECONDS) -> Outcome:
    """Say whether a test noticed, in a process of its own that computes for a bounded time."""
    child = os.fork()
    if child == 0:
        noticed = True
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (1, 2):
                os.dup2(nothing, stream)
            noticed = work()
        finally:
            os._exit(1 if noticed else 0)
    _, status = os.waitpid(child, 0)
    return SURVIVED if status == 0 else KILLED


def _try_function(
    mutant: Mutant,
    functions: list[types.FunctionType],
    caches: list[Any],
    items: list[pytest.Item],
) -> bool:
    code = compile(mutated(mutant), str(mutant.path), "exec", dont_inherit=True)
    changed = next(one for one in _codes(code) if _key(one) == mutant.function)
    for function in functions:
        function.__code__ = changed
    for cache in caches:
        cache.cache_clear()
    return any(
        report.failed
        for item in items
        for report in runtestprotocol(item, log=False, nextitem=None)
    )


def _key(code: types.CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield one
            yield from _codes(one)


class _Finder(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Imports one module in its changed form."""

    def __init__(self, name: str, mutant: Mutant) -> None:
        super().__init__(name, str(mutant.path))
        self._wanted = name
        self._mutant = mutant

    def find_spec(self, name: str, _path: object, _target: object = None) -> Any:
        if name != self._wanted:
            return None
        package = self._mutant.path.name == "__init__.py"
        return importlib.util.spec_from_file_location(
            name,
            self._mutant.path,
            loader=self,
            submodule_search_locations=[str(self._mutant.path.parent)] if package else None,
        )

    def get_code(self, _name: str) -> types.CodeType:
        return compile(mutated(self._mutant), str(self._mutant.path), "exec", dont_inherit=True)


def try_module(mutant: Mutant, tests: Sequence[str], seconds: dict[str, float]) -> Outcome:
    """Try a change that the module itself runs."""

    def work() -> bool:
        sys.meta_path.insert(0, _Finder(_module_name(mutant.path), mutant))
        return pytest.main([*_ARGUMENTS, "-x", *tests], plugins=[_Ordered(seconds)]) != 0

    return _in_fork(work, _ALL_SECONDS)


def check_unchanged(tests: Sequence[str], seconds: dict[str, float]) -> None:
    """Make sure that a trial of a module says something.

    Raises:
        SystemExit: the tests fail there without any change.
    """

    def work() -> bool:
        return pytest.main([*_ARGUMENTS, "-x", *tests], plugins=[_Ordered(seconds)]) != 0

    if _in_fork(work, _ALL_SECONDS) == KILLED:
        raise SystemExit("the tests do not pass without any change where modules are tried")


def _module_name(path: Path) -> str:
    """Return the name a file is imported by: below the longest entry of the path above it."""
    above = [Path(entry) for entry in sys.path if path.is_relative_to(Path(entry).absolute())]
    entry = max(above, key=lambda one: len(one.parts))
    return ".".join(path.relative_to(entry).with_suffix("").parts).removesuffix(".__init__")


def try_functions(
    mutants: Sequence[Mutant], tests: Sequence[str], report: Callable[[Mutant, Outcome], None]
) -> dict[str, float]:
    """Try changes inside functions; return how long each test took, by its name.

    Raises:
        SystemExit: the tests fail without any change.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        ended = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as told:

                def tell(mutant: Mutant, outcome: Outcome) -> None:
                    told.write(json.dumps([str(mutant.path), mutant.ordinal, outcome]) + "\n")
                    told.flush()

                session = Session(mutants, tell)
                ended = int(pytest.main([*_ARGUMENTS, "-s", *tests], plugins=[session]))
                told.write(json.dumps([session.seconds, _libraries()]) + "\n")
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ended)
    os.close(writing)
    known = {(str(one.path), one.ordinal): one for one in mutants}
    seconds: dict[str, float] = {}
    libraries: list[str] = []
    with os.fdopen(reading) as heard:
        for line in heard:
            told = json.loads(line)
            if len(told) == 2:  # the last line
                seconds, libraries = told
            else:
                report(known[told[0], told[1]], told[2])
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise SystemExit("the tests do not pass without any change")
    for library in libraries:
        with suppress(ImportError):  # named differently from how it is imported
            importlib.import_module(library)
    return seconds


def _libraries() -> list[str]:
    """Return what the tests import of others, so that trials of modules find it imported."""
    return sorted(
        name
        for name, module in sys.modules.items()
        if "site-packages" in (getattr(module, "__file__", None) or "") and "." not in name
    )
