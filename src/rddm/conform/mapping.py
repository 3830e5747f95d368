"""
Mapping: the SQL that lays a source's raw columns out as the model's fields, still as delivered text.

References come out twice: as the parent's record id, and as ``<field>__key`` in the form ``source/entity/key`` for people
to read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from rddm.contracts.ids import record_id_sql
from rddm.contracts.tables import literal, quote
from rddm.project.expressions import expression_columns
from rddm.project.references import reference_target
from rddm.project.settings import FieldMapping, ModelEntity, SemanticType, SourceEntity

SQL_FAILED = "sql_failed"
"""The rule by which a value is left out whose SQL expression fails on what was delivered."""
_NOTHING = "chr(0)"
"""Stands for the null that an expression gives, so that its own null means that it failed."""


@dataclass(frozen=True)
class MappedEntity:
    """An entity of a source together with the entity of the model that it becomes."""

    source: str
    entity: str
    settings: SourceEntity
    model_entity: ModelEntity

    def mapped_fields(self) -> tuple[str, ...]:
        """Fields of the model that this source delivers, in the model's order."""
        return tuple(name for name in self.model_entity.fields if name in self.settings.fields)

    def value_fields(self) -> tuple[str, ...]:
        return tuple(name for name in self.mapped_fields() if not self._is_reference(name))

    def reference_fields(self) -> tuple[str, ...]:
        return tuple(name for name in self.mapped_fields() if self._is_reference(name))

    def only(self, names: Collection[str]) -> MappedEntity:
        """Return the same with the fields *names* alone, so that nothing else of its mapping is evaluated."""
        fields = {name: mapping for name, mapping in self.settings.fields.items() if name in names}
        return replace(self, settings=self.settings.model_copy(update={"fields": fields}))

    def columns_read(self) -> tuple[str, ...]:
        """Return the columns that its fields are read from, also in SQL, in its order."""
        columns: list[str] = []
        for mapping in self.settings.fields.values():
            columns += [mapping.column] if mapping.column is not None else expression_columns(mapping.sql or "")
        return tuple(dict.fromkeys(columns))

    def _is_reference(self, name: str) -> bool:
        return self.model_entity.fields[name].type is SemanticType.REFERENCE


def columns_never_delivered(mapped: MappedEntity, raw_columns: Collection[str]) -> tuple[str, ...]:
    """Return the columns that the mapping reads, also in SQL, and that the source has never delivered, in its order."""
    known = {name.lower() for name in raw_columns}
    columns = [mapping.column for mapping in mapped.settings.fields.values() if mapping.column is not None]
    written = [mapping.sql for mapping in mapped.settings.fields.values()] + [mapped.settings.deleted]
    columns += [column for sql in written if sql is not None for column in expression_columns(sql)]
    return tuple(column for column in dict.fromkeys(columns) if column.lower() not in known)


def uses_of_columns(mapped: MappedEntity) -> dict[str, list[str]]:
    """Return the delivered columns that *mapped* reads, in lower case, each with what for: fields, ``deleted``, the envelope."""
    settings = mapped.settings
    read = [(column, "key") for column in settings.key]
    read += [(settings.source_time, "source_time")] if settings.source_time is not None else []
    read += [(column, "deleted") for column in expression_columns(settings.deleted or "")]
    for field, mapping in settings.fields.items():
        columns = [mapping.column] if mapping.column is not None else expression_columns(mapping.sql or "")
        read += [(column, field) for column in columns]
    uses: dict[str, list[str]] = {}
    for column, use in read:
        uses.setdefault(column.lower(), []).append(use)
    return uses


def mapped_sql(mapped: MappedEntity, versions: str, raw_columns: Collection[str]) -> str:
    """
    Return the query of *mapped*'s versions with the model's fields as delivered text.

    *versions* is a relation with the raw columns and the envelope. Grain of the result: one raw version. Columns:
    record_id, source, entity, key, source_time, batch, seq, is_delete, every mapped field (VARCHAR; UUID for references),
    ``<field>__key`` for references, and ``failed_notes`` and ``failed_problems`` (VARCHAR, notes; null when there are none)
    of the fields whose SQL fails on what was delivered.
    """
    known = {name.lower() for name in raw_columns}
    fields = "".join(f", {expression} AS {quote(name)}" for name, expression in _expressions(mapped, known))
    dropped, refused = _failures(mapped)
    return (
        f"SELECT {record_id_sql(literal(mapped.source), literal(mapped.entity), '_key')} AS record_id,"
        f" {literal(mapped.source)} AS source, {literal(mapped.entity)} AS entity, _key AS key,"
        f" _source_time AS source_time, _batch AS batch, _seq AS seq, _op = 'delete' AS is_delete{fields},"
        f" {dropped} AS failed_notes, {refused} AS failed_problems"
        f" FROM (SELECT *{_tried(mapped)} FROM (SELECT *{_absent_columns(mapped, known)} FROM {versions}))"
    )


def _tried(mapped: MappedEntity) -> str:
    """Each SQL of the mapping, evaluated once: null where it fails on what was delivered, `_NOTHING` where it gives null."""
    return "".join(
        f", TRY(coalesce(({mapping.sql})::VARCHAR, {_NOTHING})) AS {quote(f'_tried_{name}')}"
        for name, mapping in mapped.settings.fields.items()
        if mapping.sql is not None
    )


def _failures(mapped: MappedEntity) -> tuple[str, str]:
    """The SQL of the notes, and of the problems, of the fields whose expression fails."""
    notes: dict[bool, list[str]] = {False: [], True: []}
    for name, mapping in mapped.settings.fields.items():
        if mapping.sql is not None:
            is_refused = mapped.model_entity.fields[name].on_invalid == "quarantine"
            note = f"invalid:{name}:{SQL_FAILED}" if is_refused else f"{name}:dropped_{SQL_FAILED}"
            notes[is_refused].append(f"CASE WHEN {quote(f'_tried_{name}')} IS NULL THEN {literal(note)} END")
    dropped, refused = (
        f"nullif(concat_ws(chr(31), {', '.join(each)}), '')" if each else "NULL::VARCHAR"
        for each in (notes[False], notes[True])
    )
    return dropped, refused


def _absent_columns(mapped: MappedEntity, known: Collection[str]) -> str:
    """Columns that an SQL mapping reads and no batch has delivered yet: optional keys of JSON, say. They are null."""
    names = {
        name.lower(): name
        for mapping in mapped.settings.fields.values()
        if mapping.sql is not None
        for name in expression_columns(mapping.sql)
    }
    return "".join(f", NULL::VARCHAR AS {quote(name)}" for folded, name in sorted(names.items()) if folded not in known)


def _expressions(mapped: MappedEntity, known: Collection[str]) -> list[tuple[str, str]]:
    expressions = []
    for name in mapped.mapped_fields():
        mapping = mapped.settings.fields[name]
        text = _delivered_text(name, mapping, known)
        if name in mapped.reference_fields():
            source, entity = reference_target(mapped.source, mapping, mapped.model_entity.fields[name])
            # No key has a null character, and a list of keys to wait for could not be stored with one.
            key = f"nullif(trim(replace({text}, chr(0), '')), '')"
            expressions.append((name, record_id_sql(literal(source), literal(entity), key)))
            expressions.append((f"{name}__key", f"{literal(f'{source}/{entity}/')} || {key}"))
        else:
            expressions.append((name, text))
    return expressions


def _delivered_text(name: str, mapping: FieldMapping, known: Collection[str]) -> str:
    if mapping.value is not None:
        text = literal(mapping.value)
    elif mapping.sql is not None:
        text = f"nullif({quote(f'_tried_{name}')}, {_NOTHING})"
    elif mapping.column is not None and mapping.column.lower() in known:
        text = quote(mapping.column)
    else:
        text = "NULL::VARCHAR"
    if mapping.format is not None:
        parsed = f"try_strptime({text}, {literal(mapping.format)})"
        return f"coalesce(strftime({parsed}, '%Y-%m-%d %H:%M:%S'), {text})"
    return text


def patched_sql(versions: str, columns: Collection[str], patches: str) -> str:
    """
    Return *versions* with a steward's *patches* laid over: a patch holds while the source delivers its ``before``.

    *patches* is a relation (key, column_name, before, after), at most one row per key and column; *columns* are those that
    any patch names.
    """
    if not columns:
        return f"SELECT * FROM {versions}"
    joins, replacements = [], []
    for index, column in enumerate(sorted(columns)):
        alias = f"patch_{index}"
        joins.append(
            f"LEFT JOIN {patches} AS {alias} ON {alias}.key = version._key AND {alias}.column_name = {literal(column)}"
            f" AND {alias}.before IS NOT DISTINCT FROM version.{quote(column)}"
        )
        replacements.append(
            f"CASE WHEN {alias}.key IS NOT NULL THEN {alias}.after ELSE version.{quote(column)} END AS {quote(column)}"
        )
    return f"SELECT version.* REPLACE ({', '.join(replacements)}) FROM {versions} AS version {' '.join(joins)}"
