"""
"Do we know this person?" - asked by a service before it creates one.

What somebody typed is cleaned as conforming does, described and keyed as matching does, and compared, with the learnt model,
with the people that share a match key with it. One question to PostgreSQL, whatever the size of the warehouse: it finds by
index the drawers of the keys, the people in them and what their records say.

An answer tells ids and how well they agree with what was typed; never what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

import psycopg
from psycopg import sql

from rddm.conform.mapping import MappedEntity
from rddm.conform.typed import clean_typed, typed_entity
from rddm.contracts.errors import Malformed, NotFound, StoreError
from rddm.contracts.tables.conformed import told_column
from rddm.project.settings import ModelEntity, ProbabilisticIdentity
from rddm.resolve.asked import (
    Description,
    compare_one,
    describe_one,
    identifier_keys,
    keys_of,
    read_print,
    term_values,
    weigh_terms,
)
from rddm.resolve.drawers import NOBODY, drawer_of, label_of
from rddm.resolve.keys import KeyKind, kinds_from_json
from rddm.resolve.known import Asked, Candidate, KnownPerson, Recognised, Thresholds, Verdict, is_comparable, recognise
from rddm.resolve.roles import ROLES, roles_of
from rddm.resolve.weights import Mixture, match_probability_of
from rddm.serve.matching import DESCRIPTION_SEPARATOR, PUBLISHED_FORMS, SCHEMA
from rddm.store.database import Database

CANDIDATES = 150
"""So many people at most are compared: those who share most and rarest keys with what was typed."""
_QUESTION = """
WITH asked AS (SELECT * FROM unnest(%(drawers)s::integer[], %(labels)s::integer[]) AS asked(drawer, label)),
entry AS (
    SELECT asked.drawer, asked.label, ((each & 4294967295) - 2147483648)::integer AS number
    FROM asked JOIN {drawer} AS kept ON kept.drawer = asked.drawer
    CROSS JOIN LATERAL unnest(kept.entries) AS each
    WHERE (each >> 32)::integer = asked.label
),
found AS (
    SELECT number, sum(1.0 / sharing) AS rarity
    FROM (SELECT number, count(*) OVER (PARTITION BY drawer, label) AS sharing FROM entry) AS entry
    GROUP BY number ORDER BY rarity DESC, number LIMIT %(limit)s
)
SELECT 'print' AS what, print.golden_id::text AS name, print.print AS value, NULL::real AS bits
FROM found JOIN {print} AS print ON print.number = found.number
UNION ALL
SELECT 'term', term.field, term.value, term.bits
FROM unnest(%(fields)s::text[], %(values)s::text[]) AS asked(field, value)
JOIN {term} AS term ON term.entity = %(entity)s AND term.field = asked.field AND term.value = asked.value
UNION ALL
SELECT 'common', common.key::text, NULL, NULL FROM {common} AS common WHERE common.key = ANY(%(identifiers)s::bigint[])
UNION ALL
SELECT 'crowded', count(DISTINCT (entry.drawer, entry.label))::text, NULL, NULL FROM entry WHERE entry.number = {nobody}
UNION ALL
SELECT 'model', model.version::text, NULL, NULL FROM {model} AS model WHERE model.entity = %(entity)s
"""


@dataclass(frozen=True)
class Answer:
    """
    Whether the person is known.

    ``known``: ``people[0]`` is the one. ``possible``: several may be, or one is not sure enough. ``unknown``: nobody is.
    ``too_little``: nobody could be looked for, as no match key was told, or none that few enough share. With
    ``probability`` it is one of ``people``, of whom each has a share of it. ``would_help`` names fields that were not given
    and would make the answer clearer. ``understood`` are the fields that were compared, ``repairs`` and ``problems`` what
    cleaning made of them (notes ``field:rule`` and ``kind:field:reason``), ``not_compared`` fields that tell nobody apart.
    ``compared``: how many people were; ``model_version``: by which model.
    """

    verdict: Verdict
    probability: float
    people: Sequence[KnownPerson]
    would_help: Sequence[str]
    understood: Sequence[str]
    repairs: Sequence[str]
    problems: Sequence[str]
    not_compared: Sequence[str]
    compared: int
    model_version: int


@dataclass(frozen=True)
class _Model:
    version: int
    mixture: Mixture
    kinds: tuple[KeyKind, ...]
    nobody_has: frozenset[str]
    """Fields of the model that no record has, as far as PostgreSQL's statistics tell."""


@dataclass(frozen=True)
class _Found:
    """
    What PostgreSQL answers, of one state: forms by person, term weights, the common identifiers, the model's version; whether
    any of the keys that were asked by ``can_find``, as not too many share it.
    """

    prints: Sequence[tuple[UUID, Sequence[str]]]
    bits: Mapping[tuple[str, str | None], float]
    common: frozenset[int]
    version: int | None
    can_find: bool


@contextmanager
def _failing_in_words() -> Iterator[None]:
    """Raise what PostgreSQL fails with inside the block as a `StoreError`."""
    try:
        yield
    except psycopg.Error as error:
        raise StoreError(
            f"Looking people up failed in PostgreSQL ({type(error).__name__}). Is it up? Open the look-up anew."
        ) from error


class KnownPeople:
    """
    Who is known, asked over one connection; not for several threads at once. The model is read once per version.

    Made by `open_known_people`.
    """

    def __init__(
        self, connection: psycopg.Connection, entity: str, settings: ModelEntity, identity: ProbabilisticIdentity
    ) -> None:
        self._connection, self._entity = connection, entity
        self._identity = identity
        self._mapped: MappedEntity = typed_entity(settings)
        roles = asdict(roles_of(settings.fields))
        self._field_of_role: dict[str, str] = {role: field for role, field in roles.items() if field}
        places = {
            name: sql.Identifier(SCHEMA, f"{entity}_{name}" if name in ("print", "drawer", "common") else name)
            for name in ("print", "drawer", "common", "term", "model")
        }
        self._question = sql.SQL(_QUESTION).format(**places, nobody=sql.Literal(NOBODY)).as_string(connection)
        self._model = self._load_model()

    @property
    def fields(self) -> tuple[str, ...]:
        """The model's fields that are compared."""
        return tuple(name for name in self._field_of_role.values() if name in self._mapped.model_entity.fields)

    @property
    def model_fields(self) -> tuple[str, ...]:
        """All fields of the model, those that tell nobody apart included."""
        return tuple(self._mapped.model_entity.fields)

    def look_up(self, given: Mapping[str, str | date | int | None], today: date, limit: int = 5) -> Answer:
        """
        Return whether the person of whom *given* speaks is known, with at most *limit* people.

        *given*: field of the model: text as typed, a date, a number of digits, or None for nothing. *today*: nobody is born
        later. What is empty or impossible is left out and told in the answer; a field that the model has but that tells nobody
        apart is ``not_compared``.

        Raises:
            NotFound: a field is not in the model.
            Malformed: a value is none of these, or *limit* is below 1.
            StoreError: PostgreSQL cannot be asked.
        """
        if limit < 1:
            raise Malformed(
                f"At most {limit} people are to be shown. Let limit be at least 1: the first is who is known."
            )
        texts = {name: _as_typed(name, value) for name, value in given.items() if value is not None}
        known = self._mapped.model_entity.fields
        strange = sorted(str(name) for name in texts if name not in known)
        if strange:
            raise NotFound(
                f"The model's {self._entity} has no field {', '.join(map(field_shown, strange[:5]))}. Fields that are compared:"
                f" {', '.join(self.fields)}."
            )
        compared = {name: text for name, text in texts.items() if name in self.fields}
        typed = clean_typed(self._mapped, compared, today)
        roles = {role: typed.values[field] for role, field in self._field_of_role.items() if field in typed.values}
        asked = describe_one(roles)
        recognised, people = self._recognise(asked, limit)
        return Answer(
            recognised.verdict,
            recognised.probability,
            recognised.people,
            tuple(self._fields_of(name) for name in recognised.would_help),
            tuple(name for name in self.fields if name in typed.values or told_column(name) in typed.values),
            typed.repairs,
            typed.problems,
            tuple(name for name in texts if name not in compared),
            people,
            self._model.version,
        )

    def _recognise(self, asked: Description, limit: int) -> tuple[Recognised, int]:
        """Return who it is and how many people were compared; reads the model anew when another one was published."""
        nothing = _Found((), {}, frozenset(), self._model.version, can_find=False)
        found = self._ask(asked) if is_comparable(asked) else nothing
        if found.version != self._model.version:
            self._model = self._load_model()
            found = self._ask(asked)
        keys = identifier_keys(asked)
        common = [column for column, key in keys.items() if key in found.common]
        asked = weigh_terms(asked | dict.fromkeys(common), found.bits)
        candidates = []
        for person, said in ((person, read_print(each)) for person, texts in found.prints for each in texts):
            candidates.append(Candidate(person, said, compare_one(asked, said, families=self._model.mixture.families)))
        people = len({each.person for each in candidates})
        mixture = self._model.mixture
        match = match_probability_of(self._identity, mixture)
        thresholds = Thresholds(match, self._identity.possible_probability)
        nobody_has = [role for role in ROLES if self._field_of_role.get(role) in (None, *self._model.nobody_has)]
        about = Asked(asked, common, found.can_find, nobody_has)
        return recognise(mixture, about, candidates, thresholds, limit), people

    def _ask(self, asked: Description) -> _Found:
        drawn = list(dict.fromkeys((drawer_of(key), label_of(key)) for key in keys_of(asked, self._model.kinds)))
        terms = term_values(asked)
        parameters = {
            "entity": self._entity,
            "drawers": [drawer for drawer, _ in drawn],
            "labels": [label for _, label in drawn],
            "identifiers": list(identifier_keys(asked).values()),
            "fields": [field for field in terms for _ in range(2)],
            "values": [value for text in terms.values() for value in (text, "")],
            "limit": CANDIDATES,
        }
        with _failing_in_words():
            rows = self._connection.execute(self._question.encode(), parameters, prepare=True).fetchall()
        # In an order of their own: the same answer however PostgreSQL was filled.
        return _Found(
            [
                (UUID(name), sorted(value.split(DESCRIPTION_SEPARATOR)))
                for what, name, value, _ in rows
                if what == "print"
            ],
            {(name, value or None): bits for what, name, value, bits in rows if what == "term"},
            frozenset(int(name) for what, name, _, _ in rows if what == "common"),
            next((int(name) for what, name, _, _ in rows if what == "model"), None),
            len(drawn) > sum(int(name) for what, name, _, _ in rows if what == "crowded"),
        )

    def _load_model(self) -> _Model:
        row = None
        with _failing_in_words():
            if self._connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.model",)).fetchone() != (None,):
                row = self._connection.execute(
                    f"SELECT version, parameters, kinds, forms FROM {SCHEMA}.model WHERE entity = %s".encode(),
                    (self._entity,),
                ).fetchone()
        if row is None:
            raise NotFound(
                f"Nothing is published yet by which a {self._entity} could be looked up. Run the pipeline: `rddm run`."
            )
        version, parameters, kinds, forms = row
        if tuple(forms) != PUBLISHED_FORMS:
            raise StoreError(
                "What is published for looking people up was made by another version of this program. Run the pipeline with"
                " this one: `rddm run`."
            )
        with _failing_in_words():
            empty = self._connection.execute(
                "SELECT attname FROM pg_stats WHERE schemaname = 'warehouse' AND tablename = %s AND null_frac = 1",
                (self._entity,),
            ).fetchall()
        return _Model(
            version, Mixture.from_json(parameters), kinds_from_json(kinds), frozenset(name for (name,) in empty)
        )

    def _fields_of(self, comparison: str) -> str:
        """The field of the model that a comparison is of; its own name where it is of several."""
        return self._field_of_role.get(comparison, comparison)


def field_shown(name: str) -> str:
    """
    Return *name* for a message, where it is written as fields are; it may be what somebody typed about a person.

    >>> field_shown("frist_name"), field_shown("Анна 1990")
    ('frist_name', 'of such a name')
    """
    return name if re.fullmatch("[a-z][a-z0-9_]{0,39}", name) else "of such a name"


def _as_typed(field: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Malformed(
        f"{field} is of type {type(value).__name__}. Give it as text, a date or a whole number, or leave it out."
    )


@contextmanager
def open_known_people(database: Database, entity: str, settings: ModelEntity) -> Iterator[KnownPeople]:
    """
    Yield the people of *entity*, ready to be asked about.

    Raises:
        NotFound: *entity* is not matched by weights, or nothing is published yet.
        StoreError: PostgreSQL cannot be reached, or what is published was made by another version.
    """
    if not isinstance(settings.identity, ProbabilisticIdentity):
        raise NotFound(f"{entity} is not matched by weights, so it cannot be looked up by what is alike.")
    with database.connect(autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = on")
        # Planning anew for each person would take longer than finding them.
        connection.execute("SET plan_cache_mode = force_generic_plan")
        yield KnownPeople(connection, entity, settings, settings.identity)
