"""
Suppression: records of people who were erased are taken out of what a source delivers, before anything is kept of them.

A record is known by the keyed hash of its id, and so of its source, entity and key. A fact is also known by the person
that it names: their participations do not come back under new keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import duckdb
import numpy as np
import pyarrow as pa

from rddm.conform.mapping import MappedEntity, mapped_sql
from rddm.contracts.errors import SourceError, is_interrupt
from rddm.contracts.ids import record_id_sql
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.raw import MISSING_KEY_PREFIX
from rddm.pipeline.fitting import unwritable
from rddm.pipeline.landing import Place, content_hash_sql, key_sql, texts_sql
from rddm.project.references import reference_target
from rddm.project.settings import FactIdentity, Model, ProbabilisticIdentity
from rddm.store.erasures import Erasures, digest_parameters, digest_sql
from rddm.store.lake import Lake, load_table
from rddm.store.trouble import is_of_the_statement, store_trouble

SUPPRESSED = "suppressed"


class Suppression:
    """The records that must not come back, in the temporary table ``suppressed`` (source, entity, digest)."""

    def __init__(self, model: Model, places: frozenset[tuple[str, str]], parameters: Mapping[str, bytes]) -> None:
        self._model, self._places, self._parameters = model, places, dict(parameters)

    def without_erased(self, connection: duckdb.DuckDBPyConnection, place: Place, records: pa.Table) -> pa.Table:
        """
        Return *records*, whose columns have the raw table's names, without those that must not come back.

        Of a record its key and whom it names are looked at, and nothing else of its mapping; of one without a key, all of it.

        Raises:
            SourceError: a mapping cannot be evaluated that says whom records name.
        """
        mapped = MappedEntity(
            place.source, place.entity, place.settings, self._model.entities[place.settings.model or place.entity]
        )
        named = [each for each in person_references(self._model, mapped) if target_of(mapped, each) in self._places]
        is_known = (place.source, place.entity) in self._places
        if records.num_rows == 0 or not (named or is_known):
            return records
        numbered = records.append_column("_seq", pa.array(np.arange(records.num_rows)))
        gone = self._known_by_key(connection, mapped, numbered) if is_known else set()
        for reference in named:
            gone |= self._known_by_person(connection, mapped, numbered, reference)
        if not gone:
            return records
        stays = np.ones(records.num_rows, dtype=bool)
        stays[list(gone)] = False
        return records.filter(pa.array(stays))

    def _known_by_key(
        self, connection: duckdb.DuckDBPyConnection, mapped: MappedEntity, numbered: pa.Table
    ) -> set[int]:
        """Return the numbers of the rows whose own record must not come back; one without a key is known by its content."""
        keys = _only(numbered, mapped.settings.key)
        key = key_sql(mapped.settings, _names(keys))
        gone, without_key = self._look_up(connection, keys, _own_ids_sql(mapped, keys, key))
        if without_key:
            whole = numbered.take(pa.array(sorted(without_key)))
            content = f"'{MISSING_KEY_PREFIX}' || {content_hash_sql(_delivered(whole))}"
            gone |= self._look_up(connection, whole, _own_ids_sql(mapped, whole, content))[0]
        return gone

    def _known_by_person(
        self, connection: duckdb.DuckDBPyConnection, mapped: MappedEntity, numbered: pa.Table, reference: str
    ) -> set[int]:
        """
        Return the numbers of the rows whose *reference* names somebody who must not come back.

        Raises:
            SourceError: nobody can say whom it names.
        """
        only = mapped.only([reference])
        part = _only(numbered, only.columns_read())
        unknown = "whether its records name people who were erased; none of them is taken in"
        with evaluating(mapped, f"its mapping of {reference}", unknown, "the next run reads it again"):
            return self._look_up(connection, part, _named_ids_sql(only, part, reference))[0]

    def _look_up(self, connection: duckdb.DuckDBPyConnection, part: pa.Table, ids: str) -> tuple[set[int], set[int]]:
        """
        Return the numbers of the rows of *part* whose id must not come back, and of those that have none.

        *ids*: a query (seq, id) on ``delivered``. Rows with a value that cannot be written as text are in neither: no record
        was ever known by what they hold.
        """
        try:
            return self._asked(connection, part, ids)
        except Exception as error:
            if is_interrupt(error) or store_trouble(error) is not None:
                raise
            refused = unwritable(connection, _delivered(part))
            if not refused:
                raise
            left = np.setdiff1d(np.arange(part.num_rows), refused)
            return self._asked(connection, part.take(pa.array(left)), ids)

    def _asked(self, connection: duckdb.DuckDBPyConnection, part: pa.Table, ids: str) -> tuple[set[int], set[int]]:
        known = f"{digest_sql('id')} IN (SELECT digest FROM {SUPPRESSED})"
        connection.register("delivered", part)
        try:
            rows = connection.execute(
                f"SELECT seq, id IS NULL FROM ({ids}) WHERE id IS NULL OR {known}", self._parameters
            ).fetchall()
        finally:
            connection.unregister("delivered")
        return {seq for seq, is_without in rows if not is_without}, {seq for seq, is_without in rows if is_without}


@contextmanager
def evaluating(mapped: MappedEntity, what: str, unknown: str, afterwards: str) -> Iterator[None]:
    """
    Tell a failure of *what* the block evaluates of *mapped* as its source's trouble: what is *unknown* by it, and what to do, or
    what happens, *afterwards*.

    Raises:
        SourceError: the mapping cannot be evaluated.
    """
    try:
        yield
    except duckdb.Error as error:
        if not is_of_the_statement(error):
            raise
        raise SourceError(
            mapped.source,
            mapped.entity,
            f"{what} cannot be evaluated, so nobody can say {unknown}.",
            f"Mend it in sources/{mapped.source}.yaml (`rddm check`); {afterwards}.",
        ) from error


def load_suppression(lake: Lake, erasures: Erasures, model: Model) -> Suppression | None:
    """
    Return what keeps erased people's records out; None while nobody was erased.

    Raises:
        StoreError: it was made with another secret.
    """
    table = erasures.suppressed()
    if table.num_rows == 0:
        return None
    load_table(lake.connection, SUPPRESSED, table)
    places = zip(table["source"].to_pylist(), table["entity"].to_pylist(), strict=True)
    return Suppression(model, frozenset(places), digest_parameters(erasures.secret()))


def person_references(model: Model, mapped: MappedEntity) -> tuple[str, ...]:
    """Return the mapped fields by which a fact names people; none for anything that is no fact."""
    identity = mapped.model_entity.identity
    if not isinstance(identity, FactIdentity):
        return ()
    return tuple(
        name
        for name in mapped.reference_fields()
        if name in identity.fields and is_of_people(model, mapped.model_entity.fields[name].references or "")
    )


def is_of_people(model: Model, entity: str) -> bool:
    return isinstance(model.entities[entity].identity, ProbabilisticIdentity)


def target_of(mapped: MappedEntity, reference: str) -> tuple[str, str]:
    """Return the source and entity whose keys the mapped *reference* delivers."""
    return reference_target(mapped.source, mapped.settings.fields[reference], mapped.model_entity.fields[reference])


def _only(numbered: pa.Table, columns: Collection[str]) -> pa.Table:
    """Return *numbered* with ``_seq`` and those of *columns* (in any case) that it has: no other value is looked at."""
    wanted = {name.lower() for name in columns}
    return numbered.select([*(name for name in _names(numbered) if name.lower() in wanted), "_seq"])


def _names(part: pa.Table) -> list[str]:
    return [name for name in part.column_names if name != "_seq"]


def _delivered(part: pa.Table) -> pa.Table:
    return part.select(_names(part))


def _own_ids_sql(mapped: MappedEntity, part: pa.Table, key: str) -> str:
    """Return the query (seq, id) of the records' own ids; null where the expression *key* over their text is."""
    own = record_id_sql(literal(mapped.source), literal(mapped.entity), "_key")
    texts = f"SELECT {texts_sql(_delivered(part))}_seq FROM delivered"
    return f"SELECT _seq AS seq, {own} AS id FROM (SELECT _seq, {key} AS _key FROM ({texts}))"


def _named_ids_sql(only: MappedEntity, part: pa.Table, reference: str) -> str:
    """Return the query (seq, id) of the records that the one field *reference* of *only* names."""
    versions = (
        "(SELECT *, '' AS _key, NULL::TIMESTAMP AS _source_time, 0 AS _batch, 'upsert' AS _op"
        f" FROM (SELECT {texts_sql(_delivered(part))}_seq FROM delivered) AS text)"
    )
    named = quote(reference)
    return f"SELECT seq, {named} AS id FROM ({mapped_sql(only, versions, _names(part))}) WHERE {named} IS NOT NULL"
