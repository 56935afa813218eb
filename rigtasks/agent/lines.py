"""Cut a hostile byte stream into lines of bounded size."""

CUT = "\N{HORIZONTAL ELLIPSIS}[line cut]"


class BoundedLines:
    """Collects bytes and gives back whole lines, however they arrive.

    A line longer than `max_line` bytes is given once, cut and marked with `CUT`; the rest of it is
    dropped. Bytes that are not UTF-8 become replacement characters.
    """

    def __init__(self, max_line: int) -> None:
        self._max_line = max_line
        self._partial = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that these bytes complete, without their line ends."""
        lines = []
        *ended, rest = data.split(b"\n")
        for piece in ended:
            if self._add(piece):
                lines.append(self._take(cut=True))
            if not self._dropping:
                lines.append(self._take(cut=False))
            self._dropping = False
        if self._add(rest):
            lines.append(self._take(cut=True))
        return lines

    def close(self) -> list[str]:
        """Return the last line when it had no line end."""
        return [self._take(cut=False)] if self._partial else []

    def _add(self, piece: bytes) -> bool:
        """Keep bytes; say whether the line just became too long."""
        if self._dropping:
            return False
        room = self._max_line - len(self._partial)
        self._partial += piece[:room]
        self._dropping = len(piece) > room
        return self._dropping

    def _take(self, *, cut: bool) -> str:
        text = self._partial.decode(errors="replace").rstrip("\r")
        self._partial.clear()
        return text + CUT if cut else text


class Tail:
    """Keeps the last bytes of a stream."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept = bytearray()
        self.total = 0

    def feed(self, data: bytes) -> None:
        """Add bytes, dropping the oldest ones."""
        self.total += len(data)
        self._kept += data
        del self._kept[: -self._size]

    def text(self) -> str:
        """Return what is kept, saying how much went before it."""
        lost = self.total - len(self._kept)
        head = f"[{lost} bytes before this]\n" if lost else ""
        return head + self._kept.decode(errors="replace")
