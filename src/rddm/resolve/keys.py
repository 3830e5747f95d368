"""
Match keys: values that two fingerprints must share to be compared at all.

Each kind is one way in which two descriptions of a person are usually still alike when the rest was mistyped, left out
or spelt differently. A key that too many fingerprints share (a school's mailbox, a call centre's phone) is not used.
"""

from __future__ import annotations

from dataclasses import dataclass

KEYS_VERSION = 1
"""Changes whenever the keys of a description do, so that stored keys are made anew."""


@dataclass(frozen=True)
class KeyKind:
    """
    ``parts`` are SQL expressions over a description; a key is made where none is null. Lists in ``each`` give one
    key per element.
    """

    name: str
    parts: tuple[str, ...]
    each: tuple[str, ...] = ()


_LAST = "last_part"
_GIVEN = "first_one"
_SOUND = "last_sound"

KEY_KINDS: tuple[KeyKind, ...] = (
    KeyKind("phone", ("phone",)),
    KeyKind("snils", ("snils",)),
    KeyKind("email", ("email",)),
    KeyKind("phone_given", ("phone", _GIVEN), ("given",)),
    KeyKind("phone_birth", ("phone", "birth_date::VARCHAR")),
    KeyKind("mailbox_given", ("split_part(email, '@', 1)", _GIVEN), ("given",)),
    KeyKind("sound_birth", (_SOUND, "birth_date::VARCHAR"), ("sound",)),
    # The same key for a date and its twin with day and month swapped; and for every date, so that names need not sound
    # alike to two people.
    KeyKind(
        "name_birth",
        (
            _LAST,
            _GIVEN,
            "year(birth_date)::VARCHAR",
            "least(month(birth_date), day(birth_date))::VARCHAR",
            "greatest(month(birth_date), day(birth_date))::VARCHAR",
        ),
        ("last", "given"),
    ),
    KeyKind("given_birth_region", (_GIVEN, "birth_date::VARCHAR", "region"), ("given",)),
    KeyKind("given_birth_school", (_GIVEN, "birth_date::VARCHAR", "school"), ("given",)),
    KeyKind("given_patronymic_birth", (_GIVEN, "middle_root", "birth_date::VARCHAR"), ("given",)),
    KeyKind("name_day", (_SOUND, _GIVEN, "strftime(birth_date, '%m%d')"), ("sound", "given")),
    KeyKind("name_year", (_SOUND, _GIVEN, "middle_root", "year(birth_date)::VARCHAR"), ("sound", "given")),
    KeyKind("full_name_region", (_SOUND, _GIVEN, "middle_root", "region"), ("sound", "given")),
    KeyKind("full_name", (_LAST, _GIVEN, "middle_root"), ("last", "given")),
    KeyKind("name_school", (_SOUND, _GIVEN, "school"), ("sound", "given")),
    KeyKind("name_city", (_LAST, _GIVEN, "city"), ("last", "given")),
    KeyKind("name_region", (_LAST, _GIVEN, "region"), ("last", "given")),
)
COUNTED_KINDS = frozenset({"phone"})
"""Keys that only tell how many share a value: everyone on a family's phone is not yet a candidate."""
IDENTIFIERS = {"phone": "phone", "email": "email"}
"""Columns whose value says nothing once its key (of that kind) is too common: a call centre's phone, a school's mailbox."""
_LISTS = {
    "last": f"unnest(string_split(last_root, '-')) AS {_LAST}",
    "given": f"unnest(string_split(first_root, '|')) AS {_GIVEN}",
    "sound": f"unnest(string_split(last_sound, '-')) AS {_SOUND}",
}


def keys_sql(descriptions: str, kinds: tuple[KeyKind, ...] = KEY_KINDS) -> str:
    """
    Return the query for the match keys of *descriptions* (`FORM_COLUMNS`, last_sound, description_id).

    Columns: key BIGINT, kind VARCHAR, description_id UUID; no duplicates.
    """
    together: dict[tuple[str, ...], list[KeyKind]] = {}
    for kind in kinds:
        together.setdefault(kind.each, []).append(kind)
    return "\nUNION ALL\n".join(_kinds_sql(descriptions, each, found) for each, found in together.items())


def _kinds_sql(descriptions: str, each: tuple[str, ...], kinds: list[KeyKind]) -> str:
    """Keys of the kinds that take the same lists apart, in one pass. A part that is null makes the key null."""
    source = descriptions
    for name in each:  # one inside the other: two in one SELECT would be zipped, not crossed
        source = f"(SELECT *, {_LISTS[name]} FROM {source})"
    texts = (" || chr(31) || ".join((f"'{kind.name}'", *kind.parts)) for kind in kinds)
    keys = ",\n    ".join(
        f"{{'key': (md5_number_lower({text}) >> 1)::BIGINT, 'kind': '{kind.name}'}}"
        for text, kind in zip(texts, kinds, strict=True)
    )
    return (
        f"SELECT u.key AS key, u.kind AS kind, description_id FROM (SELECT description_id, unnest([\n    {keys}\n "
        f" ]) AS u FROM {source})"
        " WHERE u.key IS NOT NULL"
    )


def key_of_value_sql(kind: str, value: str) -> str:
    """Return the SQL expression for the key that the single *value* (an expression) has in *kind*."""
    return f"(md5_number_lower('{kind}' || chr(31) || {value}) >> 1)::BIGINT"


def usable_sql(keys: str, limit: int) -> str:
    """Return the query for the keys of *keys* (key, kind) that find candidates: shared, not by too many, and not only counted."""
    counted = ", ".join(f"'{kind}'" for kind in sorted(COUNTED_KINDS))
    return f"SELECT key FROM {keys} WHERE kind NOT IN ({counted}) GROUP BY key HAVING count(*) BETWEEN 2 AND {limit}"


def common_values_sql(nodes: str, keys: str, limit: int) -> str:
    """
    Return the query for the keys of *nodes*' identifiers that more than *limit* fingerprints of *keys* (key, kind) share.

    Column: key. `IDENTIFIERS` with such a key are to be taken for missing.
    """
    values = " UNION ALL ".join(
        f"SELECT {key_of_value_sql(kind, column)} AS key FROM {nodes} WHERE {column} IS NOT NULL"
        for column, kind in IDENTIFIERS.items()
    )
    return f"SELECT key FROM {keys} WHERE key IN (SELECT key FROM ({values})) GROUP BY key HAVING count(*) > {limit}"


def without_common_sql(nodes: str, common: str) -> str:
    """Return *nodes* with identifiers whose key is in *common* set to null."""
    columns = ", ".join(
        f"CASE WHEN {key_of_value_sql(kind, column)} IN (SELECT key FROM {common}) THEN NULL ELSE {column} END AS {column}"
        for column, kind in IDENTIFIERS.items()
    )
    return f"SELECT * REPLACE ({columns}) FROM {nodes}"


def pairs_sql(keys: str, members: str) -> str:
    """
    Return the query for the candidate pairs that at least one of *keys* (of fingerprints to look at) finds among
    *members*.

    *members* (key, fingerprint_id, looked_at BOOLEAN) holds usable keys only. Grain: a pair, fingerprint_a below
    fingerprint_b.
    """
    return f"""
SELECT DISTINCT least(k.fingerprint_id, m.fingerprint_id) AS fingerprint_a, greatest(k.fingerprint_id,
m.fingerprint_id) AS fingerprint_b
FROM {keys} k
JOIN {members} m ON m.key = k.key
WHERE k.fingerprint_id <> m.fingerprint_id AND (NOT m.looked_at OR k.fingerprint_id < m.fingerprint_id)"""
