"""How often each thing happens: the table behind the invented world, its tests and docs/explanation/demo-world.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """``share`` is the probability for each of *of*; an effect smaller than stated where a value to spoil is missing."""

    share: float
    of: str
    meaning: str


LIFE: dict[str, Rate] = {
    "twins": Rate(
        0.04, "families with two or more children", "Two children share the birth date, and all a family shares"
    ),
    "grown_up_member": Rate(0.06, "mothers and fathers", "A parent is a member too"),
    "family_phone": Rate(
        0.70, "children without a phone of their own", "A child is registered under the mother's phone"
    ),
    "family_phone_later": Rate(0.15, "under 16 with an own phone", "… and is still"),
    "family_email": Rate(
        0.60, "children without an e-mail address", "A child is registered under the mother's address"
    ),
    "namesake": Rate(0.0025, "people", "Forced: full namesake of somebody else, born on the same day"),
    "namesake_patronymic": Rate(0.30, "forced namesakes", "… with the same patronymic as well"),
    "maiden_name": Rate(
        0.35, "women from 20 on", "Married and took another surname; older records have the maiden name"
    ),
    "moved": Rate(0.12, "people", "Moved to another town"),
    "new_phone": Rate(0.10, "people", "Changed the phone number"),
    "new_email": Rate(0.09, "people", "Changed the e-mail address"),
    "second_email": Rate(0.05, "ticket accounts", "Bought tickets under an address no other service knows"),
}

RECORDS: dict[str, Rate] = {
    "duplicate": Rate(0.055, "accounts", "Registered again in the same service under a new id"),
    "exact_duplicate": Rate(0.006, "records in files", "The same line twice"),
    "older_version": Rate(
        0.03, "records in files", "An older version of the same key is delivered too, sometimes after"
    ),
    "late_person": Rate(0.008, "accounts", "Delivered on day 2, while participations refer to it on day 1"),
    "late_event": Rate(0.03, "events", "Delivered on day 2, while participations refer to it on day 1"),
    "orphan": Rate(0.001, "participations", "Refers to a person who is never delivered"),
    "broken_line": Rate(
        0.0015, "records in files", "Extra lines: wrong number of fields, unbalanced quote, cut off, foreign bytes"
    ),
    "no_key": Rate(0.0004, "records in CSV files", "Extra lines: a record without its id"),
}

DIRT: dict[str, Rate] = {
    "diminutive": Rate(0.03, "records (app: 0.9)", "Саша for Александр"),
    "transliterated": Rate(0.012, "records (tickets: all)", "Shcherbakov, Sherbakov, Shherbakov for Щербаков"),
    "swapped_names": Rate(0.006, "records", "First and last name in each other's field"),
    "typo_name": Rate(0.012, "records", "One letter of the first or last name is wrong"),
    "latin_lookalike": Rate(0.015, "records", "Latin a, e, o, c … inside a Cyrillic name"),
    "mojibake": Rate(0.006, "records", "A name written in one encoding and read in another"),
    "wrong_layout": Rate(0.004, "records", "Bdfyjd for Иванов"),
    "letter_case": Rate(0.04, "records", "Capitals or small letters throughout"),
    "stray_spaces": Rate(0.03, "records", "Spaces before, after or doubled"),
    "yo_as_e": Rate(0.5, "records with ё", "е for ё"),
    "swapped_day_month": Rate(0.005, "birth dates up to the 12th", "5 March for 3 May"),
    "typo_birth_date": Rate(0.006, "birth dates", "One day, month or year beside"),
    "placeholder_birth_date": Rate(0.006, "birth dates", "01.01.1900"),
    "typo_phone": Rate(0.008, "phones (app: none)", "One digit wrong"),
    "placeholder_phone": Rate(0.01, "phones (app: none)", "+79999999999 and the like"),
    "call_centre_phone": Rate(
        0.008, "phones of contests, federation and register", "The number of the office that typed the record"
    ),
    "typo_email": Rate(0.006, "e-mails", "One letter wrong"),
    "placeholder_email": Rate(0.01, "e-mails (tickets: none)", "test@test.ru, нет"),
    "school_email": Rate(0.08, "records of contests", "The school's address on all its pupils"),
    "typo_snils": Rate(0.01, "insurance numbers", "One digit wrong, so that the check digits tell"),
    "placeholder_text": Rate(0.015, "patronymics", "нет, -, не указано"),
    "future_birth_date": Rate(0.003, "birth dates", "Born in the future: the date is left out and noted"),
    "impossible_birth_date": Rate(0.001, "birth dates in text files", "31 February: the date is left out and noted"),
    "no_name": Rate(0.003, "records", "Neither first nor last name: incomplete"),
    "no_contact": Rate(0.006, "records of the app", "A first name and nothing else: incomplete"),
}

SECOND_DAY: dict[str, Rate] = {
    "corrected": Rate(0.6, "records with such a date, and incomplete ones", "Delivered again, mended"),
    "updated": Rate(0.012, "accounts", "Changed on day 2"),
    "deleted": Rate(0.003, "accounts without participations, where a service can delete", "Gone on day 2"),
    "newcomer": Rate(0.01, "people", "An account in one more service"),
    "linking": Rate(0.004, "people", "An account that shows that two groups of records are one person"),
}


def as_markdown(rates: dict[str, Rate]) -> str:
    """Return *rates* as the table that stands in the documentation."""
    lines = ["| kind | rate | of | what |", "|---|---|---|---|"]
    lines += [f"| `{name}` | {rate.share * 100:g} % | {rate.of} | {rate.meaning} |" for name, rate in rates.items()]
    return "\n".join(lines)
