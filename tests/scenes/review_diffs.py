"""Write small git diffs, so that tests show the change and not its format."""

from rigtasks.review.diff import Diff, parse_diff


def edited(path: str, *, added: str = "", removed: str = "", start: int = 1) -> str:
    """Return a hunk that takes out `removed` and puts in `added`, both at line `start`."""
    minus, plus = _lines(removed), _lines(added)
    return (
        f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n"
        f"--- a/{path}\n+++ b/{path}\n"
        f"@@ -{start if minus else start - 1},{len(minus)} +{start},{len(plus)} @@\n"
        + "".join(f"-{line}\n" for line in minus)
        + "".join(f"+{line}\n" for line in plus)
    )


def new_file(path: str, text: str = "x\n", mode: str = "100644") -> str:
    lines = _lines(text)
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex 0000000..2222222\n"
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
        + "".join(f"+{line}\n" for line in lines)
    )


def deleted(path: str, text: str = "x\n") -> str:
    lines = _lines(text)
    return (
        f"diff --git a/{path} b/{path}\ndeleted file mode 100644\nindex 2222222..0000000\n"
        f"--- a/{path}\n+++ /dev/null\n@@ -1,{len(lines)} +0,0 @@\n"
        + "".join(f"-{line}\n" for line in lines)
    )


def renamed(old: str, new: str) -> str:
    return (
        f"diff --git a/{old} b/{new}\nsimilarity index 100%\nrename from {old}\nrename to {new}\n"
    )


def diff_of(*parts: str, truncated: bool = False) -> Diff:
    return parse_diff("".join(parts).encode(), truncated=truncated)


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []
