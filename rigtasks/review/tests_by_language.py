"""How tests look in each language: where they live, how one starts, asserts and is switched off."""

import re

import msgspec


class TestLanguage(msgspec.Struct, frozen=True, kw_only=True):
    """The marks of one language's tests, as patterns on single lines and on whole paths."""

    __test__ = False

    name: str
    suffixes: tuple[str, ...]
    path: re.Pattern[str]
    comment: re.Pattern[str]
    test: re.Pattern[str]
    assertion: re.Pattern[str]
    switched_off: re.Pattern[str]
    always_true: re.Pattern[str]

    def is_test_file(self, path: str) -> bool:
        """Say whether a file of this language holds tests."""
        return path.endswith(self.suffixes) and self.path.search(path) is not None


PYTHON = TestLanguage(
    name="python",
    suffixes=(".py",),
    path=re.compile(r"(?:^|/)(?:tests?/|test_[^/]*\.py$|[^/]*_test\.py$|conftest\.py$)"),
    comment=re.compile(r"^\s*#"),
    test=re.compile(r"^\s*(?:async\s+)?def\s+(?P<name>test\w*)\s*\("),
    assertion=re.compile(r"^\s*assert\b|\bself\.(?:assert|fail)\w*\(|\bpytest\.(?:raises|warns)\("),
    switched_off=re.compile(
        r"\bmark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\(|\bskipTest\("
        r"|\bunittest\.(?:skip|expectedFailure)|\bSkipTest\b|\bcollect_ignore\b"
        r"|__test__\s*=\s*False|@(?:skip|skipIf|skipUnless|expectedFailure)\b"
    ),
    always_true=re.compile(r"^\s*assert\s+(?:True|1|not\s+False)\s*(?:,|#|$)|assertTrue\(True\)"),
)

JAVASCRIPT = TestLanguage(
    name="javascript",
    suffixes=(".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts"),
    path=re.compile(r"(?:^|/)(?:__tests__/|tests?/|[^/]*[.-](?:test|spec)\.[a-z]+$|test\.[a-z]+$)"),
    comment=re.compile(r"^\s*(?://|/?\*)"),
    test=re.compile(r"(?<![\w.])(?:it|test)(?:\.\w+)?\(\s*(?P<name>[\"'`][^\"'`]*)"),
    assertion=re.compile(
        r"\bexpect\s*\(|\bassert\s*[.(]|\.should\b|\bt\.(?:is|equal|deepEqual)\("
        r"|^\s*\.(?:(?:not|resolves|rejects)\.)*to[A-Z]\w*\("
    ),
    switched_off=re.compile(
        r"(?<![\w.])(?:it|test|describe|suite)\.(?:skip|only|todo|failing|fixme)\b"
        r"|(?<![\w.])(?:xit|xtest|xdescribe|fit|fdescribe)\s*\("
        r"|\bthis\.skip\(\)|\bt(?:est)?\.(?:skip|todo)\(|\{\s*(?:skip|todo|only)\s*:\s*(?!false)"
    ),
    always_true=re.compile(
        r"\bexpect\(\s*(?:true|1)\s*\)\.\w+\(\s*(?:true|1)?\s*\)|\bassert(?:\.ok)?\(\s*true\s*\)"
    ),
)

CSHARP = TestLanguage(
    name="csharp",
    suffixes=(".cs",),
    path=re.compile(r"(?:^|/)(?:[^/]*Tests?/|[^/]*Tests?\.cs$)|\.Tests?(?:\.[^/]*)?/"),
    comment=re.compile(r"^\s*(?://|/?\*)"),
    test=re.compile(r"\[\s*(?P<name>Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b"),
    assertion=re.compile(
        r"\bAssert\.\w+|\.Should\w*\(|^\s*\.(?:And\.)?(?:Not)?(?:Be|Equal|Contain|Throw|Match)\w*\("
    ),
    switched_off=re.compile(
        r"\bSkip\s*=\s*|\[\s*(?:Ignore|Explicit)\b|\bAssert\.(?:Ignore|Inconclusive|Skip)\b"
        r"|^\s*#if\s+(?:false|FALSE|NEVER)\b"
    ),
    always_true=re.compile(r"\bAssert\.(?:True|IsTrue|That)\(\s*true\b|\bAssert\.Pass\("),
)

SWIFT = TestLanguage(
    name="swift",
    suffixes=(".swift",),
    path=re.compile(r"(?:^|/)(?:[^/]*Tests/|[^/]*Tests?\.swift$)"),
    comment=re.compile(r"^\s*(?://|/?\*)"),
    test=re.compile(r"\bfunc\s+(?P<name>test\w*)\s*\(|@Test\b"),
    assertion=re.compile(r"\bXCT(?:Assert|Fail|Unwrap)\w*|#(?:expect|require)\b"),
    switched_off=re.compile(r"\bXCTSkip\w*|\.disabled\b|^\s*#if\s+false\b|\bwithKnownIssue\b"),
    always_true=re.compile(r"\bXCTAssert(?:True)?\(\s*true\s*[,)]|#expect\(\s*true\s*\)"),
)

LANGUAGES = (PYTHON, JAVASCRIPT, CSHARP, SWIFT)


def test_language(path: str) -> TestLanguage | None:
    """Return the language of a test file, or None when `path` holds no tests we know."""
    return next((one for one in LANGUAGES if one.is_test_file(path)), None)
