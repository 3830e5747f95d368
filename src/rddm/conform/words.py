"""
Rule codes in words, for people: why a record waits, what would release it, what cleaning mended.

No sentence shows a value; names of fields are the model's.
"""

from __future__ import annotations

from collections.abc import Sequence

from rddm.conform.values.listed import LIST_ITEM, item_of_rule
from rddm.contracts.tables.raw import KEY_LIMIT_BYTES

REPAIRS = {
    "placeholder": "a placeholder stood in for a missing value; left empty",
    "mojibake": "text decoded with the wrong encoding was read again with the right one",
    "keyboard_layout": "typed with the other keyboard layout switched on; typed again",
    "latin_lookalike": "Latin letters that look like Cyrillic ones were put back",
    "cyrillic_lookalike": "Cyrillic letters that look like Latin ones were put back",
    "invisible_characters": "invisible characters were taken out",
    "stray_characters": "characters that do not belong were taken out",
    "several_values": "several values were given; the first that is valid was taken",
    f"{LIST_ITEM}<n>": "a list of values was given; item <n> was taken, the first that is valid",
    "letter_in_number": "letters that look like digits were read as digits",
    "digit_in_name": "digits that look like letters were read as letters",
    "leading_zero_lost": "a leading zero that a spreadsheet had dropped was put back",
    "excel_serial_date": "a spreadsheet's day number was read as a date",
    "two_digit_year": "a year of two digits was spelt out",
    "day_month_swapped": "day and month had changed places",
    "phone_country_code": "the country code was put right",
    "phone_email_swapped": "phone and e-mail had changed places",
    "email_domain_typo": "a slip in the e-mail's domain was put right",
    "names_swapped": "parts of the name had changed places",
    "full_name_split": "a full name stood in one field; split",
    "maiden_name_in_brackets": "another family name stood in brackets; left out",
}
REJECTIONS = {
    "birth_date_in_future": "the date of birth is in the future",
    "birth_date_too_early": "the date of birth is more than a human life ago",
    "date_out_of_range": "the date is beyond what a calendar here holds",
    "impossible_date": "there is no such day",
    "incomplete_date": "day, month or year is missing",
    "sql_failed": "the SQL of the mapping fails on what was delivered",
    "not_a_date": "this is not a date",
    "not_a_timestamp": "this is not a moment in time",
    "timestamp_out_of_range": "the moment is beyond what a calendar here holds",
    "integer_out_of_range": "the number is too large",
    "not_an_integer": "this is not a whole number",
    "invalid_phone": "no such phone number can exist",
    "not_a_phone": "this is not a phone number",
    "not_an_email": "this is not an e-mail address",
    "not_a_snils": "this is not an insurance number",
    "wrong_check_digits": "the check digits are wrong",
    "not_a_document_number": "this is not the number of a document",
    "not_an_address": "this is not an address",
    "not_a_postcode": "this is not a postcode",
    "name_too_long": "it is longer than names are",
    "not_a_name": "this is not a name",
    "not_a_place": "this is not the name of a place",
    "not_a_region": "this is not a region",
    "not_an_organisation": "this is not the name of an organisation",
    "too_long": "it is longer than anything that tells people apart",
    "unknown_gender": "the word for the gender is not known",
}
KIND_NAMES = {
    "missing_parent": "no parent",
    "incomplete": "incomplete",
    "invalid": "invalid",
    "technical": "no key",
}
KIND_MEANINGS = {
    "missing_parent": "waits for a record that has not come yet",
    "incomplete": "lacks what the model requires",
    "invalid": "holds a value that cannot be mended",
    "technical": "cannot be told from other records",
}
DROPPED = "dropped_"


def repair_field(repair: str) -> str:
    """
    Return the field that a *repair* (``field:rule``) is of; empty for one of the whole record (``names_swapped``).

    >>> repair_field("phone:placeholder"), repair_field("names_swapped")
    ('phone', '')
    """
    return repair.partition(":")[0] if ":" in repair else ""


def repair_in_words(repair: str) -> str:
    """
    Return what a *repair* (``field:rule``) did.

    >>> repair_in_words("birth_date:day_month_swapped")
    'day and month had changed places'
    >>> repair_in_words("phone:dropped_not_a_phone")
    'this is not a phone number; left empty'
    >>> repair_in_words("email:list_item_2")
    'a list of values was given; item 2 was taken, the first that is valid'
    """
    rule = repair.rpartition(":")[2]
    if rule.startswith(DROPPED):
        return f"{rejection_in_words(rule.removeprefix(DROPPED))}; left empty"
    item = item_of_rule(rule)
    if item is not None:
        return REPAIRS[f"{LIST_ITEM}<n>"].replace("<n>", str(item))
    return REPAIRS.get(rule, rule.replace("_", " "))


def rejection_in_words(reason: str) -> str:
    """Return why a text is no value of its type."""
    return REJECTIONS.get(reason, reason.replace("_", " "))


def reason_in_words(rule: str, repairs: Sequence[str] = ()) -> str:
    """
    Return why a record waits, from a *rule* that it breaks (``kind:field:rule``).

    *repairs* (``field:rule``) say what of it was delivered and left out.

    >>> reason_in_words("incomplete:birth_date|phone:missing")
    'none of birth_date, phone is there'
    >>> reason_in_words("incomplete:phone:missing", ["phone:placeholder"])
    'phone is missing (delivered, and left out: a placeholder stood in for a missing value)'
    >>> reason_in_words("missing_parent:event:not_here")
    'its event has not come yet'
    """
    kind, _, rest = rule.partition(":")
    field, _, code = rest.partition(":")
    names = field.split("|")
    if kind == "missing_parent":
        return f"its {field} has not come yet"
    if kind == "incomplete":
        missing = f"{field} is missing" if len(names) == 1 else f"none of {', '.join(names)} is there"
        return missing + _left_out(names, repairs)
    if kind == "technical" and field == "key":
        return (
            "the source gave no key that can tell it from other records: none at all, one longer than"
            f" {KEY_LIMIT_BYTES:,} bytes, or one with a null character"
        )
    return f"{field}: {rejection_in_words(code)}"


def _left_out(names: Sequence[str], repairs: Sequence[str]) -> str:
    """What became of the values that were delivered for *names*, where cleaning left them out."""
    rules: dict[str, list[str]] = {}
    for repair in repairs:
        rule = repair.rpartition(":")[2]
        if repair_field(repair) in names and (rule == "placeholder" or rule.startswith(DROPPED)):
            rules.setdefault(repair_in_words(repair).removesuffix("; left empty"), []).append(repair_field(repair))
    if not rules:
        return ""
    whys = [why if len(names) == 1 else f"{', '.join(fields)}: {why}" for why, fields in rules.items()]
    return f" (delivered, and left out: {'; '.join(whys)})"


def release_in_words(rule: str, waits_for: Sequence[str] = ()) -> str:
    """
    Return what would release a record that breaks *rule*; *waits_for* are parents as source/entity/key.

    >>> release_in_words("missing_parent:event:not_here", ["camps/shift/17"])
    'camps/shift/17 arrives; then it is released in the same run'
    """
    kind, _, rest = rule.partition(":")
    field = rest.partition(":")[0]
    if kind == "missing_parent":
        return f"{', '.join(waits_for) or 'its ' + field} arrives; then it is released in the same run"
    if kind == "technical":
        return (
            "you take it out with `rddm quarantine dismiss`: delivered with a key, it is a record of its own, and this one"
            " cannot be told to be the same"
        )
    what = field if "|" not in field else "one of " + field.replace("|", ", ")
    return f"the source delivers {what} in a better version, or you patch it with `rddm quarantine fix`"
