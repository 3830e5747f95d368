"""The lake's snapshots, and what maintenance did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import moment, number, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rddm.store.lake import Snapshot
    from rddm.store.maintenance import Maintained


def draw_snapshots(snapshots: Sequence[Snapshot], total: int) -> RenderableType:
    """Return the snapshots, newest first."""
    table = listing(">snapshot", "!committed (UTC)", "by", "origin")
    for each in snapshots:
        origin = each.info.get("origin")
        table.add_row(
            Text(str(each.number), style="cyan"), moment(each.at), each.message or dim("–"), str(origin or "")
        )
    note = (
        f"{number(len(snapshots))} of {number(total)} shown; --limit N shows more. " if len(snapshots) < total else ""
    )
    return Group(table, dim(f"{note}Look back with: rddm person show ID --as-of SNAPSHOT"))


def draw_maintained(done: Maintained) -> RenderableType:
    """Return what maintenance did."""
    return Group(
        Text(f"snapshots  {number(done.snapshots_before)} → {number(done.snapshots_after)}"),
        Text(
            f"files      {number(done.files_before)} → {number(done.files_after)}"
            f" ({size(done.size_bytes_before)} → {size(done.size_bytes_after)}), {number(done.files_deleted)} unused ones deleted"
        ),
        Text(
            f"rows       {number(done.rows)} in {number(done.tables)} tables, the same before and after ✓",
            style="green",
        ),
    )
