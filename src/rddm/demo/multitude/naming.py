"""Under what names services know people: short, in Latin letters, in capitals, and spoilt as `rates.DIRT` says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rddm.demo.dirt import IN_CP1251, NO_TEXT
from rddm.demo.multitude.chance import Flags, Ints
from rddm.demo.multitude.lexicon import NOTHING, SPACES, VARIANTS, Lexicon
from rddm.demo.multitude.names import Names
from rddm.demo.multitude.telling import Piece
from rddm.demo.spelling import MOJIBAKE, STANDARDS

Told = dict[str, Ints]
"""Numbers of words by field: ``last_name``, ``first_name``, and ``middle_name`` where the service asks for it."""


@dataclass(frozen=True)
class Vocabulary:
    """All words before any is spoilt, and where in the lexicon each kind begins."""

    names: Names

    @cached_property
    def words(self) -> tuple[str, ...]:
        names = self.names
        shorts = (short for every in names.shorts for short in every)
        return (*names.forms, *names.given, *names.patronymics, *NO_TEXT, *shorts)

    @cached_property
    def given_at(self) -> int:
        return len(self.names.forms)

    @cached_property
    def patronymics_at(self) -> int:
        return self.given_at + len(self.names.given)

    @cached_property
    def no_text_at(self) -> int:
        return self.patronymics_at + len(self.names.patronymics)

    @cached_property
    def short_many(self) -> Ints:
        return np.array([len(every) for every in self.names.shorts], np.int64)

    @cached_property
    def short_first(self) -> Ints:
        first = self.no_text_at + len(NO_TEXT)
        return np.asarray(first + np.cumsum(self.short_many) - self.short_many, np.int64)


def tell_names(piece: Piece, vocabulary: Vocabulary, lexicon: Lexicon) -> Told:
    """Return the names of *piece*'s records as delivered, dirt included; nobody is without a name yet."""
    service, people = piece.service, piece.people
    married = piece.day >= people["married_on"]
    form = np.where(married, people["married"], people["surname"]).astype(np.int64) * 2 + people["female"]
    told: Told = {
        "last_name": np.where(piece.has("last_name"), form, NOTHING),
        "first_name": vocabulary.given_at + piece.whole("given"),
    }
    if "middle_name" in service.fields:
        father = vocabulary.patronymics_at + piece.whole("father") * 2 + people["female"]
        told["middle_name"] = np.where(piece.has("middle_name"), father, NOTHING)
    if service.short_names:
        _shorten(told, piece, vocabulary, np.flatnonzero(piece.chance.hits(piece.number, "short", service.short_names)))
    if service.latin:
        standards = piece.below("standard", len(STANDARDS))
        for name in ("last_name", "first_name"):
            told[name] = lexicon.spoil(told[name], "transliterated", standards)
        piece.tally["transliterated"] += len(piece)
    if service.upper_surname:
        told["last_name"] = lexicon.spoil(told["last_name"], "upper")
    _spoil(told, piece, vocabulary, lexicon)
    return told


def _shorten(told: Told, piece: Piece, vocabulary: Vocabulary, places: Ints) -> None:
    given = piece.whole("given")[places]
    many = vocabulary.short_many[given]
    places, given, many = places[many > 0], given[many > 0], many[many > 0]
    drawn = piece.chance.below(piece.number[places], "which short form", many)
    told["first_name"][places] = vocabulary.short_first[given] + drawn
    piece.note("diminutive", places)


def _spoil(told: Told, piece: Piece, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
    service = piece.service
    if "middle_name" in told:
        places = piece.befalls("placeholder_text", told["middle_name"] != NOTHING)
        told["middle_name"][places] = vocabulary.no_text_at + piece.below("which no text", len(NO_TEXT), places)
        piece.note("placeholder_text", places)
    if not service.latin:
        if not service.short_names:
            _shorten(told, piece, vocabulary, piece.befalls("diminutive"))
        places = piece.befalls("yo_as_e", lexicon.has_yo(told["first_name"]) | lexicon.has_yo(told["last_name"]))
        for name in ("first_name", "last_name"):
            told[name][places] = lexicon.spoil(told[name][places], "yo_as_e")
        piece.note("yo_as_e", places)
    _mistype(told, piece, lexicon)
    places = piece.befalls("swapped_names", told["last_name"] != NOTHING)
    first, last = told["first_name"][places], told["last_name"][places]
    told["first_name"][places], told["last_name"][places] = last, first
    piece.note("swapped_names", places)
    spared = np.ones(len(piece), np.bool_)
    if not service.latin:
        spared[_spoil_script(told, piece, vocabulary, lexicon)] = False
    _spoil_spelling(told, piece, lexicon, spared)


def _mistype(told: Told, piece: Piece, lexicon: Lexicon) -> None:
    places = piece.befalls("typo_name", lexicon.lengths(told["last_name"]) > 3)
    of_first = (lexicon.lengths(told["first_name"][places]) > 3) & piece.chance.hits(
        piece.number[places], "typo where", 0.35
    )
    variants = piece.below("which typo", VARIANTS, places)
    for name, chosen in (("first_name", of_first), ("last_name", ~of_first)):
        told[name][places[chosen]] = lexicon.spoil(told[name][places[chosen]], "typo", variants[chosen])
    piece.note("typo_name", places)


def _spoil_script(told: Told, piece: Piece, vocabulary: Vocabulary, lexicon: Lexicon) -> Ints:
    """Spoil letters; of these kinds at most one befalls a record. Return the places of those that one was meant for."""
    free = np.ones(len(piece), np.bool_)
    places = piece.befalls("transliterated")
    standards = piece.below("standard", len(STANDARDS), places)
    for name, words in told.items():
        no_text = (words[places] >= vocabulary.no_text_at) & (words[places] < vocabulary.no_text_at + len(NO_TEXT))
        kept = no_text & (name == "middle_name")
        told[name][places] = np.where(kept, words[places], lexicon.spoil(words[places], "transliterated", standards))
    piece.note("transliterated", places)
    free[places] = False
    places = piece.befalls("latin_lookalike", free)
    free[places] = False
    changed = _in_one_name(told, piece, lexicon, places, "lookalike", VARIANTS)
    piece.note("latin_lookalike", changed)
    places = piece.befalls("mojibake", free)
    free[places] = False
    piece.note("mojibake", _spoil_encoding(told, piece, lexicon, places))
    places = piece.befalls("wrong_layout", free)
    free[places] = False
    for name, words in told.items():
        told[name][places] = lexicon.spoil(words[places], "wrong_layout")
    piece.note("wrong_layout", places)
    return np.flatnonzero(~free)


def _spoil_encoding(told: Told, piece: Piece, lexicon: Lexicon, places: Ints) -> Ints:
    """All names of a record went the same wrong way; return the places of those for which there was one."""
    tries = [np.zeros(len(places), np.int64)]
    if piece.service.name not in IN_CP1251:
        tries = [piece.below("which encoding", len(MOJIBAKE), places), np.ones(len(places), np.int64)]
    spoilt = np.zeros(len(places), np.bool_)
    for kinds in tries:
        ways = {name: lexicon.spoil(words[places], "mojibake", kinds) for name, words in told.items()}
        works = ~spoilt
        for name, words in told.items():
            works &= (ways[name] != NOTHING) | (words[places] == NOTHING)
        for name in told:
            told[name][places[works]] = ways[name][works]
        spoilt |= works
    return np.asarray(places[spoilt], np.int64)


def _spoil_spelling(told: Told, piece: Piece, lexicon: Lexicon, where: Flags) -> None:
    places = piece.befalls("letter_case", where)
    upper = piece.chance.hits(piece.number[places], "capitals", 0.6)
    for name, words in told.items():
        for way, chosen in (("upper", places[upper]), ("lower", places[~upper])):
            told[name][chosen] = lexicon.spoil(words[chosen], way)
    piece.note("letter_case", places)
    places = piece.befalls("stray_spaces", where)
    _in_one_name(told, piece, lexicon, places, "spaces", len(SPACES))
    piece.note("stray_spaces", places)


def _in_one_name(told: Told, piece: Piece, lexicon: Lexicon, places: Ints, way: str, variants: int) -> Ints:
    """Spoil one of each record's names; return the places where that changed anything."""
    names = [name for name in ("last_name", "first_name", "middle_name") if name in told]
    there = np.array([told[name][places] != NOTHING for name in names])
    # The chosen name is the one before which as many others are there as were drawn.
    drawn = piece.chance.below(piece.number[places], f"{way} in which name", there.sum(axis=0))
    before = np.cumsum(there, axis=0) - there
    chosen_variants = piece.below(f"which {way}", variants, places)
    changed = np.zeros(len(places), np.bool_)
    for row, name in enumerate(names):
        chosen = there[row] & (before[row] == drawn)
        old = told[name][places[chosen]]
        new = lexicon.spoil(old, way, chosen_variants[chosen])
        told[name][places[chosen]] = new
        changed[chosen] = new != old
    return np.asarray(places[changed], np.int64)
