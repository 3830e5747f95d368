"""
Where the engine, and the steps of a run, let wait what does not fit in memory: people's data, in a folder of its own for each
opening of the lake.

Of its own, because the engine names its files without a process, and when it closes deletes all that it finds there of such names
(DuckDB 1.5.5). The folder is leased as long as its process lives; the operating system ends the lease of one that was killed, so
who comes later can tell what is left of it.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rddm.store.folders import locked, make_private
from rddm.store.trouble import told_in_words

_LOCK = "lock"
"""Held while a folder is made and leased, or those of the dead are looked for: no new one is taken for one of these."""
_LEASE = "lease"


@contextmanager
def own_folder(spill: Path) -> Iterator[Path]:
    """
    Yield a new folder in *spill* that nobody else uses; at the end it goes, with all that is in it.

    Raises:
        StoreError: it cannot be made.
    """
    with told_in_words():
        make_private(spill)
        with locked(spill / _LOCK):
            own = Path(tempfile.mkdtemp(dir=spill))
            lease = (own / _LEASE).open("a")
            fcntl.flock(lease, fcntl.LOCK_SH)
    with lease:
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)


def clear_dead(own: Path) -> int:
    """Delete what processes that were killed left beside *own*, one of `own_folder`; return how many files."""
    if not _is_leased(own):
        raise ValueError(f"{own} is not a folder that others' lie beside")
    deleted = 0
    with locked(own.parent / _LOCK):
        for each in (own.parent / name for name in others(own)):
            if _is_leased(each):
                continue
            files = [file for file in (each, *each.rglob("*")) if file.is_file() and file.name != _LEASE]
            if each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink(missing_ok=True)
            deleted += sum(not file.exists() for file in files)
    return deleted


def others(own: Path) -> frozenset[str]:
    """Return what lies beside *own*, by name: folders of others that opened the lake, and what earlier versions left."""
    return frozenset(each.name for each in own.parent.iterdir() if each.name not in (_LOCK, own.name))


def _is_leased(folder: Path) -> bool:
    try:
        with (folder / _LEASE).open("r+") as lease:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # of another user: who knows
        return True
    except (FileNotFoundError, NotADirectoryError):  # it has just gone, or is of an earlier version
        return False
    return False
