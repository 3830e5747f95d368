"""Taking a source out of the warehouse: every record of it is deleted, as if the source itself had said so."""

from __future__ import annotations

from rddm.pipeline.cursors import forget_cursors
from rddm.pipeline.landing import BETWEEN_RUNS, Place, land_deletions
from rddm.pipeline.run import Warehouse


def remove_source(warehouse: Warehouse, name: str) -> int:
    """
    Land a deletion of every living record of source *name*; return how many. The next run takes them out of all layers.

    What was delivered stays in the raw layer. The source's next reading begins anew, and what it delivers stands again, also
    what it delivered before. Killed in between, it is brought to its end by doing it again.

    Raises:
        RunInProgress: someone else writes to the warehouse.
    """
    removed = 0
    with warehouse.database.writer_lock() as still_held, warehouse.lake.only_while(still_held):
        warehouse.lake.connection.execute("CREATE OR REPLACE TEMP TABLE kept_key (_key VARCHAR)")
        forget_cursors(warehouse.lake, name)
        for entity, settings in warehouse.settings.sources[name].entities.items():
            place = Place(name, entity, settings)
            if warehouse.lake.has("raw", f"{name}__{entity}"):
                landed = land_deletions(
                    warehouse.lake, place, "kept_key", BETWEEN_RUNS, warehouse.now(), origin="source removed"
                )
                removed += landed.landed if landed is not None else 0
    return removed
