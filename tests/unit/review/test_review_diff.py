"""A diff becomes values or a refusal, whatever is in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_diffs import deleted, diff_of, edited, new_file, renamed

from rigtasks.errors import Rejected
from rigtasks.review.diff import FileStatus, LineKind, parse_diff


def test_lines_keep_their_numbers_on_both_sides() -> None:
    text = (
        b"diff --git a/app.py b/app.py\nindex 1..2 100644\n--- a/app.py\n+++ b/app.py\n"
        b"@@ -10,3 +10,4 @@ def f():\n one\n-two\n+2\n+3\n four\n"
    )

    (one,) = parse_diff(text).files

    assert [(line.kind, line.old_number, line.new_number) for line in one.lines] == [
        (LineKind.CONTEXT, 10, 10),
        (LineKind.REMOVED, 11, None),
        (LineKind.ADDED, None, 11),
        (LineKind.ADDED, None, 12),
        (LineKind.CONTEXT, 12, 13),
    ]
    assert one.new_numbers == {10, 11, 12, 13}
    assert [line.text for line in one.added] == ["2", "3"]


def test_every_kind_of_change_is_told_apart() -> None:
    diff = diff_of(
        new_file("a.py"), deleted("b.py"), renamed("c.py", "d.py"), edited("e.py", added="1\n")
    )

    assert [(one.path, one.status) for one in diff.files] == [
        ("a.py", FileStatus.ADDED),
        ("b.py", FileStatus.DELETED),
        ("d.py", FileStatus.RENAMED),
        ("e.py", FileStatus.MODIFIED),
    ]
    assert diff.paths == ("a.py", "b.py", "c.py", "d.py", "e.py")
    assert diff.changed_lines == 3
    assert diff.file("c.py") is None


def test_modes_and_binaries_are_seen_without_any_hunk() -> None:
    diff = diff_of(
        "diff --git a/run me.sh b/run me.sh\nold mode 100644\nnew mode 100755\n",
        "diff --git a/vendor b/vendor\nnew file mode 160000\nindex 0000000..1111111\n"
        "--- /dev/null\n+++ b/vendor\n@@ -0,0 +1 @@\n+Subproject commit 1111\n",
        "diff --git a/x.bin b/x.bin\nindex 1..2 100644\nBinary files a/x.bin and b/x.bin differ\n",
    )

    assert diff.files[0].path == "run me.sh"
    assert diff.files[0].new_mode == "100755"
    assert diff.files[1].new_mode == "160000"
    assert diff.files[2].binary


def test_a_base85_patch_is_binary_and_its_body_is_not_read_as_lines() -> None:
    diff = diff_of(
        "diff --git a/x.bin b/x.bin\nindex 1..2 100644\nGIT binary patch\n"
        "literal 3\nKcmZQzU|?VX0000\n\nliteral 0\nHcmV?d00001\n\n",
        edited("app.py", added="1\n"),
    )

    assert [(one.path, one.binary) for one in diff.files] == [("x.bin", True), ("app.py", False)]


def test_quoted_names_are_read_as_the_bytes_they_stand_for() -> None:
    diff = diff_of(
        'diff --git "a/\\303\\274\\"q\\t.py" "b/\\303\\274\\"q\\t.py"\n'
        "old mode 100644\nnew mode 100755\n"
    )

    assert diff.files[0].path == 'ü"q\t.py'


def test_lines_of_a_file_that_look_like_headers_stay_lines() -> None:
    evil = "--- a/x\n+++ b/.github/x\n@@ -1 +1 @@\ndiff --git a/y b/y\n"

    diff = diff_of(new_file("notes.txt", evil))

    assert diff.paths == ("notes.txt",)
    assert [line.text for line in diff.files[0].added] == evil.rstrip("\n").split("\n")


def test_bytes_that_are_no_text_do_not_disturb_the_lines_around_them() -> None:
    data = new_file("a.txt", "X\n").encode().replace(b"+X\n", b"+\xff\r\x0c\xe2\x80\xa8y\n")

    (one,) = parse_diff(data).files

    assert len(one.added) == 1
    assert one.added[0].text.endswith("y")


def test_an_empty_diff_has_no_files() -> None:
    assert parse_diff(b"").files == ()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"hello", "diff-unreadable"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "diff-unreadable"),
        (b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n-a\n", "diff-unreadable"),
        (b"diff --git a/x b/x\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", "diff-unreadable"),
        (b"diff --git a/x b/y\nold mode 100644\nnew mode 100755\n", "diff-path"),
        (b'diff --git "a/\\377" "b/\\377"\nold mode 100644\nnew mode 100755\n', "diff-path"),
        (b"diff --git a/x b/x\n" + b"x" * 4_000_001, "diff-too-large"),
        (new_file("x", "1\n" * 60_001).encode(), "diff-too-large"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Rejected) as refusal:
        parse_diff(data)

    assert refusal.value.code == code


PIECES = st.sampled_from(
    [
        "diff --git a/x b/x\n",
        "diff --git a/x y b/x y\n",
        'diff --git "a/\\1 b/\\"\n',
        "index 1..2 100644\n",
        "new file mode 120000\n",
        "deleted file mode 100644\n",
        "rename from x\n",
        "rename to y\n",
        "--- a/x\n",
        "+++ b/x\n",
        "--- /dev/null\n",
        "+++ /dev/null\n",
        "@@ -1 +1 @@\n",
        "@@ -0,0 +1,99999999999999999999 @@\n",
        "-a\n",
        "+b\n",
        " c\n",
        "\n",
        "\\ No newline at end of file\n",
        "Binary files a/x and b/x differ\n",
        "GIT binary patch\n",
        "\x00\ufffd\r",
    ]
)


CODES = {"diff-unreadable", "diff-path", "diff-too-large"}


def outcome(data: bytes) -> str:
    """Return the code of the refusal, or nothing for a diff whose files all have a path."""
    try:
        diff = parse_diff(data)
    except Rejected as refusal:
        return refusal.code
    paths = [name for one in diff.files for name in (one.path, one.old_path)]
    return "" if all(name and name != "/dev/null" for name in paths) else "a file without a path"


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_odd_input_is_parsed_or_refused_and_never_crashes(text: str) -> None:
    assert outcome(text.encode()) in {"", *CODES}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    assert outcome(data) in {"", *CODES}
