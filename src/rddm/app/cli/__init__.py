"""
The command line: one noun, one file; `render` draws what they fetch.

Commands ask `rddm.app.wire` for a warehouse, the rooms below for values, and print them for people or, with ``--json``, for
programs. Every module here is cheap to import; what takes time is imported inside the commands, so that help comes at once.
"""

from __future__ import annotations

import sys

from rddm.app.cli.application import application
from rddm.app.cli.output import prepare_streams

__all__ = ["application", "main"]


def main() -> None:
    """Run the command line; ends the process with an exit code of `rddm.contracts.errors`."""
    prepare_streams()
    application(sys.argv[1:], prog_name="rddm")
