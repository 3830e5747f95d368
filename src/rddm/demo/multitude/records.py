"""The columns of a piece of one service's file: what people told it, written as that service writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rddm.demo.multitude.calendar import (
    DAY_SECONDS,
    date_places,
    date_texts,
    day_number,
    days_of,
    impossible_places,
    parts_of,
)
from rddm.demo.multitude.chance import Chance, Flags, Ints, rearranged
from rddm.demo.multitude.contacts import (
    EmailTexts,
    PhoneTexts,
    hexadecimal,
    replaced,
    school_of,
    tell_emails,
    tell_phones,
    tell_snils,
)
from rddm.demo.multitude.lexicon import NOTHING, Lexicon, spelt
from rddm.demo.multitude.membership import HEXADECIMAL, Accounts
from rddm.demo.multitude.names import Names
from rddm.demo.multitude.naming import Told, Vocabulary, tell_names
from rddm.demo.multitude.places import Places
from rddm.demo.multitude.telling import Piece
from rddm.demo.services.rendering import short_region

_NAMES = ("last_name", "first_name", "middle_name")
_DAY_FIRST = frozenset({"register", "contests"})
_SHORT_REGIONS = frozenset({"contests", "grants"})
_GENDERS = {"register": ("М", "Ж"), "volunteers": ("1", "2")}
_KEYS = {
    "register": ("РМ-", 100_000, 1, 6), "contests": ("У", 0, 1, 6), "grants": ("GR-", 0, 1, 6), "tickets": ("", 7_000_000, 3, 7),
    "camps": ("", 1000, 1, 4), "volunteers": ("", 1000, 1, 4), "federation": ("", 1000, 1, 4),
    "academy": ("", 0, 0, 0), "app": ("u_", 0, 0, 0),
}  # fmt: skip
"""What stands before the number, the number before the first, the step, the least digits."""
_NO_DATE = day_number(date(1900, 1, 1))


@dataclass(frozen=True)
class Texts:
    """Everything that records spell out by number; for any service and several threads."""

    vocabulary: Vocabulary
    lexicon: Lexicon
    dates: pa.Array
    dates_day_first: pa.Array
    times: pa.Array
    regions: pa.Array
    short_regions: pa.Array
    towns: pa.Array
    schools: pa.Array
    phones: PhoneTexts
    emails: EmailTexts


def texts_for(names: Names, places: Places, chance: Chance) -> Texts:
    """Return the texts that records of people with *names* in *places* need."""
    regions = [region.name for region in places.regions]
    vocabulary = Vocabulary(names)
    return Texts(
        vocabulary=vocabulary,
        lexicon=Lexicon(vocabulary.words),
        dates=pa.array(date_texts(day_first=False)),
        dates_day_first=pa.array(date_texts(day_first=True)),
        times=pa.array([f" {s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(DAY_SECONDS)]),
        regions=pa.array(regions),
        short_regions=pa.array([short_region(name) for name in regions]),
        towns=pa.array(places.towns),
        schools=pa.array(places.school_names(chance)),
        phones=PhoneTexts(),
        emails=EmailTexts(names, chance, pa.array(places.school_emails())),
    )


def keys(accounts: Accounts, first: int, last: int) -> pa.Array:
    """Return the keys of the accounts from place *first* to before *last*."""
    name = accounts.service.name
    prefix, before, step, least = _KEYS[name]
    if digits := HEXADECIMAL.get(name):
        number = accounts.person[first:last].astype(np.uint64) * 2 + accounts.again[first:last]
        text = hexadecimal(rearranged(number, 4 * digits), digits)
        return pc.binary_join_element_wise(pa.scalar(prefix), text, "") if prefix else text
    numbers = before + step * np.arange(first + 1, last + 1, dtype=np.int64)
    text = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), least, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), text, "") if prefix else text


def tell(piece: Piece, texts: Texts, lexicon: Lexicon) -> dict[str, pa.Array]:
    """Return *piece*'s columns but the key: ``updated_at``, then the model's fields that the service asks for, all text."""
    service, fields = piece.service, piece.service.fields
    named = tell_names(piece, texts.vocabulary, lexicon)
    born = _birth_dates(piece) if "birth_date" in fields else np.full(len(piece), NOTHING, np.int64)
    contactless = _spoil_fatally(piece, named)
    columns = {"updated_at": _moments(piece, texts)}
    for name in _NAMES:
        if name in named:
            columns[name] = lexicon.texts(named[name])
    if "birth_date" in fields:
        columns["birth_date"] = _dates(piece, texts, born)
    if "gender" in fields:
        words = pa.array(_GENDERS.get(service.name, ("male", "female")))
        columns["gender"] = spelt(words, np.where(piece.has("gender"), piece.whole("female"), NOTHING))
    if "phone" in fields:
        columns["phone"] = pc.if_else(pa.array(contactless), None, tell_phones(piece, texts.phones))
    if "email" in fields:
        columns["email"] = tell_emails(piece, texts.emails)
    if "snils" in fields:
        dashes = (
            piece.below("dashes", 3) == 0
            if service.name == "grants"
            else np.full(len(piece), service.name == "register")
        )
        columns["snils"] = tell_snils(piece, dashes)
    return columns | _whereabouts(piece, texts)


def _whereabouts(piece: Piece, texts: Texts) -> dict[str, pa.Array]:
    moved = piece.day >= piece.people["moved_on"]
    town = np.where(moved, piece.people["next_town"], piece.people["town"]).astype(np.int64)
    told = {
        "region": (texts.short_regions if piece.service.name in _SHORT_REGIONS else texts.regions, town),
        "city": (texts.towns, town),
        "school": (texts.schools, school_of(piece)),
    }
    return {
        name: spelt(every, np.where(piece.has(name), place, NOTHING))
        for name, (every, place) in told.items()
        if name in piece.service.fields
    }


def _moments(piece: Piece, texts: Texts) -> pa.Array:
    days = pc.take(texts.dates, pa.array(date_places(piece.day)))
    return pc.binary_join_element_wise(days, pc.take(texts.times, pa.array(piece.moment % DAY_SECONDS)), "")


def _dates(piece: Piece, texts: Texts, places: Ints) -> pa.Array:
    if piece.service.name not in _DAY_FIRST:
        return spelt(texts.dates, places)
    dates = spelt(texts.dates_day_first, places)
    if piece.service.name != "contests":
        return dates
    # A third of the contests' dates are cells of a sheet, not text.
    cells = np.flatnonzero(piece.below("date cell", 3) == 0)
    return replaced(dates, cells, spelt(texts.dates, places[cells]))


def _birth_dates(piece: Piece) -> Ints:
    """Return the places of birth dates among the texts of dates, dirt included."""
    born = piece.whole("born")
    year, month, day = parts_of(born)
    known = piece.has("birth_date")
    free = known.copy()
    places = piece.befalls("swapped_day_month", free & (day <= 12) & (day != month))
    born[places] = days_of(year[places], day[places], month[places])
    piece.note("swapped_day_month", places)
    free[places] = False
    places = piece.befalls("typo_birth_date", free)
    born[places] = _beside(piece, places, born[places])
    piece.note("typo_birth_date", places)
    free[places] = False
    places = piece.befalls("placeholder_birth_date", free)
    born[places] = _NO_DATE
    piece.note("placeholder_birth_date", places)
    year, month, day = parts_of(born)
    free = known & (year > 1900)
    future = piece.befalls("future_birth_date", free)
    # Not 2087 for 1987, which could be told from its digits: in the next century.
    born[future] = days_of(2100 + year[future] % 100, month[future], np.minimum(day[future], 28))
    piece.note("future_birth_date", future)
    found = np.where(known, date_places(born), NOTHING)
    free[future] = False
    if piece.service.text_dates:
        places = piece.befalls("impossible_birth_date", free)
        found[places] = impossible_places(year[places])
        piece.note("impossible_birth_date", places)
    return found


def _beside(piece: Piece, places: Ints, born: Ints) -> Ints:
    year, month, day = parts_of(born)
    day = np.minimum(day, 28)
    kind = piece.below("typo_birth_date kind", 3, places)
    days = born + np.array([-10, -1, 1, 10])[piece.below("typo_birth_date days", 4, places)]
    next_month = days_of(year, month % 12 + 1, day)
    other_year = days_of(year + 2 * piece.below("typo_birth_date years", 2, places) - 1, month, day)
    return np.choose(kind, (days, next_month, other_year))


def _spoil_fatally(piece: Piece, named: Told) -> Flags:
    """Take the names of some records, and of some the contact too: those are returned."""
    contactless = np.zeros(len(piece), np.bool_)
    if piece.service.name == "app":
        places = piece.befalls("no_contact")
        named["last_name"][places] = NOTHING
        contactless[places] = True
        piece.note("no_contact", places)
        return contactless
    places = piece.befalls("no_name")
    for words in named.values():
        words[places] = NOTHING
    piece.note("no_name", places)
    return contactless
