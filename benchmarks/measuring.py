"""Memory of an engine: of a process and all it started, watched from outside."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

INTERVAL_SECONDS = 0.05


class ProcessTree:
    """
    Resident memory, in bytes, of process *root*, its children and the PostgreSQL whose ``postmaster.pid`` is *server*.

    Memory that processes share is counted for each of them. Beyond *most_bytes*, *root* is killed, before the machine is out of
    memory and kills something else; ``exceeded`` says so.
    """

    def __init__(self, root: int, server: Path, most_bytes: int) -> None:
        self._root = root
        self._server = server
        self._most_bytes = most_bytes
        self.exceeded = False
        self._seen: list[tuple[float, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def peak(self, started: float = 0, ended: float = float("inf")) -> int:
        """Return the highest sum between two times of the monotonic clock; the nearest one where they are very close."""
        inside = [size for at, size in self._seen if started - INTERVAL_SECONDS <= at <= ended + INTERVAL_SECONDS]
        return max(inside, default=0)

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL_SECONDS):
            size = self._size()
            self._seen.append((time.monotonic(), size))
            if size > self._most_bytes and not self.exceeded:
                self.exceeded = True
                with suppress(psutil.Error):
                    psutil.Process(self._root).kill()

    def _size(self) -> int:
        sizes: dict[int, int] = {}
        for root in (self._root, self._server_process()):
            try:
                top = psutil.Process(root) if root else None
                family = [top, *top.children(recursive=True)] if top else []
            except psutil.Error:
                continue
            for process in family:
                try:
                    sizes[process.pid] = process.memory_info().rss
                except psutil.Error:  # it has just ended
                    continue
        return sum(sizes.values())

    def _server_process(self) -> int | None:
        try:
            return int(self._server.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            return None
