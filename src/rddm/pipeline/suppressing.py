"""
Suppression: records of people who were erased are taken out of what a source delivers, before anything is kept of them.

A record is known by the keyed hash of its id, and so of its source, entity and key. A fact is also known by the person
that it names: their participations do not come back under new keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from rddm.conform.mapping import MappedEntity, mapped_sql
from rddm.contracts.errors import SourceError
from rddm.contracts.ids import record_id_sql
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.raw import MISSING_KEY_PREFIX
from rddm.pipeline.landing import Place, content_hash_sql, key_sql, texts_sql, with_safe_names
from rddm.project.references import reference_target
from rddm.project.settings import FactIdentity, Model, ProbabilisticIdentity
from rddm.store.erasures import Erasures, digest_parameters, digest_sql
from rddm.store.lake import Lake, load_table
from rddm.store.trouble import is_of_the_statement

SUPPRESSED = "suppressed"


class Suppression:
    """The records that must not come back, in the temporary table ``suppressed`` (source, entity, digest)."""

    def __init__(self, model: Model, places: frozenset[tuple[str, str]], parameters: Mapping[str, bytes]) -> None:
        self._model, self._places, self._parameters = model, places, dict(parameters)

    def without_erased(self, connection: duckdb.DuckDBPyConnection, place: Place, records: pa.Table) -> pa.Table:
        """
        Return *records*, as the source delivers them, without those that must not come back.

        Raises:
            SourceError: a mapping cannot be evaluated that says whom records name.
        """
        mapped = MappedEntity(
            place.source, place.entity, place.settings, self._model.entities[place.settings.model or place.entity]
        )
        named = [each for each in person_references(self._model, mapped) if target_of(mapped, each) in self._places]
        if records.num_rows == 0 or not (named or (place.source, place.entity) in self._places):
            return records
        delivered = with_safe_names(records)
        connection.register("delivered", delivered.append_column("_seq", pa.array(np.arange(delivered.num_rows))))
        try:
            gone = self._places_of_erased(connection, mapped, delivered, named)
        finally:
            connection.unregister("delivered")
        if not gone:
            return records
        stays = np.ones(records.num_rows, dtype=bool)
        stays[gone] = False
        return records.filter(pa.array(stays))

    def _places_of_erased(
        self,
        connection: duckdb.DuckDBPyConnection,
        mapped: MappedEntity,
        delivered: pa.Table,
        named: Sequence[str],
    ) -> list[int]:
        try:
            query = _ids_sql(mapped, delivered, named)
            rows = connection.execute(
                f"SELECT DISTINCT seq FROM ({query}) WHERE {digest_sql('id')} IN (SELECT digest FROM {SUPPRESSED})",
                self._parameters,
            ).fetchall()
        except duckdb.Error as error:
            if not named or not is_of_the_statement(error):
                raise
            raise SourceError(
                mapped.source,
                mapped.entity,
                f"its mapping of {', '.join(named)} cannot be evaluated, so nobody can say whether its records name people who"
                " were erased; none of them is taken in.",
                f"Mend it in sources/{mapped.source}.yaml (`rddm check`); the next run reads it again.",
            ) from error
        return [row[0] for row in rows]


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


def _ids_sql(mapped: MappedEntity, delivered: pa.Table, named: Sequence[str]) -> str:
    """Return the query (seq, id) of the record ids of what is delivered, and of the people that it names."""
    columns = delivered.column_names
    texts = f"SELECT {texts_sql(delivered)}_seq FROM delivered"
    own = record_id_sql(literal(mapped.source), literal(mapped.entity), "_key")
    key = f"coalesce({key_sql(mapped.settings, columns)}, '{MISSING_KEY_PREFIX}' || {content_hash_sql(delivered)})"
    query = f"SELECT _seq AS seq, {own} AS id FROM (SELECT _seq, {key} AS _key FROM ({texts}))"
    if named:
        versions = (
            "(SELECT *, '' AS _key, NULL::TIMESTAMP AS _source_time, 0 AS _batch, 'upsert' AS _op"
            f" FROM ({texts}) AS text)"
        )
        mapping = mapped_sql(mapped.only(named), versions, columns)
        query += "".join(f" UNION ALL SELECT seq, {quote(name)} FROM ({mapping})" for name in named)
    return query
