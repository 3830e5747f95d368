"""What a mapped reference points at."""

from __future__ import annotations

from rddm.project.settings import FieldMapping, ModelField


def reference_target(source: str, mapping: FieldMapping, field: ModelField) -> tuple[str, str]:
    """
    Return the source and the source's entity whose key *mapping* delivers for the reference *field*.

    What the mapping leaves out means: the same source, its entity of the referenced entity's name. *field* is of type
    reference; `load_project` has checked that the target exists and is of the right kind.
    """
    return mapping.source or source, mapping.entity or field.references or ""
