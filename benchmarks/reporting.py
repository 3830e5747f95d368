"""What a page of results says about where its figures come from."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent


def provenance(module: str) -> list[str]:
    """Return Markdown lines: the machine, the date, the commit and the command line of *module* (``benchmarks.identity``)."""
    return [
        f"Machine: {platform.machine()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB.  ",
        f"Date: {datetime.now(UTC):%Y-%m-%d}. Commit: {_commit()}.  ",
        f"Command: `{' '.join(['python -m', module, *_arguments()])}`  ",
    ]


def _arguments() -> list[str]:
    """The command line without what is of this machine only."""
    given = sys.argv[1:]
    for option in ("--folder", "--markdown"):
        if option in given:
            place = given.index(option)
            given = given[:place] + given[place + 2 :]
    return given


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    found = subprocess.run(  # noqa: S603 - git
        [git, "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"
