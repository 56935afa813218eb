"""Weakened tests are noticed in four languages; ordinary work on tests is not."""

import time

import pytest
from review_diffs import deleted, diff_of, edited, new_file, renamed

from rigtasks.review.tamper import Weakening, find_tampering
from rigtasks.review.tests_by_language import test_language as language_of

PY, JS, CS, SW = (
    "tests/test_app.py",
    "src/app.test.ts",
    "App.Tests/AppTests.cs",
    "Tests/AppTests.swift",
)


def kinds(*parts: str) -> set[Weakening]:
    return {hit.kind for hit in find_tampering(diff_of(*parts))}


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("tests/test_app.py", "python"),
        ("app_test.py", "python"),
        ("pkg/tests/helpers.py", "python"),
        ("conftest.py", "python"),
        ("app.py", None),
        ("contest.py", None),
        ("src/app.test.ts", "javascript"),
        ("src/__tests__/app.jsx", "javascript"),
        ("test/app.mjs", "javascript"),
        ("app.spec.js", "javascript"),
        ("src/latest.js", None),
        ("App.Tests/Login.cs", "csharp"),
        ("src/LoginTests.cs", "csharp"),
        ("src/Login.cs", None),
        ("Tests/AppTests/Login.swift", "swift"),
        ("Sources/App.swift", None),
        ("tests/data.json", None),
    ],
)
def test_test_files_are_known_by_their_path(path: str, language: str | None) -> None:
    found = language_of(path)

    assert (found.name if found else None) == language


@pytest.mark.parametrize("path", [PY, JS, CS, SW])
def test_a_deleted_test_file_is_noticed(path: str) -> None:
    assert kinds(deleted(path)) == {Weakening.FILE_DELETED}


def test_a_test_file_moved_to_where_no_test_is_found_is_noticed() -> None:
    assert kinds(renamed(PY, "old/app_checks.py")) == {Weakening.FILE_DELETED}
    assert kinds(renamed(PY, "tests/test_application.py")) == set()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (PY, "@pytest.mark.skip(reason='later')"),
        (PY, "@pytest.mark.skipif(True)"),
        (PY, "@pytest.mark.xfail"),
        (PY, "pytestmark = pytest.mark.skip"),
        (PY, "    pytest.skip('no')"),
        (PY, "        self.skipTest('no')"),
        (PY, "@unittest.skip('no')"),
        (PY, "@unittest.expectedFailure"),
        (PY, "__test__ = False"),
        (JS, "it.skip('adds', () => {"),
        (JS, "describe.only('math', () => {"),
        (JS, "test.todo('adds')"),
        (JS, "xit('adds', () => {"),
        (JS, "fdescribe('math', () => {"),
        (JS, "test('adds', { skip: true }, () => {"),
        (JS, "  this.skip()"),
        (CS, '[Fact(Skip = "later")]'),
        (CS, '[Ignore("later")]'),
        (CS, "Assert.Inconclusive();"),
        (CS, "#if false"),
        (SW, 'throw XCTSkip("later")'),
        (SW, '@Test(.disabled("later")) func adds() {'),
    ],
)
def test_a_test_that_is_switched_off_or_singled_out_is_noticed_with_its_line(
    path: str, line: str
) -> None:
    (hit,) = find_tampering(diff_of(edited(path, added=f"\n{line}\n")))

    assert hit.kind is Weakening.SWITCHED_OFF
    assert hit.line == 2
    assert hit.summary.startswith(f"{path}:2")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (PY, "# pytest.skip is not what we want"),
        (PY, "    value = row.skip"),
        (PY, "def test_skips_empty_rows():"),
        (JS, "test('skips blanks', () => {"),
        (JS, "  stream.skip(2)"),
        (JS, "commit('x')"),
        (CS, "var rest = items.Skip(1);"),
        (SW, "let rest = items.dropFirst()"),
        ("app.py", "@pytest.mark.skip"),
    ],
)
def test_words_that_only_look_like_it_are_left_alone(path: str, line: str) -> None:
    assert Weakening.SWITCHED_OFF not in kinds(edited(path, added=f"{line}\n"))


@pytest.mark.parametrize(
    ("path", "test", "other"),
    [
        (PY, "def test_adds():\n", "def test_subtracts():\n"),
        (JS, "test('adds', () => {\n", "test('subtracts', () => {\n"),
        (CS, "[Fact]\n", "[Theory]\n"),
        (SW, "func testAdds() {\n", "func testSubtracts() {\n"),
    ],
)
def test_a_test_that_goes_away_is_noticed_and_a_renamed_one_is_not(
    path: str, test: str, other: str
) -> None:
    assert kinds(edited(path, removed=test)) == {Weakening.TEST_DELETED}
    assert kinds(edited(path, removed=test, added=other)) == set()
    assert kinds(edited(path, added=test)) == set()


def test_a_test_that_moves_to_another_file_is_not_missing() -> None:
    body = "def test_adds():\n    assert add(1, 2) == 3\n"

    found = kinds(edited(PY, removed=body), new_file("tests/test_math.py", body))

    assert Weakening.TEST_DELETED not in found


def test_a_new_test_elsewhere_does_not_stand_in_for_one_that_goes_away() -> None:
    found = kinds(
        edited(PY, removed="def test_adds():\n"),
        new_file("tests/test_new.py", "def test_other():\n    assert x\n"),
    )

    assert found == {Weakening.TEST_DELETED}


@pytest.mark.parametrize(
    ("path", "assertion"),
    [
        (PY, "    assert total == 3\n"),
        (PY, "        self.assertEqual(total, 3)\n"),
        (PY, "    with pytest.raises(ValueError):\n"),
        (JS, "  expect(total).toBe(3)\n"),
        (JS, "  assert.equal(total, 3)\n"),
        (CS, "Assert.Equal(3, total);\n"),
        (SW, "XCTAssertEqual(total, 3)\n"),
        (SW, "#expect(total == 3)\n"),
    ],
)
def test_an_assertion_taken_out_is_noticed_and_so_is_one_that_says_something_else(
    path: str, assertion: str
) -> None:
    other = assertion.replace("3", "4").replace("ValueError", "Exception")

    assert kinds(edited(path, removed=assertion)) == {Weakening.ASSERTION_REMOVED}
    assert kinds(edited(path, removed=assertion, added=other)) == {Weakening.ASSERTION_CHANGED}
    assert kinds(edited(path, removed=assertion, added=f"    {assertion}")) == set()
    assert kinds(edited(path, added=assertion)) == set()


def test_an_assertion_that_becomes_a_comment_is_gone() -> None:
    found = kinds(edited(PY, removed="    assert x\n", added="    # assert x\n"))

    assert found == {Weakening.ASSERTION_REMOVED}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (PY, "    assert True\n"),
        (PY, "        self.assertTrue(True)\n"),
        (JS, "  expect(true).toBe(true)\n"),
        (CS, "Assert.True(true);\n"),
        (SW, "XCTAssertTrue(true)\n"),
    ],
)
def test_an_assertion_that_cannot_fail_is_noticed_and_replaces_nothing(
    path: str, line: str
) -> None:
    assert kinds(edited(path, added=line)) == {Weakening.ALWAYS_TRUE}
    real = {PY: "    assert x == 1\n", JS: "  expect(x).toBe(1)\n"}.get(path)
    if real:
        found = kinds(edited(path, removed=real, added=line))
        assert found == {Weakening.ALWAYS_TRUE, Weakening.ASSERTION_REMOVED}


def test_a_changed_snapshot_is_noticed_and_a_new_one_is_not() -> None:
    path = "src/__snapshots__/app.snap"

    assert kinds(edited(path, removed="1\n", added="2\n")) == {Weakening.SNAPSHOT_CHANGED}
    assert kinds(new_file(path)) == set()


def test_a_change_that_adds_code_and_tests_raises_nothing() -> None:
    found = kinds(
        edited("app.py", removed="    return a\n", added="    return a + b\n"),
        edited(PY, added="\ndef test_adds_two():\n    assert add(1, 2) == 3\n"),
    )

    assert found == set()


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (PY, "    assert total([1, 2]) == 3\n", "    assert total([1, 2]) is not None\n"),
        (PY, "    assert total([1, 2]) == 3\n", "    assert total([1, 2]) == 1\n"),
        (PY, "    expected = 3\n", "    expected = 1\n"),
        (PY, "    assert total(\n        [1, 2]\n    ) == 3\n", "    assert total(\n    ) != 3\n"),
        (JS, "  expect(total)\n    .toBe(3)\n", "  expect(total)\n    .toBeTruthy()\n"),
        (JS, "  const expected = 3;\n", "  const expected = total;\n"),
        (CS, "total.Should()\n    .Be(3);\n", "total.Should()\n    .NotBeNull();\n"),
        (CS, "[InlineData(1, 3)]\n", "[InlineData(1, 1)]\n"),
    ],
)
def test_what_a_test_expects_may_not_change_unseen(path: str, old: str, new: str) -> None:
    assert Weakening.ASSERTION_CHANGED in kinds(edited(path, removed=old, added=new))


def hunk(*lines: str) -> str:
    """Return a hunk of the Python test file, with context, as git shows it."""
    old = sum(line[0] != "+" for line in lines)
    new = sum(line[0] != "-" for line in lines)
    return (
        f"diff --git a/{PY} b/{PY}\nindex 1111111..2222222 100644\n--- a/{PY}\n+++ b/{PY}\n"
        f"@@ -1,{old} +1,{new} @@\n" + "".join(f"{line}\n" for line in lines)
    )


def test_a_line_within_an_assertion_is_part_of_it() -> None:
    found = kinds(hunk("     assert total(", "         [1, 2]", "-    ) == 3", "+    ) >= 0"))

    assert found == {Weakening.ASSERTION_CHANGED}


def test_a_changed_case_of_a_table_is_noticed_and_a_new_one_is_not() -> None:
    head = (" @pytest.mark.parametrize(", '     ("a", "b"),', "     [", "         (1, 1),")
    tail = ("     ],", " )")

    assert kinds(hunk(*head, "-        (2, 4),", "+        (2, 5),", *tail)) == {
        Weakening.ASSERTION_CHANGED
    }
    assert kinds(hunk(*head, "+        (2, 4),", *tail)) == set()


def test_a_line_after_an_assertion_is_no_part_of_it() -> None:
    found = kinds(hunk("     assert total([1, 2]) == 3", "-    close()", "+    close(file)"))

    assert found == set()


def test_an_assertion_that_moves_to_another_test_file_says_the_same() -> None:
    body = "def test_adds():\n    assert add(1, 2) == 3\n"

    found = kinds(edited(PY, removed=body), new_file("tests/test_math.py", body))

    assert Weakening.ASSERTION_CHANGED not in found


def test_a_stronger_assertion_in_place_of_one_that_cannot_fail_is_no_weakening() -> None:
    found = kinds(edited(PY, removed="    assert True\n", added="    assert x == 1\n"))

    assert found == set()


def test_an_existing_test_that_ends_early_is_noticed_and_a_new_helper_is_not() -> None:
    assert kinds(edited(PY, added="    return\n")) == {Weakening.SWITCHED_OFF}
    assert kinds(edited(PY, added="    return total\n")) == set()
    assert kinds(new_file(PY, "def helper():\n    return\n")) == set()


@pytest.mark.parametrize(
    "line",
    ["a_" * 50_000, "want:" * 20_000, "@Test(" * 16_000, "    return" + " " * 100_000 + "x"],
)
def test_no_line_takes_long_to_look_at(line: str) -> None:
    began = time.process_time()

    find_tampering(diff_of(*(edited(path, removed=line, added=line) for path in (PY, JS, SW))))

    assert time.process_time() - began < 5


def test_no_path_takes_long_to_look_at() -> None:
    began = time.process_time()

    kinds(edited("a_" * 480 + "x.sh", added="x\n"), edited("a." * 480 + "x.sh", added="x\n"))

    assert time.process_time() - began < 5
