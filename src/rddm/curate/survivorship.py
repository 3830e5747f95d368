"""
Survivorship: which of several delivered values the golden record keeps.

Every strategy ends in the record id, so that equal evidence always gives the same answer:

* ``most_recent``: the newest source time, then the more trusted source;
* ``most_trusted``: the more trusted source, then the newest source time;
* ``most_frequent``: the value that most records give, then the newest.

Names go by completeness first: a full name stands before a diminutive, a name in Cyrillic before its romanisation, both
before an initial - "Саша" twice does not outvote "Александр" once. Titles stand in mixed case before capitals.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rddm.contracts.tables.golden import ORIGIN_SUFFIX, golden_id
from rddm.curate.golden import golden_column
from rddm.curate.groups import Groups, Integers, encoded
from rddm.project.settings import ModelEntity, ModelField, SemanticType, Survivorship

NAME_TYPES = frozenset({SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PATRONYMIC})
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
    for field, settings in entity.fields.items():
        places = _standing(groups, field, settings, diminutives)
        origin = pa.array(places, mask=places < 0)
        value = groups.column(field).take(origin)
        columns[golden_column(field, settings)] = _as_ids(value) if settings.references else value
        columns[golden_column(field, settings) + ORIGIN_SUFFIX] = _as_ids(records.take(origin))
    columns["records"] = pa.array(groups.sizes)
    columns["sources"] = _sources(groups)
    return pa.table(columns)


def _standing(groups: Groups, field: str, settings: ModelField, diminutives: pa.Array) -> Integers:
    """Return per group the record whose value of *field* stands, -1 where no record has one."""
    column = groups.column(field)
    if settings.survivorship is Survivorship.MOST_FREQUENT:
        codes, values = encoded(column)
        return groups.most_frequent(codes, _completeness(values, settings.type, diminutives))
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


def _completeness(values: pa.Array, kind: SemanticType, diminutives: pa.Array) -> npt.NDArray[np.int8]:
    """Return for each of the distinct *values* how complete it is; a more complete one stands whatever its number."""
    if kind in TITLE_TYPES:
        return _as_numbers(pc.not_equal(values, pc.utf8_upper(values)))
    if kind not in NAME_TYPES:
        return np.zeros(len(values), dtype=np.int8)
    folded = pc.replace_substring(pc.utf8_lower(values), "ё", "е")
    conditions = [
        pc.less_equal(pc.utf8_length(values), 2),
        pc.is_in(folded, value_set=diminutives),
        pc.match_substring_regex(values, "[А-Яа-яЁё]"),
    ]
    return np.select([_as_numbers(each) == 1 for each in conditions], [0, 1, 3], 2).astype(np.int8)


def _as_numbers(answers: pa.Array) -> npt.NDArray[np.int8]:
    return np.asarray(answers.to_numpy(zero_copy_only=False)).astype(np.int8)
