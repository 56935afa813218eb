"""Where the sandbox GitHub differs from GitHub's documents for good, each with its reason."""

import re

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


KNOWN = (
    KnownDifference(
        difference=r"GET \S+ 304 is no status of this operation",
        reason="GitHub answers every read conditionally; its document names 304 for some only.",
    ),
    KnownDifference(
        difference=r"(GET \S+ 301|(POST|PUT|PATCH|DELETE) \S+ 307) is no status of this "
        r"operation",
        reason="Every address of a repository or an issue that moved redirects; the document names "
        "that for some only.",
    ),
    KnownDifference(
        difference=r"(GET|POST|PATCH) /repos/\{owner\}/\{repo\}/pulls/\S*comments\S* 20\d "
        r"\$(\[\d+\])?\.(line|position): None is not of type 'integer'",
        reason="A comment whose line was changed has none any more; only the document of webhooks "
        "says so.",
    ),
    KnownDifference(
        difference=r"GET /repos/\{owner\}/\{repo\}/pulls/\{pull_number\} 200 has a body of type "
        r"application/vnd\.github\.diff",
        reason="The media type of a diff is in the document's prose, not in its content.",
    ),
    KnownDifference(
        difference=r"\S+( \S+ 20\d|:) \$(\[\d+\])?(\.pull_request)?\.head\.repo: "
        r"None is not of type 'object'",
        reason="A pull request outlives the fork it came from; some of the documents forget that.",
    ),
    KnownDifference(
        difference=r"GET /repos/[^/]+/[^/]+/contents is no operation of GitHub's",
        reason="The root folder of a repository is the content at an empty path.",
    ),
    KnownDifference(
        difference=r"GET /app/installations 200 \$\[\d+\]\.account: .*",
        reason="The document's list asks an account to be a person and an enterprise at once; "
        "for a single installation it asks for either.",
    ),
)


def unknown(sentences: set[str]) -> list[str]:
    """Return the differences nobody has accounted for, in order."""
    return sorted(one for one in sentences if not any(each.covers(one) for each in KNOWN))
