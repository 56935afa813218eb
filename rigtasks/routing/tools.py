"""Which extra tools a repository may have: an operator's list, and a fixed way to install each.

A repository names tools; it never says how they are installed, from where or in which version.
"""

import difflib
import re
from collections.abc import Iterable

import msgspec

from rigtasks.errors import Permanent
from rigtasks.routing.look_alikes import skeleton

#: What a tool may be called: a package's plain or scoped name, without a version.
_NAME = re.compile(r"(?:@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_PIP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*", re.ASCII)
_NPM = re.compile(
    r"(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*@\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?",
    re.ASCII,
)
_PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*", re.ASCII)
_URL = re.compile(r"https?://[^\s@/?#]+(?:/[^\s@?#]*)?", re.ASCII)
_ASKED = re.compile(r"(?P<name>.+?)(?:(?:==|@)(?P<version>[^@=]+))?")
_PREFIX = "{prefix}"
_CLOSE = 0.75
_SHOWN = 12


class ToolListInvalid(Permanent):
    """The operator's list cannot be used; the message says why and what to write."""


class Tool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one tool is installed: exactly one of `pip`, `npm` and `run`.

    Args:
        pip: a package of the Python index with its exact version, `name==version`.
        npm: a package of the npm registry with its exact version, `name@version`.
        run: the words of one command; `{prefix}` in them is where the tool has to go.
        programs: which of its programs a run finds; the tool's own name where none are given.
        network: whether its installation has the network; by default `pip` and `npm` have it.
    """

    pip: str | None = None
    npm: str | None = None
    run: tuple[str, ...] | None = None
    programs: tuple[str, ...] = ()
    network: bool | None = None

    @property
    def pin(self) -> str | None:
        """Return the package with its version; None where a command of the operator's runs."""
        return self.pip or self.npm

    @property
    def version(self) -> str | None:
        """Return the version that is installed, where the list names one."""
        return re.split("==|@", self.pin)[-1] if self.pin else None


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that a run gets, and how: its steps first, then its programs, each by itself.

    Args:
        name: as the operator lists it.
        label: its package with the version, for people.
        steps: each the words of one command, run one after the other; no shell reads them.
        folder: where its programs lie afterwards.
        programs: which of them it has to have.
        links: commands that put these, and nothing else of it, where a run looks.
        network: whether its commands have the network.
    """

    name: str
    label: str
    steps: tuple[tuple[str, ...], ...]
    folder: str
    programs: tuple[str, ...]
    links: tuple[tuple[str, ...], ...]
    network: bool


class NotAllowed(msgspec.Struct, frozen=True, kw_only=True):
    """Why a repository does not get what it asks for, and who can do what."""

    sentence: str


class ToolList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tools that repositories may name, by those names.

    Args:
        tools: how each is installed.
        pip_index: where `pip` looks instead of its own default.
        npm_registry: where `npm` looks instead of its own default.
    """

    tools: dict[str, Tool] = {}
    pip_index: str | None = None
    npm_registry: str | None = None

    def choose(self, asked: Iterable[str]) -> tuple[str, ...] | NotAllowed:
        """Return the names on the list that are asked for, each once, or the first that is not."""
        names: dict[str, None] = {}
        for one in asked:
            match = _ASKED.fullmatch(one)
            name, version = (match["name"], match["version"]) if match else (one, None)
            tool = self.tools.get(name)
            if tool is None:
                return NotAllowed(sentence=self._unknown(one, name))
            if version is not None and version != tool.version:
                return NotAllowed(sentence=_other_version(name, version, tool))
            names[name] = None
        clash = self._clash(names)
        return tuple(names) if clash is None else NotAllowed(sentence=clash)

    def installations(self, names: Iterable[str], *, prefix: str) -> tuple[Installation, ...]:
        """Return how the named tools are installed below a folder.

        Args:
            names: as `choose` returns them.
            prefix: the folder as the commands see it, with an empty `bin` in it.
        """
        return tuple(self._installation(name, prefix) for name in names)

    def _installation(self, name: str, prefix: str) -> Installation:
        """Return how one is installed: a package gets a folder of its own, a command the prefix."""
        tool = self.tools[name]
        programs = _programs(name, tool)
        way = "pip" if tool.pip is not None else "npm"
        own = f"{prefix}/{way}/{name}"
        return Installation(
            name=name,
            label=tool.pin or name,
            steps=self._steps(tool, own, prefix),
            folder=f"{own if tool.pin else prefix}/bin",
            programs=programs,
            links=tuple(
                ("ln", "-s", f"../{way}/{name}/bin/{program}", f"{prefix}/bin/{program}")
                for program in programs
                if tool.pin
            ),
            network=tool.run is None if tool.network is None else tool.network,
        )

    def _steps(self, tool: Tool, own: str, prefix: str) -> tuple[tuple[str, ...], ...]:
        """Return the commands; of packages nothing is run while they are installed."""
        if tool.pip is not None:
            index = ("--index-url", self.pip_index) if self.pip_index else ()
            return (
                ("python3", "-I", "-m", "venv", "--without-pip", own),
                (
                    *("python3", "-I", "-m", "pip", "--python", f"{own}/bin/python", "install"),
                    *("--isolated", "--no-input", "--no-cache-dir", "--disable-pip-version-check"),
                    *("--quiet", "--only-binary", ":all:", *index, "--", tool.pip),
                ),
            )
        if tool.npm is not None:
            registry = ("--registry", self.npm_registry) if self.npm_registry else ()
            return (
                (
                    *("npm", "install", "--global", "--prefix", own, "--ignore-scripts"),
                    *("--no-audit", "--no-fund", "--no-update-notifier", *registry),
                    *("--", tool.npm),
                ),
            )
        return (tuple(word.replace(_PREFIX, prefix) for word in tool.run or ()),)

    def _clash(self, names: Iterable[str]) -> str | None:
        """Say which two of the tools want to be found under one name."""
        owners: dict[str, str] = {}
        for name in names:
            for program in dict.fromkeys(_programs(name, self.tools[name])):
                other = owners.setdefault(program, name)
                if other != name:
                    return (
                        f"`tools` asks for `{other}` and `{name}`, and both bring a program "
                        f"`{program}`: name only one of them, or ask an operator of the rig to "
                        "change `programs` in RIG_TOOLS_FILE"
                    )
        return None

    def _unknown(self, asked: str, name: str) -> str:
        known = {_plain(one): one for one in self.tools}
        close = difflib.get_close_matches(_plain(name), known, n=1, cutoff=_CLOSE)
        meant = f" Did you mean `{known[close[0]]}`?" if close else ""
        listed = ", ".join(f"`{one}`" for one in sorted(self.tools)[:_SHOWN]) or "nothing"
        more = ", …" if len(self.tools) > _SHOWN else ""
        return (
            f"`tools` asks for `{asked}`, which this rig does not install.{meant} "
            f"It installs {listed}{more}; an operator of the rig adds to that in RIG_TOOLS_FILE"
        )


def _other_version(name: str, version: str, tool: Tool) -> str:
    installed = f"installs version {tool.version}" if tool.version else "decides on its version"
    return (
        f"`tools` asks for version {version} of `{name}`, but this rig {installed}: write "
        f"`{name}`, or ask an operator of the rig to change RIG_TOOLS_FILE"
    )


def _programs(name: str, tool: Tool) -> tuple[str, ...]:
    return tool.programs or (name.rpartition("/")[2],)


def _plain(name: str) -> str:
    """Return a name as it looks, without the marks between its words."""
    return skeleton(name).replace("-", "").replace(".", "")


def parse_tool_list(data: bytes) -> ToolList:
    """Parse the operator's list, a JSON object.

    Raises:
        ToolListInvalid: it is none, or an entry is not exactly one fixed way to install a tool.
    """
    try:
        listed = msgspec.json.decode(data, type=ToolList)
    except msgspec.MsgspecError as error:
        raise ToolListInvalid(f"{error}; it must be a JSON object with `tools`") from error
    for name, tool in listed.tools.items():
        problem = _problem(name, tool)
        if problem:
            raise ToolListInvalid(f"`{name}` {problem}")
    for key, url in (("pip_index", listed.pip_index), ("npm_registry", listed.npm_registry)):
        if url is not None and not _URL.fullmatch(url):
            raise ToolListInvalid(f"`{key}` must be an http address without a login in it")
    return listed


def _problem(name: str, tool: Tool) -> str:
    """Say what is wrong with an entry; empty where nothing is."""
    ways = [way for way in ("pip", "npm", "run") if getattr(tool, way) is not None]
    rules = (
        (
            _NAME.fullmatch(name),
            "is no name of a tool: write letters, digits, `.`, `-` and `_`, without a version",
        ),
        (len(ways) == 1, "needs exactly one of `pip`, `npm` and `run`"),
        (
            tool.pip is None or _PIP.fullmatch(tool.pip),
            "needs `pip` with an exact version, such as `ruff==0.17.6`",
        ),
        (
            tool.npm is None or _NPM.fullmatch(tool.npm),
            "needs `npm` with an exact version, such as `prettier@3.10.1`",
        ),
        (tool.pip is None or "/" not in name, "needs a plain name for a package of pip"),
        (
            tool.run is None or _is_command(tool.run),
            "needs `run` with the words of one command, the program first",
        ),
        (
            all(_PROGRAM.fullmatch(program) for program in tool.programs),
            "needs `programs` as plain names of files",
        ),
    )
    return next((sentence for holds, sentence in rules if not holds), "")


def _is_command(words: tuple[str, ...]) -> bool:
    """Say whether the words can start a program."""
    return (
        bool(words)
        and not words[0].startswith("-")
        and not any(not word or "\0" in word for word in words)
    )


#: What a repository may name where the operator has no list: exact versions, and few of them.
DEFAULT_TOOLS = ToolList(
    tools={
        "black": Tool(pip="black==26.10.1"),
        "firebase-tools": Tool(npm="firebase-tools@15.34.2", programs=("firebase",)),
        "prettier": Tool(npm="prettier@3.10.1"),
        "ruff": Tool(pip="ruff==0.17.6"),
    }
)
