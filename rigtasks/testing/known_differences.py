"""Where the sandbox GitHub differs from GitHub's documents for good, each with its reason."""

import re
from collections.abc import Iterable

import msgspec


class KnownDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One difference that is no fault of the sandbox.

    Args:
        difference: the whole sentence of the judge, as a regular expression.
        reason: why it stays.
    """

    difference: str
    reason: str

    def covers(self, sentence: str) -> bool:
        """Say whether a judge's sentence is about this difference."""
        return re.fullmatch(self.difference, sentence) is not None


def exactly(sentence: str) -> str:
    """Return the pattern of one sentence and no other; `[n]` in it is any place in a list."""
    escaped = re.sub(r"([][{}()$.*+?|^\\])", r"\\\1", sentence)
    return escaped.replace(r"\[n\]", r"\[\d+\]")


_PULLS = "/repos/{owner}/{repo}/pulls"
_COMMENTS = (
    f"GET {_PULLS}/comments 200 $[n]",
    f"GET {_PULLS}/comments/{{comment_id}} 200 $",
    f"GET {_PULLS}/{{pull_number}}/comments 200 $[n]",
    f"PATCH {_PULLS}/comments/{{comment_id}} 200 $",
    f"POST {_PULLS}/{{pull_number}}/comments/{{comment_id}}/replies 201 $",
)
_OF_A_REVIEW = f"GET {_PULLS}/{{pull_number}}/reviews/{{review_id}}/comments 200 $[n]"
_FILE = "GET /repos/{owner}/{repo}/contents/{path} 200"
_IN_PROSE = (
    f"GET {_PULLS}/{{pull_number}} 200 has a body of type application/vnd.github.diff",
    f"GET {_PULLS}/{{pull_number}} 200 has a body of type application/vnd.github.v3.diff",
    f"{_FILE} has a body of type application/vnd.github.raw+json",
    f"{_FILE} has a body of type application/vnd.github.v3.raw",
)
_PULLS_SHOWN = (
    f"GET {_PULLS} 200 $[n]",
    f"GET {_PULLS}/{{pull_number}} 200 $",
    f"PATCH {_PULLS}/{{pull_number}} 200 $",
    "pull-request-closed: $.pull_request",
)

#: Where the sandbox differs from GitHub's documents; each is shown by a call in the tests.
KNOWN = (
    *(
        KnownDifference(
            difference=exactly(f"{place}.{name}: None is not of type 'integer'"),
            reason="A comment whose line was changed has none any more; only the document of "
            "webhooks says so.",
        )
        for place, names in (
            *((place, ("line", "position")) for place in _COMMENTS),
            (_OF_A_REVIEW, ("line",)),
        )
        for name in names
    ),
    *(
        KnownDifference(
            difference=exactly(sentence),
            reason="The media types of diffs and raw files are in the document's prose, not in "
            "its content.",
        )
        for sentence in _IN_PROSE
    ),
    KnownDifference(
        difference=exactly(
            f"GET {_PULLS} 200 $[n].labels[n].description: None is not of type 'string'"
        ),
        reason="A label without a description has none in a list either; the document says so of a "
        "single pull request and of issues only.",
    ),
    KnownDifference(
        difference=exactly("GET / 200 has a body of type text/html"),
        reason="Pages and REST share one address on the sandbox, and the root is a page.",
    ),
    *(
        KnownDifference(
            difference=exactly(f"{place}.head.repo: None is not of type 'object'"),
            reason="A pull request outlives the fork it came from; some of the documents forget "
            "that.",
        )
        for place in _PULLS_SHOWN
    ),
)


#: Where `emulate` differs for the client's calls from what GitHub's documents promise.
EMULATE = (
    KnownDifference(
        difference=r"accounts: NotFound: GET /users/dev-e%5Bbot%5D: 404 .*",
        reason="The bot of an App writes, and yet has no account to read.",
    ),
    KnownDifference(
        difference=r"comments_of_an_app: NotFound: GET /users/dev-e%5Bbot%5D: 404 .*",
        reason="As above: an App cannot find out which comments are its own.",
    ),
    KnownDifference(
        difference=r"tokens: a wrong one: .*, not 'BadCredentials'",
        reason="A wrong token counts as none, where GitHub answers 401 to every call.",
    ),
    KnownDifference(
        difference=r"repository: NotFound: GET /repos/octo/repository: 404 .*",
        reason="A former name leads nowhere, where GitHub redirects.",
    ),
    KnownDifference(
        difference=r"history: who changed the title: None, not 'mona'",
        reason="A new title leaves no `renamed` event.",
    ),
    KnownDifference(
        difference=r"text_edits: NotFound: POST /graphql: 404 .*",
        reason="It speaks REST alone, and no GraphQL.",
    ),
    KnownDifference(
        difference=r"permissions: of somebody else: 'none', not 'read'",
        reason="Everybody may read a public repository, which GitHub says here as well.",
    ),
    KnownDifference(
        difference=r"required_checks: without protection: \(False, \(\)\), not \(True, \(\)\)",
        reason="There are no rulesets, so that nothing can be said about them.",
    ),
    KnownDifference(
        difference=r"pull_requests: one without a branch: .*, not 'Unprocessable'",
        reason="A pull request may be opened from a branch that does not exist.",
    ),
    KnownDifference(
        difference=r"pull_requests: its head after a push: .*",
        reason="The head stays what it was when the pull request was opened.",
    ),
    KnownDifference(
        difference=r"changes_of_pull_requests: its files: \[\], not .*",
        reason="The files are not those of the branches.",
    ),
    KnownDifference(
        difference=r"changes_of_pull_requests: its commits: .*",
        reason="Commits that are on the base already are listed too.",
    ),
    KnownDifference(
        difference=r"changes_of_pull_requests: its diff: False, not True",
        reason="The media type of a diff is not known; JSON comes back.",
    ),
    KnownDifference(
        difference=r"conflicts: whether it can be merged: \(True, 'clean'\), not .*",
        reason="Branches never conflict.",
    ),
    KnownDifference(
        difference=r"threads: Unprocessable: POST /repos/octo/threads/pulls/2/reviews: 422 .*",
        reason="A remark needs a `position`; `line`, which replaced it, is refused.",
    ),
    KnownDifference(
        difference=r"check_runs: its App: False, not True",
        reason="A check run has no App.",
    ),
    KnownDifference(
        difference=r"check_runs: put again: \d+, not \d+",
        reason="Without an App nobody can find his own check run, and makes another.",
    ),
    KnownDifference(
        difference=r"check_suites: Unavailable: .*latest_check_runs_count.*",
        reason="A suite lacks a field that GitHub's document requires.",
    ),
    KnownDifference(
        difference=r"statuses: SeedingFailed: POST \S+ answered 404: .*",
        reason="There are no commit statuses.",
    ),
    KnownDifference(
        difference=r"merges: the issue: 'open', not 'closed'",
        reason="Closing words do not close an issue.",
    ),
    KnownDifference(
        difference=r"refused_merges: at another head: 'Unprocessable', not 'HeadMoved'",
        reason="It answers 422 where GitHub documents 409.",
    ),
    KnownDifference(
        difference=r"refused_merges: twice: 'Unprocessable', not 'NotMergeable'",
        reason="It answers 422 where GitHub documents 405.",
    ),
)


def unknown(sentences: Iterable[str], known: tuple[KnownDifference, ...] = KNOWN) -> list[str]:
    """Return the differences nobody has accounted for, in order."""
    return sorted(one for one in sentences if not any(each.covers(one) for each in known))


def stale(sentences: Iterable[str], known: tuple[KnownDifference, ...]) -> list[str]:
    """Return the known differences that none of a whole run's sentences is about, in order."""
    found = tuple(sentences)
    return sorted(each.difference for each in known if not any(each.covers(one) for one in found))
