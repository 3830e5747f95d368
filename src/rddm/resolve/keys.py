"""
Match keys: values that two fingerprints must share to be compared at all.

Each kind is one way in which two descriptions of a person are usually still alike when the rest was mistyped, left out
or spelt differently. A key that too many fingerprints share (a school's mailbox, a call centre's phone) is not used.

A key is a number: the parts of its kind, each hashed on its own, joined by exclusive or, and in the last bits the number
of the kind. So the hashes of names, dates and places are made once per distinct value, and a key costs next to nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

KEYS_VERSION = 6
"""Changes whenever the keys of a description do, so that stored keys are made anew."""

KIND_BITS = 5
PART_BITS = 63 - KIND_BITS


@dataclass(frozen=True)
class KeyKind:
    """
    ``parts`` are names of `PARTS`; a key is made where none is null, one for each value of a part that has several.
    ``broad``: so many share it that only `FEW_DESCRIPTIONS` can afford it. ``most``: so many fingerprints may share a key that
    finds anybody, where the entity's limit is not lower yet; None: as many as that says.
    """

    number: int
    name: str
    parts: tuple[str, ...]
    broad: bool = False
    most: int | None = None

    def __str__(self) -> str:
        return self.name if self.most is None else f"{self.name} of {self.most} at most"


KEY_KINDS: tuple[KeyKind, ...] = (
    KeyKind(1, "phone", ("phone",)),
    KeyKind(2, "snils", ("snils",)),
    KeyKind(3, "email", ("email",)),
    KeyKind(4, "phone_given", ("phone", "given")),
    KeyKind(5, "mailbox_given", ("mailbox", "given")),
    KeyKind(6, "sound_birth", ("sound", "birth")),
    KeyKind(7, "given_patronymic_birth", ("given", "middle", "birth")),
    KeyKind(8, "full_name", ("last", "given", "middle")),
    KeyKind(9, "name_day", ("sound", "given", "day")),
    KeyKind(10, "given_birth_region", ("given", "birth", "region")),
    KeyKind(11, "given_birth", ("given", "birth")),
    KeyKind(12, "name_year", ("sound", "given", "year")),
    KeyKind(13, "name", ("last", "given"), most=10),
    KeyKind(14, "phone_birth", ("phone", "birth")),
    KeyKind(15, "document_number", ("document_number",)),
    KeyKind(16, "address_given", ("address", "given")),
    KeyKind(17, "address_birth", ("address", "birth")),
    KeyKind(18, "postcode_birth", ("postcode", "birth")),
    KeyKind(19, "postcode_sound", ("postcode", "sound")),
    KeyKind(20, "names_year", ("last_word", "first_word", "year")),
    KeyKind(21, "names", ("last_word", "first_word"), broad=True),
    KeyKind(22, "postcode_given", ("postcode", "given"), broad=True),
    KeyKind(23, "given_day", ("given", "day"), broad=True),
    KeyKind(24, "given_year", ("given", "year"), broad=True),
)
"""Which of them an entity uses is part of its learnt model: `worthwhile_kinds`."""


def kinds_to_json(kinds: Sequence[KeyKind]) -> str:
    """Return *kinds* as a model stores them: how many may share a key, by the names of the kinds."""
    return json.dumps({kind.name: kind.most for kind in kinds})


def kinds_from_json(text: str) -> tuple[KeyKind, ...]:
    """
    Return the kinds that a stored model names and those of identifiers, in the order of `KEY_KINDS`; names that are not known
    any more are left out.
    """
    stored = json.loads(text)
    if isinstance(stored, list):  # of a version that learnt no limits
        stored = {kind.name: kind.most for kind in KEY_KINDS if kind.name in stored}
    stored = dict.fromkeys(IDENTIFIERS.values()) | stored
    return tuple(replace(kind, most=stored[kind.name]) for kind in KEY_KINDS if kind.name in stored)


KIND_NUMBERS = {kind.name: kind.number for kind in KEY_KINDS}
COUNTED_KINDS = frozenset({"phone", "email"})
"""Keys that only tell how many share a value: everyone on a family's phone or mailbox is not yet a candidate."""
IDENTIFIERS = {"phone": "phone", "email": "email", "snils": "snils", "document_number": "document_number"}
"""
Columns whose value says nothing once its key (of that kind) is too common: a call centre's phone, a school's mailbox. Keys of
these kinds are always in use: that nobody else has a number is what it is for, however few pairs it finds alone.
"""

SEVERAL = ("last", "sound", "given")
"""Parts that may have several values: a double family name, a short form of several given names."""


SHARED_STEPS = (5, 10, 20, 40)
"""Keys are told apart by how many share them: up to each of these, and more."""
FEW_DESCRIPTIONS = 50_000
"""So few that every kind is cheap."""
LEAST_GAIN = 5e-4
"""Share of all matches that a kind must find of those that are not found yet to come into use, and alone to stay."""
LEAST_YIELD = 0.05
"""So many matches must keys find for each other pair, of what is not found yet: fewer are too dear."""


@dataclass(frozen=True)
class Found:
    """How many pairs are found by exactly the kinds of a mask (bit n is kind number n): likely ``matches`` and ``others``."""

    kinds: int
    matches: float
    others: float


@dataclass(frozen=True)
class FoundAt:
    """
    How many pairs are found by exactly the keys of a mask: likely ``matches`` and ``others``. Each kind has a bit for each of
    `SHARED_STEPS`, and one for what more share (`bit_sql`).
    """

    bits: int
    matches: float
    others: float


_STEPS = len(SHARED_STEPS) + 1


def _bit(kind: KeyKind, step: int) -> int:
    return 1 << (kind.number * _STEPS + step)


def bit_sql(shared: str, key: str = "key") -> str:
    """Return the SQL expression, a HUGEINT, for the bit of `FoundAt` of *key*, which so many fingerprints have *shared*."""
    steps = " ".join(f"WHEN {shared} <= {most} THEN {step}" for step, most in enumerate(SHARED_STEPS))
    return f"(1::HUGEINT << ({kind_number_sql(key)} * {_STEPS} + CASE {steps} ELSE {len(SHARED_STEPS)} END)::INTEGER)"


def worthwhile_kinds(found: Sequence[FoundAt], kinds: Sequence[KeyKind]) -> tuple[KeyKind, ...]:
    """
    Return those of *kinds* that are worth their pairs, in their order, each with how many may share a key of it.

    Again and again those keys come into use that find most matches for the other pairs they cost, of what those in use do not
    find: a kind that finds enough, or more of a kind that is in use, by keys that more share. When the best cost too many, keys
    of the kinds in use that cost nothing come into use, too, and a kind goes that finds too little alone. Kinds of identifiers
    are always used. No truth is needed: the learnt weights say what a match is.

    >>> mailbox, phone, name = KEY_KINDS[4], KEY_KINDS[3], KEY_KINDS[7]
    >>> both = _bit(mailbox, 0) | _bit(phone, 0)
    >>> pairs = [FoundAt(both, 900.0, 0.0), FoundAt(_bit(phone, 0), 100.0, 5.0), FoundAt(_bit(name, 0), 50.0, 20.0),
    ...          FoundAt(_bit(name, 3), 10.0, 700.0)]
    >>> [str(kind) for kind in worthwhile_kinds(pairs, (mailbox, phone, name))]
    ['phone_given', 'full_name of 20 at most']
    """
    by_bits: dict[int, list[float]] = {}
    for each in found:
        counts = by_bits.setdefault(each.bits, [0.0, 0.0])
        counts[0] += each.matches
        counts[1] += each.others
    pairs = [FoundAt(bits, *counts) for bits, counts in by_bits.items()]
    least = LEAST_GAIN * sum(each.matches for each in pairs)
    steps = {kind: _steps_of(kind) if kind.name in IDENTIFIERS else 0 for kind in kinds}
    while True:
        left = _left(pairs, steps)
        gains = [
            gain
            for kind, count in steps.items()
            for gain in _gains(kind, count, left)
            if count or gain.matches >= least
        ]
        best = max(gains, key=lambda gain: gain.matches / (gain.matches + gain.others or 1), default=None)
        if best is None or best.matches < LEAST_YIELD * best.others:
            break
        steps[best.kind] = best.steps
    for kind, count in steps.items():
        free = [gain.steps for gain in _gains(kind, count, left) if not gain.others] if count else []
        steps[kind] = max(free, default=count)
    while (needless := _needless(pairs, steps, least)) is not None:
        steps[needless] = 0
    most = (*SHARED_STEPS, None)
    return tuple(replace(kind, most=most[count - 1]) for kind, count in steps.items() if count)


@dataclass(frozen=True)
class _Gain:
    """What the keys of ``kind`` find by its first ``steps``."""

    kind: KeyKind
    steps: int
    matches: float
    others: float


def _steps_of(kind: KeyKind) -> int:
    return _STEPS if kind.most is None else SHARED_STEPS.index(kind.most) + 1


def _left(pairs: Sequence[FoundAt], steps: Mapping[KeyKind, int]) -> list[FoundAt]:
    """Return those of *pairs* that no key in use finds; *steps*: so many of each kind are."""
    used = sum(_bit(kind, step) for kind, count in steps.items() for step in range(count))
    return [each for each in pairs if not each.bits & used]


def _gains(kind: KeyKind, count: int, left: Sequence[FoundAt]) -> Iterator[_Gain]:
    """Yield what *kind*, of which so many steps are in use, finds of the pairs that are *left* by one more step, two more, ..."""
    matches, others, earlier = 0.0, 0.0, 0
    for step in range(count, _steps_of(kind)):
        bit = _bit(kind, step)
        mine = [each for each in left if each.bits & bit and not each.bits & earlier]
        matches += sum(each.matches for each in mine)
        others += sum(each.others for each in mine)
        earlier |= bit
        yield _Gain(kind, step + 1, matches, others)


def _needless(pairs: Sequence[FoundAt], steps: Mapping[KeyKind, int], least: float) -> KeyKind | None:
    """Return the kind in use that finds fewest matches alone, where these are fewer than *least*."""
    alone = {
        kind: sum(each.matches for each in _left(pairs, {**steps, kind: 0}))
        for kind, count in steps.items()
        if count and kind.name not in IDENTIFIERS
    }
    missed = sum(each.matches for each in _left(pairs, steps))
    kind = min(alone, key=lambda one: alone[one], default=None)
    return kind if kind is not None and alone[kind] - missed < least else None


def affordable_kinds(descriptions: int) -> tuple[KeyKind, ...]:
    """Return the kinds that so many *descriptions* can afford to be looked at by."""
    return tuple(kind for kind in KEY_KINDS if descriptions < FEW_DESCRIPTIONS or not kind.broad)


def part_of(name: str, text: str) -> int:
    """
    Return the hash of a part's *text*: 58 bits of the md5 of its name and text.

    >>> part_of("last", "ivanov") == part_of("sound", "ivanov")
    False
    """
    digest = hashlib.md5(f"{name}\x1f{text}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little") >> (64 - PART_BITS)


def _part_sql(name: str, text: str) -> str:
    """SQL for `part_of`. A number is its own hash: those of people are shorter than 58 bits and all different."""
    return f"(md5_number_upper('{name}' || chr(31) || {text}) >> {64 - PART_BITS})::BIGINT"


def _number_sql(name: str, text: str) -> str:
    return f"coalesce(try_cast({text} AS BIGINT) & {2**PART_BITS - 1}, {_part_sql(name, text)})"


NUMBERS = ("phone", "snils")
"""Parts that are whole numbers."""
EMAIL_PARTS = {
    "email_part": _part_sql("email", "d.email"),
    "mailbox_part": _part_sql("mailbox", "split_part(d.email, '@', 1)"),
}
"""SQL of the parts of a delivered record ``d`` that are too dear to be made once per kind of key."""
PARTS: dict[str, str] = {
    **{
        name: f"{name}_part"
        for name in ("last", "sound", "given", "middle", "birth", "day", "year", "region", "city", "address", "school")
    },
    "last_word": "last_word",
    "first_word": "first_word",
    **{name: _number_sql(name, name) for name in NUMBERS},
    "document_number": _part_sql("document_number", "document_number"),
    "postcode": _part_sql("postcode", "postcode"),
    "email": "email_part",
    "mailbox": "mailbox_part",
}
"""
SQL of each part's hash over a description. ``<name>_part`` are made with it. The two
``_word``s are hashed alike and joined by exclusive or, which knows no order: names in each other's fields give one key.
"""


def _key_sql(kind: KeyKind, parts: dict[str, str]) -> str:
    joined = parts[kind.parts[0]]
    for _, name in pairwise(kind.parts):
        joined = f"xor({joined}, {parts[name]})"
    return f"(({joined}) << {KIND_BITS}) | {kind.number}"


def keys_sql(descriptions: str, kinds: Sequence[KeyKind] = KEY_KINDS) -> str:
    """
    Return the query for the match keys of *descriptions* (see `rddm.resolve.fingerprints.distinct_sql`).

    Columns: key BIGINT, n INTEGER; no duplicates.
    """
    return "\nUNION ALL\n".join(query for kind in kinds for query in _kind_sql(descriptions, kind))


def _kind_sql(descriptions: str, kind: KeyKind) -> list[str]:
    """Most descriptions have one value of each part; those that have several are taken apart by themselves."""
    several = [name for name in kind.parts if name in SEVERAL]
    key = _key_sql(kind, PARTS)
    if not several:
        return [f"SELECT {key} AS key, n FROM {descriptions} WHERE key IS NOT NULL"]
    single = " AND ".join(f"{name}_more IS NULL" for name in several)
    source = f"(SELECT * FROM {descriptions} WHERE NOT ({single}))"
    for name in several:  # one inside the other: two in one SELECT would be zipped, not crossed
        values = f"list_concat([{name}_part], coalesce({name}_more, []))"
        source = f"(SELECT *, unnest({values}) AS {name}_each FROM {source})"
    each = PARTS | {name: f"{name}_each" for name in several}
    return [
        f"SELECT {key} AS key, n FROM {descriptions} WHERE {single} AND key IS NOT NULL",
        f"SELECT {_key_sql(kind, each)} AS key, n FROM {source} WHERE key IS NOT NULL",
    ]


def kind_number_sql(key: str = "key") -> str:
    """Return the SQL expression for the number of the kind of *key*."""
    return f"({key} & {2**KIND_BITS - 1})"


def key_of_value_sql(kind: str, value: str) -> str:
    """Return the SQL expression for the key that the single *value* (an expression) has in *kind* of `IDENTIFIERS`."""
    part = _number_sql(kind, value) if kind in NUMBERS else _part_sql(kind, value)
    return f"(({part}) << {KIND_BITS}) | {KIND_NUMBERS[kind]}"


def identifier_keys_sql(nodes: str) -> str:
    """Return the query for the keys (key, n) by which others share an identifier of *nodes*."""
    return "\nUNION ALL\n".join(
        f"SELECT {key_of_value_sql(kind, column)} AS key, n FROM {nodes} WHERE {column} IS NOT NULL"
        for column, kind in IDENTIFIERS.items()
    )


def usable_sql(keys: str, limit: int, kinds: Sequence[KeyKind] = KEY_KINDS) -> str:
    """
    Return the query for the keys of *keys* (key) that find candidates: shared, not by too many (see `limit_sql`), and not only
    counted. Columns: key, shared (by how many).
    """
    return (
        f"SELECT key, count(*) AS shared FROM {keys} WHERE {is_finding_sql()}"
        f" GROUP BY key HAVING count(*) BETWEEN 2 AND {limit_sql(limit, kinds)}"
    )


def is_finding_sql(key: str = "key") -> str:
    """Return the SQL condition that *key* is of a kind that finds candidates, and not only counted."""
    return f"{kind_number_sql(key)} NOT IN ({', '.join(str(KIND_NUMBERS[kind]) for kind in sorted(COUNTED_KINDS))})"


def limit_sql(limit: int, kinds: Sequence[KeyKind] = KEY_KINDS) -> str:
    """Return the SQL expression for how many may share ``key`` so that it finds anybody; *limit* is the entity's."""
    own = " ".join(f"WHEN {kind.number} THEN {min(limit, kind.most)}" for kind in kinds if kind.most is not None)
    return f"CASE {kind_number_sql()} {own} ELSE {limit} END" if own else str(limit)


def is_identifier_sql(key: str = "key") -> str:
    """Return the SQL condition that *key* is of an identifier."""
    return f"{kind_number_sql(key)} IN ({', '.join(str(KIND_NUMBERS[kind]) for kind in sorted(IDENTIFIERS.values()))})"


def common_values_sql(keys: str, limit: int) -> str:
    """Return the query for the keys of identifiers that more than *limit* fingerprints of *keys* (key) share. Column: key."""
    return f"SELECT key FROM {keys} WHERE {is_identifier_sql()} GROUP BY key HAVING count(*) > {limit}"


def without_shared_sql(rows: str, holders: str, by: str) -> str:
    """
    Return *rows* with those identifiers set to null that too many share: *holders* (*by*, kind: the number of a kind of key)
    says which rows, known *by* a column, have one.
    """
    columns = ", ".join(
        f"CASE WHEN {by} IN (SELECT {by} FROM {holders} WHERE kind = {KIND_NUMBERS[kind]}) THEN NULL ELSE {column} END"
        f" AS {column}"
        for column, kind in IDENTIFIERS.items()
    )
    return f"SELECT * REPLACE ({columns}) FROM {rows}"


def without_common_sql(nodes: str, common: str) -> str:
    """Return *nodes* with identifiers whose key is in *common* (key) set to null."""
    columns = ", ".join(
        f"CASE WHEN {key_of_value_sql(kind, column)} IN (SELECT key FROM {common}) THEN NULL ELSE {column} END AS {column}"
        for column, kind in IDENTIFIERS.items()
    )
    return f"SELECT * REPLACE ({columns}) FROM {nodes}"


def pairs_by_kinds_sql(keys: str, members: str) -> str:
    """Return `pairs_sql` with a column found_by BIGINT: the kinds of keys that find the pair, as a mask."""
    mask = f"bit_or(1::BIGINT << {kind_number_sql()})"
    return f"SELECT a, b, {mask} AS found_by FROM ({_meetings_sql(keys, members)}) GROUP BY a, b"


def found_at_sql(keys: str, members: str) -> str:
    """Return `pairs_sql` with a column found_at HUGEINT: the bits of the keys (`bit_sql`, a column of *members*) that find it."""
    return f"SELECT a, b, bit_or(bit) AS found_at FROM ({_meetings_sql(keys, members, 'bit')}) GROUP BY a, b"


def pairs_sql(keys: str, members: str) -> str:
    """
    Return the query for the candidate pairs that at least one of *keys* (of nodes to look at) finds among *members*.

    Both have key and n (a node's number); *members* holds usable keys only and says which nodes are ``looked_at``. Grain:
    a pair of nodes, a below b.
    """
    return f"SELECT DISTINCT a, b FROM ({_meetings_sql(keys, members)})"


def _meetings_sql(keys: str, members: str, column: str = "key") -> str:
    """The pairs of nodes that meet in a key, once per key: a, b, and a *column* of the member."""
    return f"""
SELECT least(k.n, m.n) AS a, greatest(k.n, m.n) AS b, m.{column}
FROM {keys} k
JOIN {members} m ON m.key = k.key
WHERE k.n <> m.n AND (NOT m.looked_at OR k.n < m.n)"""
