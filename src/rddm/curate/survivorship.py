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

from rddm.contracts.tables import Table, literal, quote
from rddm.contracts.tables.golden import ORIGIN_SUFFIX, golden_id
from rddm.curate.golden import golden_column, golden_contract
from rddm.project.settings import ModelEntity, ModelField, SemanticType, Survivorship

NAME_TYPES = frozenset({SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PATRONYMIC})
TITLE_TYPES = frozenset({SemanticType.ORGANISATION_NAME, SemanticType.PLACE_NAME, SemanticType.TEXT})


def golden_sql(name: str, entity: ModelEntity, member: str, diminutive: str) -> str:
    """
    Return the query of the golden rows of the model's entity *name*.

    *member*: one row per record with golden_id, record_id, source, source_time, trust and the model's fields, references
    already as golden ids. *diminutive*: a relation with column name (lower case, ё as е). Result: the columns of
    `golden_contract`, one row per golden_id.
    """
    fields = list(entity.fields.items())
    frequent = [(field, settings) for field, settings in fields if settings.survivorship is Survivorship.MOST_FREQUENT]
    counted = "".join(f", {_counted_cte(field, settings, member, diminutive)}" for field, settings in frequent)
    picks = ", ".join(_pick(field, settings) for field, settings in fields if (field, settings) not in frequent)
    joins = " ".join(f"LEFT JOIN {quote('picked_' + field)} USING (golden_id)" for field, _ in frequent)
    contract = golden_contract(name, entity)
    columns = []
    for field, settings in fields:
        column = golden_column(field, settings)
        columns.append(f"{quote('pick_' + field)}.value AS {quote(column)}")
        columns.append(f"{quote('pick_' + field)}.record_id AS {quote(column + ORIGIN_SUFFIX)}")
    hashed = ", ".join(
        f"{literal(column.name + '=')} || {quote(column.name)}::VARCHAR"
        for column in contract.columns
        if column.name != "row_hash"
    )
    return f"""
        WITH base AS (
            SELECT golden_id, count(*) AS records, list_sort(list(DISTINCT source)) AS sources{", " + picks if picks else ""}
            FROM {member} GROUP BY golden_id
        ){counted}, named AS (
            SELECT golden_id AS {quote(golden_id(name))}, {", ".join(columns)}, records, sources
            FROM base {joins}
        )
        SELECT {_ordered(contract)}, md5(concat_ws(chr(31), {hashed}))::UUID AS row_hash FROM named"""


def _ordered(contract: Table) -> str:
    return ", ".join(quote(column.name) for column in contract.columns if column.name != "row_hash")


def _pick(field: str, settings: ModelField) -> str:
    recency = "coalesce(source_time, TIMESTAMP '0001-01-01')"
    if settings.survivorship is Survivorship.MOST_TRUSTED:
        rank = f"(trust, {recency}, record_id)"
    else:
        rank = f"({recency}, trust, record_id)"
    value = quote(field)
    return (
        f"arg_max({{'value': {value}, 'record_id': record_id}}, {rank}) FILTER ({value} IS NOT NULL)"
        f" AS {quote('pick_' + field)}"
    )


def _counted_cte(field: str, settings: ModelField, member: str, diminutive: str) -> str:
    value = quote(field)
    complete = "0"
    if settings.type in NAME_TYPES:
        complete = _completeness_sql("value", diminutive)
    elif settings.type in TITLE_TYPES:
        complete = "value <> upper(value)"
    return f"""{quote("picked_" + field)} AS (
            SELECT golden_id, arg_max({{'value': value, 'record_id': newest.record_id}},
                ({complete}, records, newest.source_time, newest.record_id)) AS {quote("pick_" + field)}
            FROM (
                SELECT golden_id, {value} AS value, count(*) AS records,
                    max({{'source_time': coalesce(source_time, TIMESTAMP '0001-01-01'), 'trust': trust,
                         'record_id': record_id}}) AS newest
                FROM {member} WHERE {value} IS NOT NULL GROUP BY golden_id, {value}
            ) GROUP BY golden_id
        )"""


def _completeness_sql(value: str, diminutive: str) -> str:
    return (
        f"CASE WHEN length({value}) <= 2 THEN 0"
        f" WHEN replace(lower({value}), 'ё', 'е') IN (SELECT name FROM {diminutive}) THEN 1"
        f" WHEN regexp_matches({value}, '[А-Яа-яЁё]') THEN 3 ELSE 2 END"
    )
