"""Memory of a process and what it started."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measuring import ProcessTree

TAKE = "import sys, time; block = bytearray(64 * 2**20); print('taken', flush=True); sys.stdin.read()"
TAKE_IN_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TAKE!r}])"


def _run(code: str, folder: Path, most_bytes: int) -> tuple[ProcessTree, int]:
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own Python
    assert process.stdin is not None
    assert process.stdout is not None
    with process, ProcessTree(process.pid, folder / "postmaster.pid", most_bytes) as tree:
        process.stdout.readline()
        deadline = time.monotonic() + 30
        while tree.peak() < 64 * 2**20 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.stdin.close()
        process.wait()
    return tree, process.returncode


def test_memory_of_a_child_counts(tmp_path: Path) -> None:
    tree, code = _run(TAKE_IN_A_CHILD, tmp_path, 2**40)
    assert code == 0
    assert not tree.exceeded
    assert tree.peak() > 64 * 2**20


def test_only_the_time_asked_for_counts(tmp_path: Path) -> None:
    tree, _ = _run(TAKE, tmp_path, 2**40)
    assert tree.peak(0, 1) == 0


def test_who_wants_too_much_is_stopped(tmp_path: Path) -> None:
    tree, code = _run(TAKE, tmp_path, 32 * 2**20)
    assert tree.exceeded
    assert code != 0
