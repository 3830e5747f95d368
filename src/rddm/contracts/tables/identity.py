"""
The identity layer: which records are the same person (organisation, event, …), how that was decided, and what became
of ids.

Six tables per entity that has an identity - fingerprints, their match keys, matching and possible pairs, the components that
pairs make, the pairs that were kept apart, links of records to golden ids - and the judgements they honour; events,
redirects, learnt models and common values for all entities in one table each.
"""

from __future__ import annotations

from typing import Literal

from rddm.contracts.tables.table import Column, Table

SCHEMA = "identity"

Method = Literal["probabilistic", "exact"]

_FINGERPRINT_ID = Column(
    "fingerprint_id", "UUID", "The description, or the description and one record if it names nobody"
)
_TWO_FINGERPRINTS = (
    Column("fingerprint_a", "UUID", "The lower fingerprint id"),
    Column("fingerprint_b", "UUID", "The higher fingerprint id"),
)
_DESCRIPTION_ID = Column("description_id", "UUID", "md5 of the fields in the form they are compared in")
_RECORDS = Column("records", "BIGINT", "How many records have this fingerprint")

_PERSON_FORMS = (
    Column(
        "last_root", "VARCHAR", "Family name in Latin letters, without gender; the parts of a double one joined by -"
    ),
    Column("last_text", "VARCHAR", "Family name as written, in Latin letters"),
    Column("first_text", "VARCHAR", "Given name as written, in Latin letters"),
    Column("first_root", "VARCHAR", "The full given names it may stand for, in Latin letters, joined by |"),
    Column(
        "first_known", "BOOLEAN", "Whether it is a known given name, so that another known one is no misspelling of it"
    ),
    Column("middle_root", "VARCHAR", "The father's name in the patronymic, in Latin letters"),
    Column("birth_date", "DATE", "Date of birth"),
    Column("gender", "VARCHAR", "female or male, as delivered or as the names tell"),
    Column("phone", "VARCHAR", "Phone, E.164"),
    Column("email", "VARCHAR", "E-mail, lower case"),
    Column("snils", "VARCHAR", "Pension insurance number"),
    Column("document_number", "VARCHAR", "Number of a document, letters and digits"),
    Column("region", "VARCHAR", "Region, in the form names of places are compared in"),
    Column("city", "VARCHAR", "Town or village, in the same form"),
    Column(
        "address",
        "VARCHAR",
        "The words and numbers of the address that tell it apart, in Latin letters and alphabetical order",
    ),
    Column("postcode", "VARCHAR", "Postcode, letters and digits"),
    Column("school", "VARCHAR", "School, in the form names of organisations are compared in"),
    Column("exclusive", "VARCHAR", "source/entity, where that source never has one person twice"),
    Column(
        "birth_told",
        "VARCHAR",
        "What was told of a birth date that cannot be, as YYYY-MM-DD with 00 for what is not there",
    ),
)
TERM_FIELDS = (*("last_root", "first_root", "middle_root", "birth_date", "phone", "email", "address"),)
"""The forms whose common values weigh less (term frequencies)."""

_TERM_WEIGHTS = tuple(
    Column(f"{field}_bits", "FLOAT", f"log2 of how much more often than usual two people share this {field} by chance")
    for field in TERM_FIELDS
)


def fingerprint_table(entity: str, method: Method = "probabilistic") -> Table:
    forms = (
        (*_PERSON_FORMS, *_TERM_WEIGHTS)
        if method == "probabilistic"
        else (_DESCRIPTION_ID, Column("exclusive", "VARCHAR", "Not used here: always null"))
    )
    return Table(
        SCHEMA,
        f"{entity}__fingerprint",
        "one row per distinct description of the records there are",
        (_FINGERPRINT_ID, *forms, _RECORDS),
        found_by=("fingerprint_id",),
        is_sorted=True,
    )


def key_table(entity: str) -> Table:
    return Table(
        SCHEMA,
        f"{entity}__key",
        "one row per fingerprint and match key",
        (
            Column(
                "key", "BIGINT", "58 bits that the shared values hash to, then 5 bits: the number of the kind of key"
            ),
            _FINGERPRINT_ID,
        ),
        found_by=("key",),
        is_sorted=True,
    )


def pair_table(entity: str) -> Table:
    return Table(
        SCHEMA,
        f"{entity}__pair",
        "one row per two fingerprints that match or possibly match; a before b",
        (
            *_TWO_FINGERPRINTS,
            Column(
                "pattern",
                "INTEGER",
                "The levels of agreement of the eleven fields, as digits to base 5; before them 1 where the birth dates agree by"
                " what was told of one that cannot be",
            ),
            Column("weight", "DOUBLE", "Match weight: log2 of the odds of a match"),
            Column("outcome", "VARCHAR", "match or possible"),
            Column(
                "contradiction", "VARCHAR", "Why the two can hardly be one in spite of their weight, as a code, or null"
            ),
        ),
        found_by=("fingerprint_a",),
        is_sorted=True,
    )


def component_table(entity: str) -> Table:
    return Table(
        SCHEMA,
        f"{entity}__component",
        "one row per fingerprint that others match, directly or through others, whether or not they are one",
        (_FINGERPRINT_ID, Column("component", "UUID", "The lowest fingerprint id of those")),
        found_by=("component", "fingerprint_id"),
        is_sorted=True,
    )


def apart_table(entity: str) -> Table:
    return Table(
        SCHEMA,
        f"{entity}__apart",
        "one row per two fingerprints that match and are not one all the same; a before b",
        _TWO_FINGERPRINTS,
    )


LINKED_HOW = {
    "alone": "the only one",
    "description": "all its records say the same",
    "match": "it matches another one",
    "judgement": "it matches none, but a steward said so",
    "fact": "by what it says, as facts are",
}
"""How a record may have come to its golden record, by the word that is stored."""
HOW_SAID = "; ".join(f"{how}: {said}" for how, said in LINKED_HOW.items())


def link_table(entity: str) -> Table:
    return Table(
        SCHEMA,
        f"{entity}__link",
        "one row per conformed record",
        (
            Column("record_id", "UUID", "The record"),
            Column("golden_id", "UUID", "Who or what it is"),
            _FINGERPRINT_ID,
            Column("how", "VARCHAR", HOW_SAID),
            Column("probability", "DOUBLE", "Of its best match inside the group, 0 to 1; null without a match"),
        ),
        found_by=("fingerprint_id", "record_id", "golden_id"),
        is_sorted=True,
    )


LINK_COLUMNS = ", ".join(link_table("").column_names)


def judgement_table(entity: str) -> Table:
    return Table(
        SCHEMA,
        f"{entity}__judgement",
        "one row per judgement that the links honour",
        (
            Column("record_a", "UUID", "The lower record id"),
            Column("record_b", "UUID", "The higher record id"),
            Column("verdict", "VARCHAR", "same or different"),
        ),
    )


EVENT_KINDS = ("created", "merged", "split", "moved", "ended")
KINDS_OF_TWO = ("merged", "split", "moved")
"""In these another id has part; an erasure takes it out of what happened to those who stay."""
EVENT = Table(
    SCHEMA,
    "event",
    "one row per thing that happened to a golden id",
    (
        Column("entity", "VARCHAR", "Entity of the model"),
        Column("golden_id", "UUID", "The id it happened to"),
        Column(
            "kind",
            "VARCHAR",
            "created, merged (into other_id), split (from other_id), moved (record came from other_id), ended",
        ),
        Column("other_id", "UUID", "The other id, if there is one and it was not erased"),
        Column("record_id", "UUID", "The record: the founding one, or the one that moved"),
        Column("run_id", "BIGINT", "The run that saw it"),
        Column("at", "TIMESTAMP", "When, UTC"),
        Column("reason", "VARCHAR", "Why, as a code"),
    ),
)
REDIRECT = Table(
    SCHEMA,
    "redirect",
    "one row per golden id that was merged into another",
    (
        Column("entity", "VARCHAR", "Entity of the model"),
        Column("old_id", "UUID", "The id that was merged"),
        Column("golden_id", "UUID", "The id to use instead"),
    ),
)
MODEL = Table(
    SCHEMA,
    "model",
    "one row per version of an entity's learnt model; the highest is in use",
    (
        Column("entity", "VARCHAR", "Entity of the model"),
        Column("version", "BIGINT", "Counts from 1"),
        Column("learnt", "BOOLEAN", "False: the shipped parameters, because there was too little data to learn from"),
        Column("pairs", "BIGINT", "How many candidate pairs it was learnt from"),
        Column("records", "BIGINT", "How many records there were then; null in models of before this was noted"),
        Column(
            "parameters", "VARCHAR", "JSON: shares and level probabilities per class; empty: not matched by weights"
        ),
        Column(
            "kinds",
            "VARCHAR",
            "JSON: how many may share a match key, by the kinds in use; null: as many as the entity allows",
        ),
        Column("applied", "VARCHAR", "JSON: the settings that the stored links were made with"),
        Column(
            "common",
            "BIGINT[]",
            "Match keys of the phones, e-mails and numbers that more than `key_limit` descriptions shared then: with nothing"
            " else, equal descriptions do not prove a match by them; null: not looked for",
        ),
        Column("run_id", "BIGINT", "The run that learnt it"),
        Column("at", "TIMESTAMP", "When, UTC"),
    ),
)
TERM = Table(
    SCHEMA,
    "term",
    "one row per model version, field and common value",
    (
        Column("entity", "VARCHAR", "Entity of the model"),
        Column("version", "BIGINT", "The model's version"),
        Column("field", "VARCHAR", "The compared form: last_root, phone, …"),
        Column("value", "VARCHAR", "The value; null: every value that is not listed"),
        Column("bits", "FLOAT", "log2 of how much more often than usual two people share it by chance"),
    ),
)
SHARED_TABLES = (EVENT, REDIRECT, MODEL, TERM)


def identity_tables(entity: str, method: Method) -> tuple[Table, ...]:
    """Return every table that resolving *entity* writes to."""
    return (
        fingerprint_table(entity, method),
        key_table(entity),
        pair_table(entity),
        component_table(entity),
        apart_table(entity),
        link_table(entity),
        judgement_table(entity),
        *SHARED_TABLES,
    )
