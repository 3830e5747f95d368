"""Maintain the lake of a warehouse: what maintenance writes anew has not changed, so what was published stays so."""

from __future__ import annotations

from datetime import UTC, datetime

from rddm.pipeline.run import Warehouse
from rddm.store.maintenance import Maintained, maintain


def maintain_warehouse(warehouse: Warehouse, *, expire_before: datetime) -> Maintained:
    """
    Maintain the lake as `maintain` does; the last published snapshot and all after it stay.

    Raises:
        RunInProgress: someone else writes to the warehouse.
        StoreError: the rows are not the same as before.
    """
    with warehouse.database.writer_lock() as still_held, warehouse.lake.only_while(still_held):
        published, newest = warehouse.last_published(), warehouse.lake.current_snapshot()
        done = maintain(warehouse.lake, expire_before=expire_before, keep_from=published)
        if published == newest:
            warehouse.note_published(warehouse.now().replace(tzinfo=UTC))
    return done
