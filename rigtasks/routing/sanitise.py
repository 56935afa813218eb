"""Take out of a text what a person does not see on GitHub but an agent would read."""

import re
import unicodedata

import msgspec

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_HTML_COMMENT = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<![A-Za-z][^>]{0,2000}+>"
    r"|<\?.{0,2000}?\?>",
    re.DOTALL,
)
_OPEN_INSTRUCTION = re.compile(r"^[ \t]*<\?.*\Z", re.DOTALL | re.MULTILINE)
_TAG = re.compile(
    r"<(?P<slash>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]{0,30})"
    r"(?P<attributes>(?:[\s/](?:[^<>\"']|\"[^\"]{0,2000}\"|'[^']{0,2000}'){0,4000}+)?)>"
)
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(?P<name>href|src|alt)\s*=\s*(?:\"(?P<d>[^\"]*)\"|'(?P<s>[^']*)'|(?P<b>[^\s\"'>]+))",
    re.IGNORECASE,
)
_TITLE = r"(?:\"[^\"\n]*\"|'[^'\n]*'|\([^)\n]*\))"
_DEFINITION = re.compile(
    r"^ {0,3}\[(?P<name>[^\]\n]{1,999})\]:[ \t]*\n?[ \t]*(?P<target><[^<>\n]*>|[^<\s]\S*)"
    rf"(?:[ \t]+{_TITLE}|[ \t]*\n[ \t]*{_TITLE})?[ \t]*$",
    re.MULTILINE,
)
_IMAGE = re.compile(r"!\[(?P<alt>[^\]]{0,2000}+)\](?=[(\[])")
_LINK_TITLE = re.compile(
    r"(?P<head>\]\([ \t]*(?:<[^>\n]{0,2000}>|[^\s()]{1,2000}))"
    r"\s+(?:\"[^\"]{0,5000}\"|'[^']{0,5000}'|\([^)]{0,5000}\))[ \t]*\)"
)
_FENCE_INFO = re.compile(r"^(?P<fence>[ \t]{0,3}(?:`{3,}|~{3,}))(?P<info>[^\n`]*)$", re.MULTILINE)
_ALT_LENGTH = 80
_URL_LENGTH = 500
_WORD_LENGTH = 20
_PASSES = 4


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """How much of each kind was taken out, so that the issue can say so."""

    characters: int = 0
    comments: int = 0
    attributes: int = 0
    definitions: int = 0
    titles: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(
            characters=self.characters + other.characters,
            comments=self.comments + other.comments,
            attributes=self.attributes + other.attributes,
            definitions=self.definitions + other.definitions,
            titles=self.titles + other.titles,
        )

    @property
    def total(self) -> int:
        """Count everything that was taken out."""
        return self.characters + self.comments + self.attributes + self.definitions + self.titles


class Clean(msgspec.Struct, frozen=True, kw_only=True):
    """A text as a person sees it, and what was taken out of it."""

    text: str
    removed: Removed


def without_invisible(text: str) -> str:
    """Drop the characters that have no width, change direction or carry hidden data."""
    return _INVISIBLE.sub("", text)


def sanitise(text: str) -> Clean:
    """Keep what GitHub shows and drop what it hides; doing it twice changes nothing more.

    What taking one construct out brings to light is looked at again, a bounded number of times.
    """
    plain = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
    plain, controls = _CONTROL.subn("", plain.replace("\r", "\n"))
    plain, invisible = _INVISIBLE.subn("", plain)
    clean = Clean(
        text=unicodedata.normalize("NFC", plain).strip(),
        removed=Removed(characters=controls + invisible),
    )
    for _ in range(_PASSES):
        again = _strip_markup(clean.text)
        if again.text == clean.text:
            break
        clean = Clean(text=again.text, removed=clean.removed + again.removed)
    return clean


def _strip_markup(text: str) -> Clean:
    """Strip once; a comment leaves a blank, so that its neighbours cannot join into a new one."""
    plain, comments = _HTML_COMMENT.subn(" ", text)
    plain, attributes = _strip_tags(plain)
    plain, definitions = _strip_definitions(plain)
    plain, titles = _LINK_TITLE.subn(r"\g<head>)", plain)
    plain = _IMAGE.sub(lambda match: f"![{_short(match['alt'], _ALT_LENGTH)}]", plain)
    plain = _FENCE_INFO.sub(_fence, plain)
    plain, instructions = _OPEN_INSTRUCTION.subn("", plain)
    return Clean(
        text=plain.strip(),
        removed=Removed(
            comments=comments + instructions,
            attributes=attributes,
            definitions=definitions,
            titles=titles,
        ),
    )


def _strip_tags(text: str) -> tuple[str, int]:
    stripped = 0

    def rewrite(match: re.Match[str]) -> str:
        nonlocal stripped
        kept = _kept_attributes(match["attributes"])
        tail = "/" if match["attributes"].rstrip().endswith("/") else ""
        written = f"<{match['slash']}{match['name']}{kept}{tail}>"
        stripped += written != match[0]
        return written

    return _TAG.sub(rewrite, text), stripped


def _kept_attributes(attributes: str) -> str:
    kept = []
    for attribute in _ATTRIBUTE.finditer(attributes):
        name = attribute["name"].lower()
        value = attribute["d"] or attribute["s"] or attribute["b"] or ""
        limit = _ALT_LENGTH if name == "alt" else _URL_LENGTH
        kept.append(f' {name}="{_short(value.replace(chr(34), ""), limit)}"')
    return "".join(kept)


def _strip_definitions(text: str) -> tuple[str, int]:
    stripped = 0

    def rewrite(match: re.Match[str]) -> str:
        nonlocal stripped
        target = match["target"]
        is_remark = target in {"#", "<>"} or match["name"].strip() in {"//", "comment"}
        written = "" if is_remark else f"[{match['name']}]: {target[:_URL_LENGTH]}"
        stripped += written != match[0]
        return written

    return _DEFINITION.sub(rewrite, text), stripped


def _short(text: str, limit: int) -> str:
    single = " ".join(text.split())
    return single if len(single) <= limit else single[: limit - 1] + "…"


def _fence(match: re.Match[str]) -> str:
    language = match["info"].split()[:1]
    return match["fence"] + "".join(word[:_WORD_LENGTH] for word in language)
