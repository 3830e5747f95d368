"""Opening a project's warehouse for a command."""

from __future__ import annotations

import getpass
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rddm.app.cli.options import find_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rddm.serve.reading import Reading


@contextmanager
def reading(project: Path | None, as_of: str | None = None) -> Iterator[Reading]:
    """Yield the project's warehouse for reading, as it is or as it was at *as_of*."""
    from rddm.app import wire  # noqa: PLC0415 - see the room's docstring

    with wire.open_reading(find_project(project), os.environ) as opened:
        yield opened.as_of(as_of)


def author(by: str | None) -> str:
    """Return who decides: *by*, or the user of the machine."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers; which of the two depends on Python
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"
