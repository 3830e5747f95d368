"""Taking a source out of the warehouse: every record of it is deleted, as if the source itself had said so."""

from __future__ import annotations

from rddm.pipeline.landing import Place, land_deletions
from rddm.pipeline.run import Warehouse

BETWEEN_RUNS = 0
"""The run that a batch belongs to which no run has read."""


def remove_source(warehouse: Warehouse, name: str) -> int:
    """
    Land a deletion of every living record of source *name*; return how many. The next run takes them out of all layers.

    What was delivered stays in the raw layer. A version that the source delivers later stands again; with ``source_time`` only
    one that is not there yet.

    Raises:
        RunInProgress: someone else writes to the warehouse.
    """
    removed = 0
    with warehouse.database.writer_lock() as still_held, warehouse.lake.only_while(still_held):
        warehouse.lake.connection.execute("CREATE OR REPLACE TEMP TABLE kept_key (_key VARCHAR)")
        for entity, settings in warehouse.settings.sources[name].entities.items():
            place = Place(name, entity, settings)
            if warehouse.lake.has("raw", f"{name}__{entity}"):
                landed = land_deletions(
                    warehouse.lake, place, "kept_key", BETWEEN_RUNS, warehouse.now(), origin="source removed"
                )
                removed += landed.landed if landed is not None else 0
    return removed
