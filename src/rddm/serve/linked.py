"""The records that are linked to one golden record."""

from __future__ import annotations

import uuid

from rddm.serve.reading import Reading, Row


def linked_records(reading: Reading, entity: str, golden_id: uuid.UUID, columns: str) -> list[Row]:
    """
    Return *columns* of the records that are linked to *golden_id*, in no order: of ``record``, their conformed row, and ``link``.
    """
    link = reading.of_ids("identity", f"{entity}__link", "golden_id", [golden_id])
    ids = [row["record_id"] for row in reading.rows(f"SELECT record_id FROM {link}")]
    if not ids:
        return []
    record = reading.of_ids("conformed", entity, "record_id", ids)
    return reading.rows(f"SELECT {columns} FROM {link} AS link JOIN {record} AS record USING (record_id)")
