"""Which of the models that ``identity.model`` keeps is in use."""

from __future__ import annotations

from rddm.contracts.tables.table import literal


def newest_model_sql(models: str, entity: str) -> str:
    """Return the query for the newest model of *entity* in *models* (a table). Columns: as there. Grain: one row, or none."""
    return f"SELECT * FROM {models} WHERE entity = {literal(entity)} ORDER BY version DESC LIMIT 1"


def weighing_model_sql(models: str, entity: str) -> str:
    """
    Return the query for the model that *entity* is matched by weights with. Columns and grain: as `newest_model_sql`.

    There is none where the newest has no parameters: it is of a time when the entity was not matched by weights.
    """
    return f"SELECT * FROM ({newest_model_sql(models, entity)}) WHERE parameters <> ''"
