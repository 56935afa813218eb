"""Where requests to a model go, and with what."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from rigtasks.errors import Permanent

#: Stands for the door's address in the arguments and the environment of a command.
MODEL_URL = "{model_url}"
#: What a command line that insists on a key is given.
PLACEHOLDER = "held-by-the-rig"


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A model's API, what to ask it for, and the headers that carry the key.

    Args:
        url: scheme, host, port and where needed a path before `paths`.
        paths: the only paths that are passed on, without their query, and by POST only.
        headers: set on every request in place of the sandbox's own; never shown.
    """

    url: str
    paths: frozenset[str]
    headers: dict[str, str] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse an address that names no server.

        Raises:
            Permanent: it is no http or https URL.
        """
        if self.address.scheme not in {"http", "https"} or not self.address.hostname:
            raise Permanent(f"{self.url!r} is no address of a model's API: write https://host")

    @property
    def address(self) -> SplitResult:
        """Return the parts of the address."""
        return urlsplit(self.url.rstrip("/"))
