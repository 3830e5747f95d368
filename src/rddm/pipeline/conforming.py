"""
Run the conform stage for one entity of the model, inside the engine's transaction.

Only *affected* records are looked at (`rddm.pipeline.conforming_affected`). Every version of an affected record is judged
anew, so the outcome does not depend on what was judged before. Of a source that was never conformed, most records have
one version that SQL and the known words settle and that breaks no rule: those stand at once, in one pass from raw to
conformed. Only of the others are the remaining values cleaned in Python, and only they are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from rddm.conform.fields import conformed_table
from rddm.conform.mapping import SQL_FAILED, MappedEntity
from rddm.contracts.errors import SourceError
from rddm.contracts.tables import literal, quote
from rddm.pipeline.column_warnings import month_first_warnings
from rddm.pipeline.conforming_affected import find_affected
from rddm.pipeline.conforming_judged import judge, stand_at_once, write
from rddm.pipeline.conforming_versions import Versions, forget, look_up_rest, look_up_words
from rddm.pipeline.conforming_work import Affected, Conforming, Target
from rddm.project.settings import ModelEntity, SemanticType
from rddm.sources.header import shown
from rddm.store.scratch import LARGE_ROWS
from rddm.store.trouble import is_of_the_statement

_BEFORE_IT_RUNS = (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException)
"""
What an SQL expression of a mapping is answered with that cannot be read, or names what does not exist.

These alone leave the transaction as it was, and speak of names, types and syntax only; others may show a value.
"""


def conform_entity(
    work: Conforming,
    name: str,
    entity: ModelEntity,
    mapped_entities: Sequence[MappedEntity],
    progress: Callable[[str], None],
) -> None:
    """
    Conform what is affected of the model's entity *name*; leaves ``changed_<name>`` (record_id) for the next stages.

    A source whose mapping cannot be evaluated is left as it was and reported in ``work.problems``.

    Raises:
        SourceError: so does one whose mapping fails at its values, and that has ended the transaction for all.
    """
    connection, target = work.connection, Target(name, entity)
    table = conformed_table(name, entity)
    work.lake.ensure(table)
    work.lake.add_columns(table)
    work.lake.retype_columns(table)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {target.changed} AS"
        f" SELECT record_id FROM {work.taken_out} WHERE model_entity = {literal(name)}"
    )
    affected = find_affected(work, target, mapped_entities)
    if not affected:
        return
    # The records of a tree need each other to be judged; those of other entities only need what is conformed already. Few are
    # judged in one go, many source by source, to hold less at a time.
    records = [_records(work, each) for each in affected]
    if target.is_tree() or sum(records) < LARGE_ROWS:
        _conform_together(work, target, affected, sum(records), progress)
        return
    for each, count in zip(affected, records, strict=True):
        _conform_together(work, target, [each], count, progress)


def _conform_together(
    work: Conforming, target: Target, affected: Sequence[Affected], records: int, progress: Callable[[str], None]
) -> None:
    work.scratch.in_files = records >= LARGE_ROWS
    _make_evaluated(work, target)
    judged: list[Affected] = []
    for each in affected:
        progress(f"conform {each.mapped.source}/{each.mapped.entity}")
        try:
            _evaluate(work, target, each)
        except duckdb.Error as error:
            if not is_of_the_statement(error) or not _is_written_in(each.mapped):
                raise
            if not isinstance(error, _BEFORE_IT_RUNS):
                raise _unmappable(each, f"({type(error).__name__})") from error
            work.problems.append(_unmappable(each, _first_line(error)))
        else:
            judged.append(each)
    if judged:
        judge(work, target, judged)
        write(work, target, judged)
        _count_notes(work, target, judged)
        _count_read_anew(work, target, judged)
        for each in judged:
            work.warnings.extend(_failing_expressions(work, each))
            work.warnings.extend(month_first_warnings(work, target, each))
    work.scratch.drop(target.evaluated, target.judged, "version")


def _records(work: Conforming, affected: Affected) -> int:
    """How many versions of *affected* there are, or, where they are not all, records."""
    where = "" if affected.is_all else f" WHERE {affected.where}"
    return work.lake.number(
        f"SELECT count(*) FROM {affected.place.raw_table if affected.is_all else 'affected_key'}{where}"
    )


def _make_evaluated(work: Conforming, target: Target) -> None:
    table = conformed_table("evaluated", target.entity)
    columns = ", ".join(f"{quote(column.name)} {column.type}" for column in table.columns)
    keys = "".join(
        f", {quote(name + '__key')} VARCHAR"
        for name, settings in target.entity.fields.items()
        if settings.type is SemanticType.REFERENCE
    )
    work.scratch.begin(target.evaluated, f"({columns}{keys}, is_delete BOOLEAN, problems VARCHAR[])")


def _evaluate(work: Conforming, target: Target, affected: Affected) -> None:
    """Fill ``evaluated_<name>`` with every version of the affected records that does not stand at once."""
    raw = affected.place.raw_table
    if not affected.is_all:
        _collect(work, raw, f"SELECT key AS _key FROM affected_key WHERE {affected.where}")
    relation = raw if affected.is_all else "version"
    versions = look_up_words(work, affected, relation)
    is_simple = affected.is_all and affected.is_new and not target.is_tree()
    left = _stand_at_once(work, target, versions) if is_simple else relation
    if left is not None:
        versions = look_up_rest(work, versions, left)
        work.scratch.add(target.evaluated, versions.evaluated_sql(left))
    forget(work, versions)


def _stand_at_once(work: Conforming, target: Target, versions: Versions) -> str | None:
    """Conform what needs no judging of a source that is new; return the versions left, None when there are none."""
    affected = versions.affected
    raw = affected.place.raw_table
    work.scratch.make("several", f"SELECT _key FROM {raw} GROUP BY _key HAVING count(*) > 1")
    single = f"(SELECT * FROM {raw} ANTI JOIN several USING (_key))" if work.has_rows("several") else raw
    count = stand_at_once(work, target, affected, versions.evaluated_sql(single))
    work.scratch.drop("several")
    if count == work.lake.number(f"SELECT count(*) FROM {raw}"):
        return None
    standing = f"(SELECT batch AS _batch, seq AS _seq FROM {target.conformed} WHERE {affected.where})"
    _collect(work, raw, f"SELECT _key FROM {raw} ANTI JOIN {standing} USING (_batch, _seq)")
    return "version"


def _collect(work: Conforming, raw: str, keys: str) -> None:
    """Make ``version`` of every version of the records that the query *keys* (_key) names."""
    work.scratch.make("version", f"SELECT * FROM {raw} SEMI JOIN ({keys}) USING (_key)")


def _count_notes(work: Conforming, target: Target, judged: Sequence[Affected]) -> None:
    """Count what cleaning mended, and left out, of the records that were conformed just now."""
    looked_at = " OR ".join(f"({each.conformed_now})" for each in judged)
    rows = work.connection.execute(
        f"SELECT source, entity, note, count(*) FROM (SELECT source, entity, unnest(repairs) AS note FROM {target.conformed}"
        f" WHERE repairs IS NOT NULL AND ({looked_at})) GROUP BY source, entity, note ORDER BY source, entity, note"
    ).fetchall()
    for source, entity, note, count in rows:
        work.repaired.setdefault((source, entity), {})[note] = count


def _count_read_anew(work: Conforming, target: Target, judged: Sequence[Affected]) -> None:
    """Count the records that stood before and say something else now, as their mapping or the rules have changed."""
    changed = [each for each in judged if each.is_all and not each.is_new]
    if target.is_tree() or not changed:
        return
    known = " OR ".join(f"({each.where} AND batch <= {each.last_batch})" for each in changed)
    work.read_anew[target.name] += work.lake.number(
        f"SELECT count(*) FROM {target.conformed} WHERE ({known}) AND record_id IN (SELECT record_id FROM {target.changed})"
    )


def _failing_expressions(work: Conforming, affected: Affected) -> list[str]:
    """Return a sentence for each SQL expression of the mapping that failed on records which were conformed just now."""
    mapped = affected.mapped
    notes = work.repaired.get((mapped.source, mapped.entity), {})
    return [
        f'source "{mapped.source}", entity {mapped.entity}: the SQL of {name} fails on {notes[note]:,} of the records conformed'
        f" now; it was left empty. Mend it in sources/{mapped.source}.yaml."
        for name, each in sorted(mapped.settings.fields.items())
        if each.sql is not None and (note := f"{name}:dropped_{SQL_FAILED}") in notes
    ]


def _is_written_in(mapped: MappedEntity) -> bool:
    """Whether a user's own SQL is in the mapping; without it, a statement that fails is a bug of ours."""
    return any(each.sql is not None or each.format is not None for each in mapped.settings.fields.values())


def _unmappable(affected: Affected, said: str) -> SourceError:
    mapped = affected.mapped
    return SourceError(
        mapped.source,
        mapped.entity,
        f"an SQL expression of its mapping cannot be used: {said}",
        f"Mend it in sources/{mapped.source}.yaml; the records wait in the raw layer. "
        f"Columns delivered: {shown(affected.raw_columns)}.",
    )


def _first_line(error: duckdb.Error) -> str:
    """What follows the first line repeats our SQL."""
    return str(error).splitlines()[0].partition("Error: ")[2]
