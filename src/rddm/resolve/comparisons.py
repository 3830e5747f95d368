"""
How two fingerprints are compared: per field one of five levels, from missing to differing, and when two cannot be one.

The levels of all fields, as digits to base 5 in the order of `COMPARISONS`, are the *pattern* of a pair; before them stands
whether its birth dates agree by what was told of one that cannot be (`BIRTH_IS_TOLD`). Only patterns
are weighed, so learning and scoring cost the same at a thousand pairs and at a billion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MISSING, SAME, ALIKE, CLOSE, DIFFERENT = range(5)
LEVELS = 5

COMPARISONS_VERSION = 6
"""Changes whenever a level's meaning does, so that stored pairs are made anew."""


@dataclass(frozen=True)
class Comparison:
    """
    One field's comparison. ``tests`` are SQL conditions over the fingerprints ``a`` and ``b`` for levels 1, 2, …; the
    first that is true decides, none of them: `DIFFERENT`. ``term`` is the column with the term weight to count at `SAME`,
    against a family too if ``term_in_family`` (a family shares the rest for a reason). ``words`` describe the levels.
    """

    name: str
    columns: tuple[str, ...]
    missing: str
    tests: tuple[tuple[int, str], ...]
    words: dict[int, str]
    term: str | None = None
    term_in_family: bool = False


def _null(*columns: str) -> str:
    return " OR ".join(f"a.{column} IS NULL OR b.{column} IS NULL" for column in columns)


_SWAPPED = (
    "(year(a.birth_date) = year(b.birth_date) AND month(a.birth_date) = day(b.birth_date)"
    " AND day(a.birth_date) = month(b.birth_date))"
)
_YEAR_AGREES = "year(a.birth_date) = year(b.birth_date)"
_MONTH_AGREES = "month(a.birth_date) = month(b.birth_date)"
_DAY_AGREES = "day(a.birth_date) = day(b.birth_date)"
_IS_NEW_YEAR = "(month({0}.birth_date) = 1 AND day({0}.birth_date) = 1)"
_DAY_AND_MONTH_AGREE = f"({_MONTH_AGREES} AND {_DAY_AGREES} AND NOT {_IS_NEW_YEAR.format('a')})"
"""SQL: two were born on one day of the year. 1 January is what forms say where only the year is known: it tells no day."""

GENERATION_YEARS = (14, 90)
"""
So many years lie between parent and child, uncle and nephew, grandparent and grandchild: hardly anybody is a mother before
fourteen, and who is ninety years older than a relative in the same files is rather a century read wrongly (05 as 1905).
"""
_IN_FAMILIES = "$in_families"
"""Stands for whether the data show families, where tests are SQL that waits for it."""
_GENERATION_APART = (
    f"(abs(year(a.birth_date) - year(b.birth_date)) >= {GENERATION_YEARS[0]}"
    f" AND abs(year(a.birth_date) - year(b.birth_date)) <= {GENERATION_YEARS[1]})"
)


def _half_agrees(column: str) -> str:
    """SQL: the first or the last half of two texts is the same. One slip cannot touch both; the test is cheap."""
    a, b = f"a.{column}", f"b.{column}"
    half = f"(least(length({a}), length({b})) - 1) // 2"
    return f"(left({a}, {half}) = left({b}, {half}) OR right({a}, {half}) = right({b}, {half}))"


def _one_slip(column: str) -> str:
    """SQL: at most one letter is wrong, missing, added or swapped with its neighbour."""
    a, b = f"a.{column}", f"b.{column}"
    return f"(abs(length({a}) - length({b})) <= 1 AND {_half_agrees(column)} AND damerau_levenshtein({a}, {b}) <= 1)"


_LETTERS_OF_TWO = {"shch": "W", "zh": "Z", "kh": "H", "ts": "C", "ch": "Q", "sh": "S", "iu": "U", "ia": "A"}
"""What Cyrillic letters are in Latin ones that are several, each with a sign that no name in small letters has."""


def _one_slip_of_name(column: str) -> str:
    """SQL: `_one_slip`, in Latin letters or in the Cyrillic ones that they stand for: Vizhtoria is one letter off Viktoria."""
    a, b = f"a.{column}", f"b.{column}"
    for several, one in _LETTERS_OF_TWO.items():
        a, b = f"replace({a}, '{several}', '{one}')", f"replace({b}, '{several}', '{one}')"
    return (
        f"({_one_slip(column)} OR (abs(length(a.{column}) - length(b.{column})) <= 3 AND {_half_agrees(column)}"
        f" AND damerau_levenshtein({a}, {b}) <= 1))"
    )


def _long_enough(column: str) -> str:
    """SQL: two words are so long that one slip leaves most of them: Jan and Jazn, but not Lu and Li."""
    return f"(length(a.{column}) + length(b.{column}) > 6)"


def _much_alike(column: str) -> str:
    """SQL: one slip, or alike by Jaro and Winkler, who see two slips in a long word that begins alike."""
    a, b = f"a.{column}", f"b.{column}"
    return (
        f"((left({a}, 2) = left({b}, 2) AND jaro_winkler_similarity({a}, {b}) >= 0.93) OR {_one_slip_of_name(column)})"
    )


def _one_digit(a: str, b: str) -> str:
    """
    SQL: two texts of one length differ in at most one digit, or in two neighbours that were swapped.

    Without ``hamming``, which fails on texts of different lengths, and no AND or CASE keeps the engine from asking it first.
    """
    return f"(length({a}) = length({b}) AND damerau_levenshtein({a}, {b}) <= 1)"


def _shared_part(column: str, separator: str) -> str:
    """SQL: two different texts of parts have a part in common; most have one part, so that question comes first."""
    a, b = f"a.{column}", f"b.{column}"
    return (
        f"((contains({a}, '{separator}') OR contains({b}, '{separator}'))"
        f" AND list_has_any(string_split({a}, '{separator}'), string_split({b}, '{separator}')))"
    )


def _letters_alike(a: str, b: str) -> str:
    """SQL: the same, or a slip in a long word."""
    return f"({a} = {b} OR (length({a}) > 4 AND left({a}, 2) = left({b}, 2) AND damerau_levenshtein({a}, {b}) <= 1))"


_BIRTH_DIGIT = _one_digit("a.birth_date::VARCHAR", "b.birth_date::VARCHAR")

_TOLD_A, _TOLD_B = (f"coalesce({each}.birth_told, {each}.birth_date::VARCHAR)" for each in "ab")
_ONE_IS_TOLD = "((a.birth_told IS NULL) <> (b.birth_told IS NULL))"
_TOLD_YEAR_AGREES = f"left({_TOLD_A}, 4) = left({_TOLD_B}, 4)"
_TOLD_TWO_AGREE = (
    f"(left({_TOLD_A}, 7) = left({_TOLD_B}, 7) OR ({_TOLD_YEAR_AGREES} AND right({_TOLD_A}, 2) = right({_TOLD_B}, 2))"
    f" OR (right({_TOLD_A}, 5) = right({_TOLD_B}, 5) AND right({_TOLD_A}, 5) <> '01-01'))"
)
_TOLD_DIGIT = (
    f"({_ONE_IS_TOLD} AND {_TOLD_TWO_AGREE} AND NOT contains(coalesce(a.birth_told, b.birth_told), '-00')"
    f" AND {_one_digit(_TOLD_A, _TOLD_B)})"
)
_TOLD_PARTLY = (
    f"({_ONE_IS_TOLD} AND ({_TOLD_TWO_AGREE}"
    f" OR ({_TOLD_YEAR_AGREES} AND contains(coalesce(a.birth_told, b.birth_told), '-00-00'))))"
)
_NO_BIRTH_DATE = f"(({_null('birth_date')}) AND NOT coalesce({_TOLD_PARTLY}, false))"
"""
SQL: birth dates do not speak. What is no birth date (1987-02-30, 1987-05-00, 2068-05-13) may speak for two as far as it agrees
with one that is. It is wrong somewhere or a form's default, so that it differs says nothing, nor that two of them agree.
"""

_NAMES_SWAPPED = (
    f"((a.last_text = b.first_text AND {_letters_alike('a.first_text', 'b.last_text')})"
    f" OR (a.first_text = b.last_text AND {_letters_alike('a.last_text', 'b.first_text')}))"
)
"""SQL: family name and given name stand in each other's field in one of the two."""

_WORDS_SHARED = "length(list_intersect(string_split(a.address, ' '), string_split(b.address, ' ')))"
_WORDS = "length(string_split({0}.address, ' '))"
_FEWER_WORDS = f"least({_WORDS.format('a')}, {_WORDS.format('b')})"
_NEARLY_ONE_ADDRESS = (
    f"((abs(length(a.address) - length(b.address)) <= 2 AND damerau_levenshtein(a.address, b.address) <= 2)"
    f" OR ({_FEWER_WORDS} > 1 AND {_WORDS_SHARED} = {_FEWER_WORDS}))"
)
_REGION_AGREES = "coalesce(a.region = b.region, true)"

COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "last_name",
        ("last_root",),
        _null("last_root"),
        (
            (SAME, "a.last_root = b.last_root"),
            (ALIKE, f"({_shared_part('last_root', '-')} OR {_NAMES_SWAPPED})"),
            (
                CLOSE,
                (
                    f"((length(a.last_root) > 4 AND length(b.last_root) > 4 AND {_much_alike('last_root')})"
                    f" OR ({_long_enough('last_text')} AND {_one_slip_of_name('last_text')}))"
                ),
            ),
        ),
        {
            SAME: "same",
            ALIKE: "one part the same, or in the given name's field",
            CLOSE: "close",
            DIFFERENT: "different",
        },
        "last_root_bits",
    ),
    Comparison(
        "first_name",
        ("first_root",),
        _null("first_root"),
        (
            (SAME, "a.first_root = b.first_root"),
            (ALIKE, f"({_shared_part('first_root', '|')} OR {_NAMES_SWAPPED})"),
            (
                CLOSE,
                (
                    f"(NOT (a.first_known AND b.first_known) AND {_long_enough('first_text')}"
                    f" AND {_much_alike('first_text')})"
                ),
            ),
        ),
        {
            SAME: "same",
            ALIKE: "short form, or in the family name's field",
            CLOSE: "close",
            DIFFERENT: "different",
        },
        "first_root_bits",
        term_in_family=True,
    ),
    Comparison(
        "middle_name",
        ("middle_root",),
        _null("middle_root"),
        (
            (SAME, "a.middle_root = b.middle_root"),
            (
                CLOSE,
                (f"(length(a.middle_root) > 3 AND length(b.middle_root) > 3 AND {_one_slip_of_name('middle_root')})"),
            ),
        ),
        {SAME: "same", CLOSE: "close", DIFFERENT: "different"},
        "middle_root_bits",
    ),
    Comparison(
        "birth_date",
        ("birth_date",),
        _NO_BIRTH_DATE,
        (
            (SAME, "a.birth_date = b.birth_date"),
            (
                ALIKE,
                (
                    f"({_SWAPPED} OR ((({_YEAR_AGREES} AND ({_MONTH_AGREES} OR {_DAY_AGREES}))"
                    f" OR {_DAY_AND_MONTH_AGREE}) AND {_BIRTH_DIGIT}) OR {_TOLD_DIGIT})"
                ),
            ),
            (
                CLOSE,
                (
                    f"(({_YEAR_AGREES}"
                    f" AND ({_MONTH_AGREES} OR {_DAY_AGREES} OR {_IS_NEW_YEAR.format('a')} OR {_IS_NEW_YEAR.format('b')}))"
                    f" OR ({_DAY_AND_MONTH_AGREE} AND NOT ({_IN_FAMILIES} AND {_GENERATION_APART})) OR {_TOLD_PARTLY})"
                ),
            ),
        ),
        {
            SAME: "same",
            ALIKE: "one digit off, or day and month swapped",
            CLOSE: "partly the same",
            DIFFERENT: "different",
        },
        "birth_date_bits",
        term_in_family=True,
    ),
    Comparison(
        "gender",
        ("gender",),
        _null("gender"),
        ((SAME, "a.gender = b.gender"),),
        {SAME: "same", DIFFERENT: "different"},
    ),
    Comparison(
        "phone",
        ("phone",),
        _null("phone"),
        ((SAME, "a.phone = b.phone"), (ALIKE, f"({_half_agrees('phone')} AND {_one_digit('a.phone', 'b.phone')})")),
        {SAME: "same", ALIKE: "one digit off", DIFFERENT: "different"},
        "phone_bits",
    ),
    Comparison(
        "email",
        ("email",),
        _null("email"),
        (
            (SAME, "a.email = b.email"),
            (
                ALIKE,
                (
                    "(left(a.email, 2) = left(b.email, 2) AND (split_part(a.email, '@', 1) = split_part(b.email, '@', 1)"
                    f" OR {_one_slip('email')}))"
                ),
            ),
        ),
        {SAME: "same", ALIKE: "same mailbox name, or one letter off after the first two", DIFFERENT: "different"},
        "email_bits",
    ),
    Comparison(
        "snils",
        ("snils",),
        _null("snils"),
        ((SAME, "a.snils = b.snils"),),
        {SAME: "same", DIFFERENT: "different"},
    ),
    Comparison(
        "document_number",
        ("document_number",),
        _null("document_number"),
        ((SAME, "a.document_number = b.document_number"), (ALIKE, _one_slip("document_number"))),
        {SAME: "same", ALIKE: "one digit off", DIFFERENT: "different"},
    ),
    Comparison(
        "address",
        ("address",),
        _null("address"),
        (
            (SAME, "a.address = b.address"),
            (ALIKE, _NEARLY_ONE_ADDRESS),
            (CLOSE, f"(2 * {_WORDS_SHARED} >= {_FEWER_WORDS})"),
        ),
        {SAME: "same", ALIKE: "nearly the same", CLOSE: "half of its words the same", DIFFERENT: "different"},
        "address_bits",
    ),
    Comparison(
        "place",
        ("region", "city", "postcode", "school"),
        "coalesce(a.region <> b.region, a.city <> b.city, a.postcode <> b.postcode, a.school <> b.school) IS NULL",
        (
            (SAME, f"((a.school = b.school AND {_REGION_AGREES}) OR a.postcode = b.postcode)"),
            (ALIKE, f"(a.city = b.city AND {_REGION_AGREES})"),
            (CLOSE, f"(a.region = b.region OR {_one_digit('a.postcode', 'b.postcode')})"),
        ),
        {SAME: "same school or postcode", ALIKE: "same town", CLOSE: "same region", DIFFERENT: "different"},
    ),
)
NAMES = tuple(comparison.name for comparison in COMPARISONS)
BIRTH_IS_TOLD = LEVELS ** len(COMPARISONS)
"""
What a pattern is higher by whose birth dates agree by what was told of one that cannot be. It weighs as any other and proves
less: such a date never differs from a father's, so that it agrees with the son's does not say that the father's is wrong.
"""


def level_sql(comparison: Comparison, *, families: bool) -> str:
    """
    Return the SQL expression for the level of agreement of fingerprints ``a`` and ``b``: an integer, 0 to 4. *families* as for
    `compare_sql`.
    """
    tests = " ".join(f"WHEN {test} THEN {level}" for level, test in comparison.tests)
    tests = tests.replace(_IN_FAMILIES, "true" if families else "false")
    return f"CASE WHEN {comparison.missing} THEN {MISSING} {tests} ELSE {DIFFERENT} END"


def levels_of(pattern: int) -> tuple[int, ...]:
    """
    Return the level of each comparison in *pattern*.

    >>> levels_of(pattern_of((1, 2, 0, 4, 0, 3, 0, 0, 1, 0, 4)))
    (1, 2, 0, 4, 0, 3, 0, 0, 1, 0, 4)
    """
    return tuple(pattern // LEVELS**place % LEVELS for place in reversed(range(len(COMPARISONS))))


def pattern_of(levels: tuple[int, ...]) -> int:
    """Return the pattern of a pair whose comparisons have these *levels*; `levels_of` undoes it."""
    pattern = 0
    for level in levels:
        pattern = pattern * LEVELS + level
    return pattern


def _pattern_sql(levels: Sequence[str]) -> str:
    pattern = levels[0]
    for level in levels[1:]:
        pattern = f"({pattern}) * {LEVELS} + {level}"
    return f"({pattern})::INTEGER"


def _term_sums_sql(terms: Mapping[str, str]) -> str:
    """SQL of ``family_terms`` and ``chance_terms`` from the SQL of each comparison's term weight (0 where it counts not)."""
    family = " + ".join(terms[c.name] for c in COMPARISONS if c.term_in_family)
    return f"{family} AS family_terms, {' + '.join(terms.values())} AS chance_terms"


def compare_sql(
    pairs: str, nodes: str, others: str | None = None, *, each_term: bool = False, families: bool = True
) -> str:
    """
    Return the query that compares *pairs* (a: numbers of *nodes*, their column n; b: of *others*, of *nodes* too without).

    Columns: a, b, pattern INTEGER, contradiction VARCHAR (nullable), family_terms and chance_terms DOUBLE: the sums of the
    term weights that count against a family and against chance. With *each_term*, instead of the sums each comparison's
    own, ``<comparison>_bits``. Without *families* in the data, what tells relatives apart is no contradiction, and years a
    generation apart are mistyped as any others. One row per pair.
    """
    levels = ",\n    ".join(
        f"{level_sql(comparison, families=families)} AS {comparison.name}_level" for comparison in COMPARISONS
    )
    weighed = [comparison for comparison in COMPARISONS if comparison.term is not None]
    bits = ", ".join(f"a.{comparison.term} AS {comparison.name}_shared" for comparison in weighed)
    terms = {c.name: f"CASE WHEN {c.name}_level = {SAME} THEN {c.name}_shared::DOUBLE ELSE 0 END" for c in weighed}
    counted = (
        ", ".join(f"{term} AS {name}_bits" for name, term in terms.items()) if each_term else _term_sums_sql(terms)
    )
    return f"""
SELECT a, b,
  {_pattern_sql([f"{comparison.name}_level" for comparison in COMPARISONS])}
    + CASE WHEN birth_is_told AND birth_date_level <> {MISSING} THEN {BIRTH_IS_TOLD} ELSE 0 END AS pattern,
  {contradiction_sql(families=families)} AS contradiction,
  {counted}
FROM (
  SELECT p.a, p.b,
    {levels},
    {bits},
    {", ".join(f"{sql} AS {name}" for name, sql in FACTS.items())}
  FROM {pairs} p
  JOIN {nodes} a ON a.n = p.a
  JOIN {others or nodes} b ON b.n = p.b
)"""


def self_sql(nodes: str, identifier: str) -> str:
    """
    Return the query that compares each of *nodes* with an equal one: what sharing this description proves.

    Columns as `compare_sql`, with *identifier* in place of the two nodes and without contradiction.
    """
    places = (("school", SAME), ("postcode", SAME), ("city", ALIKE), ("region", CLOSE))
    place = "CASE " + " ".join(f"WHEN {name} IS NOT NULL THEN {level}" for name, level in places) + " ELSE 0 END"
    levels = [
        place if comparison.name == "place" else f"(({comparison.columns[0]} IS NOT NULL)::INTEGER * {SAME})"
        for comparison in COMPARISONS
    ]
    terms = {
        c.name: f"CASE WHEN {c.columns[0]} IS NOT NULL THEN {c.term}::DOUBLE ELSE 0 END" for c in COMPARISONS if c.term
    }
    return f"SELECT {identifier}, {_pattern_sql(levels)} AS pattern, {_term_sums_sql(terms)} FROM {nodes}"


FACTS = {
    "exclusive_same": "a.exclusive = b.exclusive",
    "generation_apart": f"coalesce({_GENERATION_APART}, false)",
    "birth_is_told": "(a.birth_told IS NOT NULL OR b.birth_told IS NOT NULL)",
}
"""What contradictions and patterns rest on beside the levels: name of a column, SQL over the fingerprints ``a`` and ``b``."""
FORBIDDING = ("two_documents", "exclusive_source")
"""
Contradictions that no evidence outweighs: a unique number, a source that vouches for its records. The documents of the first are
insurance numbers; stored pairs have it by that name.
"""
GENERATION_APART = "born_a_generation_apart"
"""
The contradiction that keeps groups apart whatever records without a birth date say - they are as like the father as the son
of his name - unless others in the groups agree in a number or in the birth date (`AGREEING`), as delivered: then one date is
wrong.
"""
AGREEING = {"snils": (SAME,), "document_number": (SAME,), "birth_date": (SAME, ALIKE, CLOSE)}
# A document that is one digit off is a slip, but not between father and son: passports that a family fetches together are
# numbered one after the other.
_RELATIVES = f"""
    WHEN document_number_level = {SAME} OR (document_number_level = {ALIKE} AND NOT generation_apart) THEN NULL
    WHEN birth_date_level = {DIFFERENT} AND first_name_level = {DIFFERENT} THEN 'birth_date_and_given_name'
    WHEN gender_level = {DIFFERENT} AND first_name_level = {DIFFERENT} THEN 'gender_and_given_name'
    WHEN birth_date_level = {SAME} AND last_name_level IN ({SAME}, {ALIKE}) AND first_name_level = {DIFFERENT}
      AND snils_level <> {SAME} THEN 'twins'
    WHEN generation_apart AND snils_level <> {SAME} THEN '{GENERATION_APART}'"""


def contradiction_sql(*, families: bool) -> str:
    """
    SQL over levels and `FACTS`: why two descriptions can hardly be one person, however much else agrees; null when nothing
    says so.

    Such a pair never joins two; those of `FORBIDDING` keep their groups apart whatever the others say. Where the number of a
    document agrees, names and dates forbid nothing: then the weights decide, which know how often a family shares a document.
    They decide, too, where the data show no *families*: what looks like a twin there is a mistyped name, and what looks like a
    son of his father's name is a mistyped year.
    """
    return f"""CASE
    WHEN snils_level = {DIFFERENT} THEN 'two_documents'
    WHEN exclusive_same THEN 'exclusive_source'{_RELATIVES if families else ""}
  END"""


def agree_sql(pattern: str) -> str:
    """Return the SQL condition that two of *pattern* agree in one of `AGREEING`."""
    places = {name: LEVELS ** (len(NAMES) - 1 - NAMES.index(name)) for name in AGREEING}
    is_delivered = {"birth_date": f"{pattern} < {BIRTH_IS_TOLD} AND "}
    return " OR ".join(
        f"({is_delivered.get(name, '')}({pattern} // {places[name]}) % {LEVELS} IN ({', '.join(map(str, levels))}))"
        for name, levels in AGREEING.items()
    )


def do_agree(pattern: int) -> bool:
    """Return `agree_sql` of one pattern."""
    levels = dict(zip(NAMES, levels_of(pattern), strict=True))
    return any(
        levels[name] in wanted and (name != "birth_date" or pattern < BIRTH_IS_TOLD)
        for name, wanted in AGREEING.items()
    )
