"""Check a `.rig-agent.yaml` the way the rig will read it."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rigtasks.cli.failures import ExitCode
from rigtasks.routing.agent_config import ConfigInvalid, parse_agent_config


def validate_file(path: Path, *, as_json: bool) -> ExitCode:
    """Print whether the file is understood, and where it is not."""
    try:
        parsed = parse_agent_config(path.read_bytes())
    except OSError as error:
        problem = _Problem(path=str(path), detail=str(error.strerror), code=ExitCode.NOT_FOUND)
    except ConfigInvalid as error:
        problem = _Problem(
            path=str(path),
            detail=str(error),
            code=ExitCode.INVALID,
            line=error.line,
            column=error.column,
        )
    else:
        text = msgspec.json.encode(parsed).decode() if as_json else f"{path}: valid"
        sys.stdout.write(text + "\n")
        return ExitCode.OK
    sys.stderr.write((problem.as_json() if as_json else problem.as_line()) + "\n")
    return problem.code


@dataclass(frozen=True, kw_only=True)
class _Problem:
    """What is wrong with a file, and where."""

    path: str
    detail: str
    code: ExitCode
    line: int | None = None
    column: int | None = None

    def as_line(self) -> str:
        """Return it the way compilers print a place."""
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        return f"{place}: {self.detail}"

    def as_json(self) -> str:
        """Return it as problem+json."""
        return json.dumps(
            {
                "type": "about:blank",
                "title": "The file cannot be used",
                "code": "config-invalid" if self.code is ExitCode.INVALID else "not-found",
                "detail": self.detail,
                "path": self.path,
                "line": self.line,
                "column": self.column,
                "exit_code": int(self.code),
            }
        )
