"""
Survivorship: which of several delivered values the golden record keeps.

Every strategy ends in the record id, so that equal evidence always gives the same answer:

* ``most_recent``: the newest source time, then the more trusted source;
* ``most_trusted``: the more trusted source, then the newest source time;
* ``most_frequent``: the value that most records give, then the newest.

The parts of a person's name that go by frequency stand together: `rddm.curate.names`. Titles stand in mixed case before
capitals.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rddm.contracts.tables.golden import ORIGIN_SUFFIX, golden_id
from rddm.curate.golden import golden_column
from rddm.curate.groups import Codes, Groups, Integers, Mask, encoded
from rddm.curate.names import NAME_TYPES, standing_names
from rddm.project.settings import ModelEntity, ModelField, SemanticType, Survivorship

TITLE_TYPES = frozenset({SemanticType.ORGANISATION_NAME, SemanticType.PLACE_NAME, SemanticType.TEXT})


def golden_rows(members: pa.Table, name: str, entity: ModelEntity, diminutives: pa.Array) -> pa.Table:
    """
    Return the golden rows of the model's entity *name*.

    *members*: one row per record of whole groups with golden_id, record_id, source, source_time (microseconds since 1970,
    very low where the source does not say), trust and the model's fields, references already as golden ids. *diminutives*:
    given names in lower case, ё as е. Result: the columns of `golden_contract` but row_hash, one row per golden_id,
    ascending. Ids are Arrow's UUIDs.
    """
    groups = Groups(members)
    columns = {golden_id(name): _as_ids(groups.column("golden_id").take(groups.any_record))}
    records = groups.column("record_id")
    standing = _standing(groups, entity, diminutives)
    for field, settings in entity.fields.items():
        places = standing[field]
        origin = pa.array(places, mask=places < 0)
        value = groups.column(field).take(origin)
        columns[golden_column(field, settings)] = _as_ids(value) if settings.references else value
        columns[golden_column(field, settings) + ORIGIN_SUFFIX] = _as_ids(records.take(origin))
    columns["records"] = pa.array(groups.sizes)
    columns["sources"] = _sources(groups)
    return pa.table(columns)


def _standing(groups: Groups, entity: ModelEntity, diminutives: pa.Array) -> dict[str, Integers]:
    """Return per field and group the record whose value stands, -1 where no record has one."""
    names = {
        field: settings.type
        for field, settings in entity.fields.items()
        if settings.type in NAME_TYPES and settings.survivorship is Survivorship.MOST_FREQUENT
    }
    standing = {
        field: _of_one_field(groups, field, settings) for field, settings in entity.fields.items() if field not in names
    }
    gender = next((field for field, settings in entity.fields.items() if settings.type is SemanticType.GENDER), None)
    genders = pa.nulls(groups.count, pa.string())
    if gender is not None:
        genders = groups.column(gender).take(pa.array(standing[gender], mask=standing[gender] < 0))
    return standing | standing_names(groups, names, genders, diminutives)


def _of_one_field(groups: Groups, field: str, settings: ModelField) -> Integers:
    column = groups.column(field)
    if settings.survivorship is Survivorship.MOST_FREQUENT:
        codes, values = encoded(column)
        return groups.most_frequent(codes, _by_record(_in_mixed_case(values, settings.type), codes))
    has_value = np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
    is_by_trust = settings.survivorship is Survivorship.MOST_TRUSTED
    return groups.most_trusted(has_value) if is_by_trust else groups.newest(has_value)


def _sources(groups: Groups) -> pa.Array:
    codes, names = encoded(groups.column("source"))
    ascending = np.argsort(np.array(names.to_pylist(), dtype=object))
    offsets, sources = groups.distinct(np.argsort(ascending)[codes], len(names))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names.take(ascending[sources]))


def _as_ids(stored: pa.Array) -> pa.Array:
    return pa.ExtensionArray.from_storage(pa.uuid(), stored)


def _in_mixed_case(values: pa.Array, kind: SemanticType) -> Mask:
    """Return for each of the distinct *values* whether it is a title that is not all in capitals."""
    if kind not in TITLE_TYPES:
        return np.zeros(len(values), dtype=np.bool_)
    return np.asarray(pc.not_equal(values, pc.utf8_upper(values)).to_numpy(zero_copy_only=False)).astype(np.bool_)


def _by_record(by_value: Mask, codes: Codes) -> Mask:
    return np.append(by_value, False)[codes]  # -1, of no value, points at the last
