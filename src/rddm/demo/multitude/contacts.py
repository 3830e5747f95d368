"""What services know of phones, e-mail addresses and insurance numbers, and how they write them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rddm.demo.dirt import CALL_CENTRE, NO_EMAIL, NO_PHONE
from rddm.demo.multitude.addresses import (
    Wishes,
    family_owner,
    family_phones,
    insurance_numbers,
    own_owner,
    own_phones,
    rank_texts,
    tails,
    wishes,
)
from rddm.demo.multitude.chance import U64, Chance, Flags, Ints
from rddm.demo.multitude.lexicon import NOTHING, spelt
from rddm.demo.multitude.names import Names
from rddm.demo.multitude.telling import Piece
from rddm.demo.population import EMAIL_HOSTS, NICKS, PHONE_CODES
from rddm.demo.rates import DIRT, LIFE
from rddm.demo.spelling import PHONE_STYLES, phone_text

SCHOOLS_WITH_EMAIL = 5
"""One school in so many writes its own address on its pupils, but then on many of them."""
_NONE, _FAMILY, _OWN, _NEW, _SECOND = range(5)
"""Whose phone or address a record has: nobody's, the mother's, one's own, the next of one's own, one for tickets only."""
_PATTERN_WITH_DOT, _PATTERN_WITH_UNDERSCORE = 0, 2
_FIRST_PHONE = int(PHONE_CODES[0]) * 10**7


def _whose(piece: Piece, what: str) -> Ints:
    """Return whose phone or e-mail address (*what*) people have on the day of the record."""
    people, day = piece.people, piece.day
    before = np.where(people[f"family_{what}"], _FAMILY, _NONE)
    after = np.where(day >= people[f"new_{what}_on"], _NEW, _OWN)
    return np.where(day < people[f"{what}_from"], before, after).astype(np.int64)


def phone_owners(piece: Piece) -> Ints:
    """Return whose phone each record has, before any damage."""
    whose = _whose(piece, "phone")
    theirs = piece.under_16 & piece.chance.hits(piece.number, "family phone later", LIFE["family_phone_later"].share)
    if piece.service.family_contacts:
        theirs = piece.under_16
    if piece.service.name == "app":
        theirs |= whose == _NONE
    return np.asarray(np.where(piece.has("phone"), np.where(theirs, _FAMILY, whose), _NONE), np.int64)


def email_owners(piece: Piece) -> Ints:
    """Return whose e-mail address each record has, before any damage."""
    whose = _whose(piece, "email")
    if piece.service.family_contacts:
        whose[piece.under_16] = _FAMILY
    if piece.service.name == "tickets":
        whose[whose == _NONE] = _FAMILY
        whose[piece.chance.hits(piece.number, "second_email", LIFE["second_email"].share)] = _SECOND
    return np.where(piece.has("email"), whose, _NONE)


def with_wrong_digit(numbers: Ints, piece: Piece, places: Ints, purpose: str, digits: int) -> Ints:
    """
    Return *numbers* of so many *digits*, one digit changed or two neighbours exchanged in each; never the first three.

    The numbers may lack leading digits: they are those of the records at *places*.
    """
    power = 10 ** (1 + piece.below(f"{purpose} place", digits - 4, places))
    here, behind = numbers // power % 10, numbers // (power // 10) % 10
    exchange = piece.chance.hits(piece.number[places], f"{purpose} exchange", 0.4) & (here != behind)
    other = (here + 1 + piece.below(f"{purpose} digit", 9, places)) % 10
    return np.where(exchange, numbers + (behind - here) * (power - power // 10), numbers + (other - here) * power)


# --- phones -----------------------------------------------------------------------------------------------------------


class PhoneTexts:
    """Ten digits in each of `PHONE_STYLES`: text in three parts, looked up and joined."""

    def __init__(self) -> None:
        heads, middles, ends = [], [], []
        for style in PHONE_STYLES:
            head, _, rest = style.partition("{1}")
            before_last, _, rest = rest.partition("{2}")
            between, _, _ = rest.partition("{3}")
            heads += [head.format(code) for code in PHONE_CODES]
            middles += [f"{number:03}{before_last}" for number in range(1000)]
            ends += [f"{number // 100:02}{between}{number % 100:02}" for number in range(10_000)]
        self._heads, self._middles, self._ends = pa.array(heads), pa.array(middles), pa.array(ends)
        self._none = pa.array([phone_text(text, style) for style in range(len(PHONE_STYLES)) for text in NO_PHONE])

    def written(self, numbers: Ints, style: Ints) -> pa.Array:
        """Return *numbers* (from 0, `NOTHING` for null) in *style*."""
        heads = np.where(numbers == NOTHING, NOTHING, style * len(PHONE_CODES) + numbers // 10**7)
        middles = style * 1000 + numbers // 10_000 % 1000
        return pc.binary_join_element_wise(
            spelt(self._heads, heads), pc.take(self._middles, pa.array(middles)),
            pc.take(self._ends, pa.array(style * 10_000 + numbers % 10_000)), "",
        )  # fmt: skip

    def nonsense(self, which: Ints, style: Ints) -> pa.Array:
        """Return placeholders in *style*."""
        return pc.take(self._none, pa.array(style * len(NO_PHONE) + which))


def tell_phones(piece: Piece, texts: PhoneTexts) -> pa.Array:
    """Return the phones of *piece*'s records as delivered, dirt included."""
    whose = phone_owners(piece)
    own = own_phones(piece.person, (whose == _NEW).astype(np.int64))
    numbers = np.where(whose == _FAMILY, family_phones(piece.whole("family")), own)
    numbers[whose == _NONE] = NOTHING
    style = piece.below("phone style", len(PHONE_STYLES))
    # The app sends a code to the number before it opens.
    sure = piece.service.name == "app"
    free = (whose != _NONE) & (not sure)
    if piece.service.name in CALL_CENTRE:
        places = piece.befalls("call_centre_phone", free)
        numbers[places] = int(CALL_CENTRE[piece.service.name]) - _FIRST_PHONE
        free[places] = False
        piece.note("call_centre_phone", places)
    nonsense = piece.befalls("placeholder_phone", free)
    free[nonsense] = False
    piece.note("placeholder_phone", nonsense)
    wrong = piece.befalls("typo_phone", free)
    numbers[wrong] = with_wrong_digit(numbers[wrong], piece, wrong, "typo_phone", 10)
    piece.note("typo_phone", wrong)
    which = piece.below("which no phone", len(NO_PHONE), nonsense)
    return replaced(texts.written(numbers, style), nonsense, texts.nonsense(which, style[nonsense]))


def replaced(column: pa.Array, places: Ints, texts: pa.Array) -> pa.Array:
    """Return *column* with *texts* at *places*, which ascend."""
    if not len(places):
        return column
    mask = np.zeros(len(column), np.bool_)
    mask[places] = True
    return pc.replace_with_mask(column, pa.array(mask), texts)


# --- e-mail addresses -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EmailTexts:
    """The parts of which addresses are joined, looked up by number. ``schools``: each school's address."""

    names: Names
    chance: Chance
    schools: pa.Array

    @cached_property
    def _words(self) -> pa.Array:
        return pa.array([*self.names.latin, *NICKS, ""])

    @cached_property
    def _tails(self) -> pa.Array:
        return pa.array(tails())

    @cached_property
    def _ranks(self) -> pa.Array:
        return pa.array(rank_texts())

    @cached_property
    def hosts(self) -> pa.Array:
        return pa.array([f"@{host}" for host in EMAIL_HOSTS])

    def local_parts(self, wish: Wishes, ranks: Ints) -> pa.Array:
        """Return what stands before the @."""
        signs = pa.array(["", ".", "_"])
        sign = np.select([wish.pattern == _PATTERN_WITH_DOT, wish.pattern == _PATTERN_WITH_UNDERSCORE], [1, 2], 0)
        # The other patterns' second word is an initial or, where there is none, the empty one behind all.
        second = np.where(wish.pattern <= _PATTERN_WITH_UNDERSCORE, wish.second, len(self._words) - 1)
        return pc.binary_join_element_wise(
            pc.take(self._words, pa.array(wish.first)), pc.take(signs, pa.array(sign)), pc.take(self._words, pa.array(second)),
            pc.take(self._tails, pa.array(wish.tail)), pc.take(self._ranks, pa.array(ranks)), "",
        )  # fmt: skip

    def second_parts(self, people: Ints) -> pa.Array:
        """Return the local parts of addresses that no other service knows: the only ones with a dot before base 16."""
        numbers = hexadecimal(people.view(np.uint64), 6)
        nicks = pc.take(pa.array([f"{nick}." for nick in NICKS]), pa.array(people % len(NICKS)))
        return pc.binary_join_element_wise(nicks, numbers, "")


def tell_emails(piece: Piece, texts: EmailTexts) -> pa.Array:
    """Return the e-mail addresses of *piece*'s records as delivered, dirt included."""
    whose = email_owners(piece)
    free = whose != _NONE
    result_places = np.flatnonzero(free)
    locals_, hosts = _clean(piece, texts, whose, result_places)
    free_schools = np.zeros(0, np.int64)
    if piece.service.name == "contests":
        free_schools = _with_school_email(piece)
        free[free_schools] = False
        piece.note("school_email", free_schools)
    nonsense = np.zeros(0, np.int64)
    if piece.service.name != "tickets":
        nonsense = piece.befalls("placeholder_email", free)
        free[nonsense] = False
        piece.note("placeholder_email", nonsense)
    wrong = piece.befalls("typo_email", free)
    piece.note("typo_email", wrong)
    inside = np.searchsorted(result_places, wrong)
    locals_ = replaced(locals_, inside, _without_a_letter(pc.take(locals_, pa.array(inside)), piece, wrong))
    clean = pc.binary_join_element_wise(locals_, hosts, "")
    where = np.full(len(piece), NOTHING, np.int64)
    where[result_places] = np.arange(len(result_places))
    emails = spelt(clean, where)
    which = piece.below("which no email", len(NO_EMAIL), nonsense)
    emails = replaced(emails, nonsense, pc.take(pa.array(NO_EMAIL), pa.array(which)))
    return replaced(emails, free_schools, pc.take(texts.schools, pa.array(school_of(piece)[free_schools])))


def school_of(piece: Piece) -> Ints:
    """Return the school that the people of *piece* went to when the record was written."""
    moved = piece.day >= piece.people["moved_on"]
    return np.where(moved, piece.people["next_school"], piece.people["school"]).astype(np.int64)


def _with_school_email(piece: Piece) -> Ints:
    with_email = piece.chance.hits(school_of(piece), "school has email", 1 / SCHOOLS_WITH_EMAIL)
    share = DIRT["school_email"].share * SCHOOLS_WITH_EMAIL
    return np.flatnonzero(with_email & piece.chance.hits(piece.number, "school_email", share))


def _clean(piece: Piece, texts: EmailTexts, whose: Ints, places: Ints) -> tuple[pa.Array, pa.Array]:
    """Return the local parts and hosts of the addresses of the records at *places*."""
    people, person, kind = piece.people[places], piece.person[places], whose[places]
    family = kind == _FAMILY
    given = np.where(family, people["mother"], people["given"]).astype(np.int64)
    form = np.where(family, people["household"] * np.int64(2) + 1, people["surname"] * np.int64(2) + people["female"])
    born = np.where(family, people["mother_born"], people["born"]).astype(np.int64)
    new = kind == _NEW
    owner = np.where(family, family_owner(people["family"].astype(np.int64)), own_owner(person, new.astype(np.int64)))
    wish = wishes(texts.chance, owner, texts.names, given, form, born)
    ranks = np.select([family, new], [people["family_email_rank"], people["new_email_rank"]], people["email_rank"])
    locals_ = texts.local_parts(wish, ranks.astype(np.int64))
    host = wish.host
    second = np.flatnonzero(kind == _SECOND)
    if len(second):
        locals_ = replaced(locals_, second, texts.second_parts(person[second]))
        host = np.where(kind == _SECOND, person % len(EMAIL_HOSTS), host)
    return locals_, pc.take(texts.hosts, pa.array(host))


def _without_a_letter(texts: pa.Array, piece: Piece, places: Ints) -> pa.Array:
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    drawn = piece.chance.below(piece.number[places], "typo_email place", lengths)
    order = np.argsort(drawn, kind="stable")
    parts = [texts.slice(0, 0)]
    for letter in np.unique(drawn).tolist():
        chosen = pc.take(texts, pa.array(np.flatnonzero(drawn == letter)))
        parts.append(pc.binary_replace_slice(chosen, start=letter, stop=letter + 1, replacement=""))
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return pc.take(pa.concat_arrays(parts), pa.array(back))


# --- insurance numbers and keys ---------------------------------------------------------------------------------------

_THREE = pa.array([f"{number:03}" for number in range(1000)])
_THREE_DASH = pa.array([f"{number:03}-" for number in range(1000)])
_THREE_SPACE = pa.array([f"{number:03} " for number in range(1000)])


def snils_digits(numbers: Ints) -> Ints:
    """Return insurance numbers with their two check digits, see `spelling.snils`."""
    total = np.zeros_like(numbers)
    for place in range(9):
        total += numbers // 10**place % 10 * (place + 1)
    return numbers * 100 + total % 101 % 100


def tell_snils(piece: Piece, dashes: Flags) -> pa.Array:
    """Return insurance numbers as delivered, with *dashes* or without, dirt included."""
    known = piece.has("snils")
    digits = snils_digits(insurance_numbers(piece.person))
    wrong = piece.befalls("typo_snils", known)
    digits[wrong] = with_wrong_digit(digits[wrong], piece, wrong, "typo_snils", 11)
    piece.note("typo_snils", wrong)
    one = np.where(known, digits // 10**8, NOTHING)
    two, three, check = digits // 10**5 % 1000, digits // 100 % 1000, digits % 100
    plain = pc.binary_join_element_wise(
        spelt(_THREE, one), spelt(_THREE, two), spelt(_THREE, three), spelt(_TWO, check), ""
    )
    places = np.flatnonzero(dashes)
    dashed = pc.binary_join_element_wise(
        spelt(_THREE_DASH, one[places]), spelt(_THREE_DASH, two[places]), spelt(_THREE_SPACE, three[places]),
        spelt(_TWO, check[places]), "",
    )  # fmt: skip
    return replaced(plain, places, dashed)


_TWO = pa.array([f"{number:02}" for number in range(100)])
_HEXADECIMAL = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16)


def hexadecimal(numbers: U64, digits: int) -> pa.Array:
    """Return the last *digits* (an even number) of *numbers* in base 16."""
    pairs = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - digits // 2 :]
    text = np.ascontiguousarray(_HEXADECIMAL[pairs])
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * digits
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))
