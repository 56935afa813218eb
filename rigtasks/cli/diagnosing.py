"""`rig doctor`: one page of checks, each with what to do."""

from rigtasks.cli.failures import ExitCode
from rigtasks.cli.operated import OperatedRig
from rigtasks.cli.output import write_json, write_line
from rigtasks.config import load_settings
from webhook_receiver.reading.diagnosis import Diagnosis, Level
from webhook_receiver.reading.doctor import Doctor, with_settings

_MARKS = {Level.OK: "ok", Level.WARNING: "warning", Level.ALARM: "ALARM"}


def print_diagnosis(rig: OperatedRig, *, as_json: bool) -> ExitCode:
    """Print every check; the exit code says whether there is an alarm."""
    settings = load_settings()
    doctor = Doctor(rig.reading, settings, shows_settings=True)
    found = with_settings(doctor.examine(), settings)
    if as_json:
        write_json(found)
    else:
        for check in found.checks:
            _show(check)
    return ExitCode.FAILURE if found.alarms else ExitCode.OK


def _show(check: Diagnosis) -> None:
    write_line(f"{_MARKS[check.level]:<8} {check.name:<22} {check.detail}")
    if check.level is not Level.OK:
        write_line(f"{'':<31} {check.remedy}")
