"""A steward's repair of what a source delivered: kept as a patch over raw, applied by the next run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rddm.contracts.errors import ConfigurationError, ConfigurationProblem, NotFound
from rddm.contracts.ids import derive_record_id
from rddm.contracts.tables.raw import ENVELOPE_NAMES, MISSING_KEY_PREFIX, OPERATION, newest_first_sql
from rddm.pipeline.landing import Place
from rddm.project.suggestions import did_you_mean
from rddm.store.control import Control, Patch
from rddm.store.lake import Lake


@dataclass(frozen=True)
class Author:
    """Who decides, why and when (aware UTC)."""

    name: str
    reason: str
    at: datetime


def patch_record(
    lake: Lake, control: Control, place: Place, key: str, values: Mapping[str, str | None], author: Author
) -> list[Patch]:
    """
    Keep new *values* for columns of the newest version of record *key* of *place*; return the patches.

    A patch holds as long as the source delivers what it delivers now. The raw layer stays as it is.

    Raises:
        NotFound: there is no such record or column, or it is a record without a key, which no patch can release.
        ConfigurationError: a patch cannot hold the key, or what was delivered.
    """
    source, entity = place.source, place.entity
    if key.startswith(MISSING_KEY_PREFIX):
        raise NotFound(
            f"{source}/{entity} delivered this record without a key, and no patch can give it one: the source alone can. Then it"
            " is a record of its own. If this one is of no more use: rddm quarantine dismiss."
        )
    table = f"{source}__{entity}"
    if not lake.has("raw", table):
        raise NotFound(f"{source}/{entity} has delivered nothing yet. `rddm sources` lists sources and entities.")
    order = newest_first_sql(by_arrival=place.settings.newest_by_arrival)
    cursor = lake.connection.execute(f"SELECT * FROM {place.raw_table} WHERE _key = ? ORDER BY {order} LIMIT 1", [key])
    names = [column[0] for column in cursor.description or ()]
    row = cursor.fetchone()
    if row is None:
        raise NotFound(f"{source}/{entity} has never delivered a record {key}.")
    delivered = {name: value for name, value in zip(names, row, strict=True) if name not in ENVELOPE_NAMES}
    by_folded_name = {name.casefold(): name for name in delivered}
    patches = []
    for written, after in values.items():
        column = by_folded_name.get(written.casefold())
        if column is None:
            raise NotFound(f'{source}/{entity} delivers no column "{written}". {did_you_mean(written, delivered)}')
        patches.append(
            Patch(
                str(derive_record_id(source, entity, key)), source, entity, key, column, delivered[column], after,
                author.reason, author.name, author.at,
            )
        )  # fmt: skip
    for patch in patches:
        _check_is_storable(patch)
    control.add_patches(patches)
    return patches


def _check_is_storable(patch: Patch) -> None:
    texts = (patch.key, patch.column_name, patch.before, patch.after, patch.reason)
    if any("\0" in text for text in texts if text is not None):
        raise ConfigurationError(
            ConfigurationProblem(
                "--set",
                0,
                patch.column_name,
                "a null character (U+0000) is in the key or in what was delivered, and no patch can hold one.",
                "Let the source deliver the record without it.",
            )
        )


def dismiss_record(control: Control, place: Place, key: str, author: Author) -> Patch:
    """
    Take the record *key* of *place*, which was delivered without a key, out of quarantine; return the patch that does it.

    It counts as deleted from the next run on, however often the source delivers the same, until the patch is withdrawn.

    Raises:
        NotFound: the record has a key.
    """
    if not key.startswith(MISSING_KEY_PREFIX):
        raise NotFound(
            "Only a record without a key can be dismissed. One with a key is released by a better version of it, by a patch"
            " (rddm quarantine fix), or goes when its source deletes it."
        )
    record_id = str(derive_record_id(place.source, place.entity, key))
    patch = Patch(
        record_id, place.source, place.entity, key, OPERATION, "upsert", "delete", author.reason, author.name, author.at
    )
    control.add_patches([patch])
    return patch
