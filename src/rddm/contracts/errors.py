"""
Exceptions: for the operator, a source, or our own bug. Bad *data* is a value (`Unreadable`, `Problem`), never raised.

    RddmError
    ├── ConfigurationError    the project's files are wrong: file, line, key and fix are named
    ├── Malformed             an id, an address or a time is not written as one; the form it needs is named
    ├── SourceError           a source cannot be reached or read; other sources go on
    ├── StoreError            the lake, the database or the disk failed
    ├── RunInProgress         another run holds the warehouse
    ├── ConservationError     a run's counts do not balance: a bug of ours, nothing was committed
    ├── NotFound              the person, record or run asked for does not exist
    ├── Undecided             the answer is not sure: somebody has to look
    └── TooLittle             what was told is too little to look for anybody by

A message says what, where and what next, and never shows a person's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


class RddmError(Exception):
    """Everything that we raise on purpose. ``exit_code`` is what the command line ends with."""

    exit_code = 1


@dataclass(frozen=True)
class ConfigurationProblem:
    """One thing wrong in one project file. ``line`` counts from 1; 0 when the file as a whole is meant."""

    file: str
    line: int
    key: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        key = f": {self.key}" if self.key else ""
        fix = f" {self.fix}" if self.fix else ""
        return f"{place}{key}: {self.message}{fix}"


class ConfigurationError(RddmError):
    """The project's files cannot be used; lists every problem found, not just the first."""

    exit_code = 2

    def __init__(self, *problems: ConfigurationProblem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class Malformed(RddmError):
    """What was asked for is not written as it must be: an id, the address of a record, a time. The form is named."""

    exit_code = 2


class SourceError(RddmError):
    """One source, or one entity of it, cannot be read. ``fix`` says what to do next."""

    exit_code = 3

    def __init__(self, source: str, entity: str, message: str, fix: str = "") -> None:
        message, fix = _writable(message), _writable(fix)
        self.source, self.entity, self.message, self.fix = source, entity, message, fix
        place = f'source "{source}"' + (f", entity {entity}" if entity else "")
        super().__init__(f"{place}: {message}" + (f" {fix}" if fix else ""))


def _writable(message: str) -> str:
    """Messages name what sources name; characters that no terminal, log or table can take are written as escapes."""
    return message.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


class StoreError(RddmError):
    """The lake, the database or the disk failed; what was not committed will be done again by the next run."""

    exit_code = 4


class RunInProgress(RddmError):
    """Another run holds the warehouse's lock."""

    exit_code = 5


class ConservationError(RddmError):
    """A run's counts do not balance. It was rolled back; this is a bug."""

    exit_code = 6


class NotFound(RddmError):
    """What was asked for does not exist here."""

    exit_code = 7


class Undecided(RddmError):
    """What was asked for may be there: there are several, or none is sure enough. Somebody has to look."""

    exit_code = 8


class TooLittle(RddmError):
    """What was told of somebody is too little to look for them by: nothing was compared. More has to be told."""

    exit_code = 9


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, what it came from, and so on to the first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def is_interrupt(error: BaseException) -> bool:
    """Whether *error* is somebody's Ctrl+C; the engine makes an error of its own of one that it notices itself."""
    return any(
        isinstance(each, KeyboardInterrupt) or type(each).__name__ == "InterruptException" for each in causes(error)
    )
