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
        difference=r"GET /repos/\{owner\}/\{repo\}/pulls/\{pull_number\} 200 has a body of type "
        r"application/vnd\.github\.diff",
        reason="The media type of a diff is in the document's prose, not in its content.",
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
