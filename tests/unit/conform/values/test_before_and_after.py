"""What delivered values become: tables of before, after and the repairs that took."""

from __future__ import annotations

from datetime import date

import pytest

from rddm.conform.values import full_name_part, normalise
from rddm.contracts.normalised import Normalised, Rejected
from rddm.project.settings import SemanticType

LATEST = date(2026, 9, 1)
Expected = tuple[str | None, str] | str


def check(semantic_type: SemanticType, before: str, after: str | None, repairs: str) -> None:
    result = normalise(semantic_type, before, latest=LATEST)
    assert result == Normalised(after, tuple(repairs.split()))


def check_rejected(semantic_type: SemanticType, before: str, reason: str) -> None:
    assert normalise(semantic_type, before, latest=LATEST) == Rejected(reason)


@pytest.mark.parametrize("semantic_type", SemanticType)
@pytest.mark.parametrize("nothing", [None, "", "  ", "\t\xa0\n"])
def test_nothing_delivered_is_nothing_and_no_repair(semantic_type: SemanticType, nothing: str | None) -> None:
    assert normalise(semantic_type, nothing) == Normalised(None)


@pytest.mark.parametrize(
    ("before", "after", "repairs"),
    [
        ("ivanov", "Ivanov", ""),
        ("ИВАНОВ", "Иванов", ""),
        ("иВАНОВ ", "Иванов", ""),
        ("ИванОВ", "Иванов", ""),
        ("РИМСКАЯ - КОРСАКОВА", "Римская-Корсакова", ""),
        ("мария–антуанетта", "Мария-Антуанетта", ""),
        ("АЛИЕВ АЛИ ОГЛЫ", "Алиев Али оглы", ""),
        ("ФОН ГЁТЕ", "фон Гёте", ""),
        ("O’Neil", "O'Neil", ""),
        ("Иванов\u200b", "Иванов", "invisible_characters"),
        ("Ивaнoв", "Иванов", "latin_lookalike"),
        ("CAXAPOB", "Сахаров", "latin_lookalike"),
        ("Smitһ", "Smith", "cyrillic_lookalike"),
        ("Иван0в", "Иванов", "digit_in_name"),
        ("Иванов1", "Иванов", "digit_in_name"),
        ("Иванова (Петрова)", "Иванова", "maiden_name_in_brackets"),
        ("«Иванов»", "Иванов", "stray_characters"),
        ("Bdfyjd", "Иванов", "keyboard_layout"),
        ("Gtnhjd", "Петров", "keyboard_layout"),
        ("K.,jdm", "Любовь", "keyboard_layout"),
        ("<jhbc", "Борис", "keyboard_layout"),
        ("Fktrcfylh", "Александр", "keyboard_layout"),
        ("РРІР°РЅРѕРІ", "Иванов", "mojibake"),
        ("Р˜РІР°РЅРѕРІ", "Иванов", "mojibake"),
        ("Ð˜Ð²Ð°Ð½Ð¾Ð²", "Иванов", "mojibake"),
        ("Èâàíîâ", "Иванов", "mojibake"),
        ("хБЮМНБ", "Иванов", "mojibake"),
        ("╚трэют", "Иванов", "mojibake"),
        ("нет", None, "placeholder"),
        ("—", None, "placeholder"),
        ("ТЕСТ", None, "placeholder"),
        ("не указано", None, "placeholder"),
        ("N/A", None, "placeholder"),
        ("asdf", None, "placeholder"),
        ("ййй", None, "placeholder"),
    ],
)
def test_names_are_written_in_title_case_and_mended(before: str, after: str | None, repairs: str) -> None:
    check(SemanticType.FAMILY_NAME, before, after, repairs)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "John",
            "Mehmet",
            "Müller",
            "Petrov",
            "Kowalczyk",
            "Nguyen",
            "Ng",
            "Xu",
            "Krc",
            "Vlk",
            "Wójcik",
            "Łukasz",
            "Åse",
        ),
        *(
            "Ñuñez",
            "İbrahim",
            "O'Neil",
            "McDonald",
            "D'Artagnan",
            "Jean-Pierre",
            "van der Berg",
            "Johnson",
            "Chekhov",
            "Bob",
        ),
        *(
            "Олексій",
            "Їжак",
            "Ґалаґан",
            "Нұрлан",
            "Әсел",
            "Қайрат",
            "Ўткір",
            "Ђорђе",
            "Щербакёв",
            "МакГрегор",
            "Но",
            "Ли",
        ),
        *(
            "Тестов",
            "Нетцер",
            "Римская-Корсакова",
            "Гарсия Маркес",
            "Мария-Анна",
            "Али оглы",
            "фон Гёте",
            "张伟",
            "محمد",
        ),
    ],
)
def test_a_foreign_or_rare_name_stays_as_it_is(name: str) -> None:
    check(SemanticType.FAMILY_NAME, name, name, "")


@pytest.mark.parametrize("text", ["12345", "ivan@mail.ru", "+7 916 123-45-67", "Ив4нов", "☺☺"])
def test_what_is_no_name_is_rejected(text: str) -> None:
    check_rejected(SemanticType.GIVEN_NAME, text, "not_a_name")


@pytest.mark.parametrize(
    ("before", "after", "repairs"),
    [
        ("8 (916) 123-45-67", "+79161234567", ""),
        ("+7 916 123 45 67", "+79161234567", ""),
        ("9161234567", "+79161234567", ""),
        ("8-916-123-45-67 доб. 12", "+79161234567", ""),
        ("тел. 89161234567", "+79161234567", ""),
        ("8(495)123-45-67", "+74951234567", ""),
        ("+380501234567", "+380501234567", ""),
        ("00 49 30 901820", "+4930901820", ""),
        ("+1 650 253 0000", "+16502530000", ""),
        ("+7 777 123 45 67", "+77771234567", ""),
        ("+8 916 123 45 67", "+79161234567", "phone_country_code"),
        ("8916I234567", "+79161234567", "letter_in_number"),
        ("89161234567, 89261234567", "+79161234567", "several_values"),
        ("89161234567 (мама)", "+79161234567", "stray_characters"),
        ("7.9161234567E10", "+79161234567", ""),
        ("9999999999", None, "placeholder"),
        ("1234567890", None, "placeholder"),
        ("0000", None, "placeholder"),
        ("+7 (___) ___-__-__", None, "placeholder"),
    ],
)
def test_phones_are_written_in_e164(before: str, after: str | None, repairs: str) -> None:
    check(SemanticType.PHONE, before, after, repairs)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("8 916 123 45", "invalid_phone"),
        ("12", "invalid_phone"),
        ("ivan@mail.ru", "not_a_phone"),
        ("мама", "not_a_phone"),
    ],
)
def test_what_is_no_phone_is_rejected(text: str, reason: str) -> None:
    check_rejected(SemanticType.PHONE, text, reason)


def test_a_number_without_country_code_belongs_to_the_default_region() -> None:
    assert normalise(SemanticType.PHONE, "050 123 4567", default_region="UA") == Normalised("+380501234567")


@pytest.mark.parametrize(
    ("before", "after", "repairs"),
    [
        (" Ivan@Mail.RU ", "ivan@mail.ru", ""),
        ("mailto:a.b@gmail.com", "a.b@gmail.com", ""),
        ('"Иван" <ivan@mail.ru>', "ivan@mail.ru", ""),
        ("ivan@mail.ru.,", "ivan@mail.ru", ""),
        ("ivan+tag@gmail.com", "ivan+tag@gmail.com", ""),
        ("ivan@школа.рф", "ivan@школа.рф", ""),
        ("ivan@gmial.com", "ivan@gmail.com", "email_domain_typo"),
        ("ivan@gmail.con", "ivan@gmail.com", "email_domain_typo"),
        ("ivan@yandex,ru", "ivan@yandex.ru", "email_domain_typo"),
        ("ivan@mail.ry", "ivan@mail.ru", "email_domain_typo"),
        ("ivan@mailru", "ivan@mail.ru", "email_domain_typo"),
        ("ivаn@mail.ru", "ivan@mail.ru", "cyrillic_lookalike"),
        ("ivan@bk.ru; petr@bk.ru", "ivan@bk.ru", "several_values"),
        ("no@mail.ru", None, "placeholder"),
        ("test@test.ru", None, "placeholder"),
        ("нет", None, "placeholder"),
    ],
)
def test_emails_are_written_in_lower_case_and_mended(before: str, after: str | None, repairs: str) -> None:
    check(SemanticType.EMAIL, before, after, repairs)


@pytest.mark.parametrize(
    "email",
    [
        "i@mai.ru",
        "i@mil.ru",
        "i@nail.ru",
        "i@mail.com",
        "i@yahoo.co.uk",
        "i@outlook.fr",
        "i@company.co",
        "i@yandex.kz",
        "i@ya.ru",
    ],
)
def test_a_domain_that_exists_is_no_typo(email: str) -> None:
    check(SemanticType.EMAIL, email, email, "")


@pytest.mark.parametrize("text", ["ivan@", "@mail.ru", "ivan", "ivan@mail", "иван@mail.ru", "89161234567"])
def test_what_is_no_email_is_rejected(text: str) -> None:
    check_rejected(SemanticType.EMAIL, text, "not_an_email")


@pytest.mark.parametrize(
    ("before", "after", "repairs"),
    [
        *(
            (text, "2010-03-05", "")
            for text in ("2010-03-05", "05.03.2010", "5.3.2010", "05/03/2010", "20100305", "5 мар 2010")
        ),
        *(
            (text, "2010-03-05", "")
            for text in ("5 марта 2010 г.", "March 5, 2010", "5-Mar-2010", "2010-03-05T00:00:00Z")
        ),
        ("12/31/2010", "2010-12-31", "day_month_swapped"),
        ("2010-31-12", "2010-12-31", "day_month_swapped"),
        ("05.03.10", "2010-03-05", "two_digit_year"),
        ("05.03.55", "1955-03-05", "two_digit_year"),
        ("40242", "2010-03-05", "excel_serial_date"),
        ("О5.О3.2010", "2010-03-05", "letter_in_number"),
        *((text, None, "placeholder") for text in ("01.01.1900", "1970-01-01", "0000-00-00", "11.11.1111", "нет")),
    ],
)
def test_birth_dates_are_written_as_iso(before: str, after: str | None, repairs: str) -> None:
    check(SemanticType.BIRTH_DATE, before, after, repairs)


@pytest.mark.parametrize(
    ("text", "reason", "told"),
    [
        ("2027-01-02", "birth_date_in_future", "2027-01-02"),
        ("1850-01-02", "birth_date_too_early", "1850-01-02"),
        ("31.02.2010", "impossible_date", "2010-02-31"),
        ("31.13.10", "impossible_date", "2010-13-31"),
        ("00.05.2010", "impossible_date", "2010-05-00"),
        ("05.2010", "incomplete_date", "2010-05-00"),
        ("2010-5", "incomplete_date", "2010-05-00"),
        ("2010 г.", "incomplete_date", "2010-00-00"),
        ("1970", "incomplete_date", None),
        ("01.1970", "incomplete_date", None),
        ("90-02-30", "impossible_date", None),
        ("вчера", "not_a_date", None),
    ],
)
def test_what_is_no_birth_date_is_rejected_and_told_all_the_same(text: str, reason: str, told: str | None) -> None:
    assert normalise(SemanticType.BIRTH_DATE, text, latest=LATEST) == Rejected(reason, told)


@pytest.mark.parametrize("semantic_type", [SemanticType.DATE, SemanticType.TIMESTAMP])
def test_of_other_dates_that_cannot_be_nothing_is_told(semantic_type: SemanticType) -> None:
    check_rejected(semantic_type, "31.02.2010", "impossible_date")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2024-05-01T10:00:00+03:00", "2024-05-01 07:00:00"),
        ("1714546800", "2024-05-01 07:00:00"),
        ("1714546800123", "2024-05-01 07:00:00.123"),
        ("2024-05-01 10:00:00.500", "2024-05-01 10:00:00.5"),
        ("01.05.2024 10:00", "2024-05-01 10:00:00"),
        ("2024-05-01", "2024-05-01 00:00:00"),
        ("2024-05-01 10:00:00 MSK", "2024-05-01 07:00:00"),
    ],
)
def test_timestamps_are_written_in_utc(before: str, after: str) -> None:
    check(SemanticType.TIMESTAMP, before, after, "")


@pytest.mark.parametrize(
    ("semantic_type", "before", "after", "repairs"),
    [
        *((SemanticType.GENDER, text, "female", "") for text in ("Ж", "жен.", "F", "Female", "2", "девочка")),
        *((SemanticType.GENDER, text, "male", "") for text in ("м", "Муж", "M", "male", "1", "мальчик")),
        (SemanticType.GENDER, "0", None, "placeholder"),
        (SemanticType.SNILS, "112-233-445 95", "11223344595", ""),
        (SemanticType.SNILS, "8765430300", "08765430300", "leading_zero_lost"),
        (SemanticType.SNILS, "000-000-000 00", None, "placeholder"),
        (SemanticType.CATEGORY, " Team  Leader ", "team_leader", ""),
        (SemanticType.CATEGORY, "null", None, "placeholder"),
        (SemanticType.INTEGER, " 1 234.0 ", "1234", ""),
        (SemanticType.INTEGER, "007", "7", ""),
        (SemanticType.TEXT, " Летний\tлагерь ", "Летний лагерь", ""),
        (SemanticType.TEXT, "ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет", "mojibake"),
        (SemanticType.TEXT, "нет", "нет", ""),
        (SemanticType.PLACE_NAME, "г. САМАРА", "Самара", ""),
        (SemanticType.PLACE_NAME, "Москва г", "Москва", ""),
        (SemanticType.PLACE_NAME, "ростов-на-дону", "Ростов-на-Дону", ""),
        (SemanticType.PLACE_NAME, "Красное Село", "Красное Село", ""),
        (SemanticType.PLACE_NAME, "С.Петербург", "Санкт-Петербург", ""),
        (SemanticType.PLACE_NAME, "Сaмара", "Самара", "latin_lookalike"),
        (SemanticType.ADDRESS, "ул. Ленина ,, д.5,", "ул. Ленина, д.5", ""),
        (SemanticType.ADDRESS, "12  High Street ", "12 High Street", ""),
        (SemanticType.ADDRESS, "ул. Лeнина, 5", "ул. Ленина, 5", "latin_lookalike"),
        (SemanticType.ADDRESS, "нет", None, "placeholder"),
        (SemanticType.POSTCODE, " sw1a 1aa", "SW1A1AA", ""),
        (SemanticType.POSTCODE, "420 000", "420000", ""),
        (SemanticType.POSTCODE, "000000", None, "placeholder"),
        (SemanticType.DOCUMENT_NUMBER, "92 05 № 123457", "9205123457", ""),
        (SemanticType.DOCUMENT_NUMBER, "ab-123.457", "AB123457", ""),
        (SemanticType.DOCUMENT_NUMBER, "1111111", None, "placeholder"),
        (SemanticType.DOCUMENT_NUMBER, "123456789", None, "placeholder"),
        (SemanticType.ORGANISATION_NAME, 'МБОУ  "СОШ №5"', "МБОУ «СОШ № 5»", ""),
        (SemanticType.ORGANISATION_NAME, '"Спартак"', "Спартак", ""),
        (SemanticType.ORGANISATION_NAME, "School #5", "School № 5", ""),
    ],
)
def test_other_values_are_written_in_one_way(
    semantic_type: SemanticType, before: str, after: str | None, repairs: str
) -> None:
    check(semantic_type, before, after, repairs)


@pytest.mark.parametrize(
    ("semantic_type", "text", "reason"),
    [
        (SemanticType.GENDER, "хз", "unknown_gender"),
        (SemanticType.SNILS, "112-233-445 96", "wrong_check_digits"),
        (SemanticType.SNILS, "1234", "not_a_snils"),
        (SemanticType.ADDRESS, "д" * 501, "not_an_address"),
        (SemanticType.POSTCODE, "Казань", "not_a_postcode"),
        (SemanticType.POSTCODE, "12", "not_a_postcode"),
        (SemanticType.DOCUMENT_NUMBER, "паспорт", "not_a_document_number"),
        (SemanticType.DOCUMENT_NUMBER, "12", "not_a_document_number"),
        (SemanticType.INTEGER, "1.5", "not_an_integer"),
        (SemanticType.INTEGER, "9" * 20, "integer_out_of_range"),
        (SemanticType.TIMESTAMP, "2024-05-01T25:00:00", "not_a_timestamp"),
        (SemanticType.DATE, "05.03.1750", "date_out_of_range"),
    ],
)
def test_what_cannot_be_mended_is_rejected_with_its_reason(semantic_type: SemanticType, text: str, reason: str) -> None:
    check_rejected(semantic_type, text, reason)


@pytest.mark.parametrize(
    ("region", "names"),
    [
        (
            "Московская область",
            "МО;Московская обл.;Moscow Oblast;Moskovskaya oblast;RU-MOS;50;Подмосковье;Россия, Московская область",
        ),
        ("Москва", "г. Москва;Moskva;77;777;RU-MOW;Мoсква"),
        ("Санкт-Петербург", "СПб;Питер;г.Санкт-Петербург;Saint Petersburg;78"),
        ("Республика Татарстан", "Респ. Татарстан;Tatarstan;16;ТАТАРСТАН;Татарстан Респ"),
        ("Республика Саха (Якутия)", "Якутия;Саха /Якутия/;Респ Саха"),
        ("Республика Алтай", "Респ Алтай;04"),
        ("Алтайский край", "Алтайский;Алтайский край;22"),
        ("Ханты-Мансийский автономный округ - Югра", "ХМАО;ХМАО - Югра;Ханты-Мансийский АО"),
        ("Ростовская область", "Ростовская обл., г. Таганрог;61"),
        ("Bavaria", "Bavaria"),
        ("Самара", "самара"),
    ],
)
def test_regions_are_known_under_many_names(region: str, names: str) -> None:
    found = {name: normalise(SemanticType.REGION, name) for name in names.split(";")}
    assert {
        name for name, result in found.items() if not isinstance(result, Normalised) or result.value != region
    } == set()


def test_there_are_89_regions_and_no_code_is_given_twice() -> None:
    from rddm.conform.values.region_table import REGIONS  # noqa: PLC0415

    codes = [code for _, iso, numbers, _ in REGIONS for code in (iso, *numbers.split())]
    assert len(REGIONS) == 89
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("semantic_type", "before", "after", "repairs"),
    [
        (SemanticType.PHONE, '["call after 6", "+7 912 345-67-89"]', "+79123456789", "list_item_2"),
        (SemanticType.PHONE, '["+7 912 345-67-89", "+7 916 123-45-67"]', "+79123456789", "list_item_1"),
        (SemanticType.PHONE, "[79123456789]", "+79123456789", ""),
        (SemanticType.PHONE, '["12", "9999999999", "8 916 123 45 67 (мама)"]', "+79161234567",
         "list_item_3 stray_characters"),
        (SemanticType.PHONE, "[]", None, ""),
        (SemanticType.EMAIL, '["a@mail.ru"]', "a@mail.ru", ""),
        (SemanticType.EMAIL, '[null, "", "a@mail.ru"]', "a@mail.ru", ""),
        (SemanticType.EMAIL, '["a@mail.ru", "a@mail.ru"]', "a@mail.ru", ""),
        (SemanticType.EMAIL, '["by phone", "a@gmial.com"]', "a@gmail.com", "list_item_2 email_domain_typo"),
        (SemanticType.BIRTH_DATE, '["unknown", "05.03.2010"]', "2010-03-05", "list_item_2"),
        (SemanticType.GIVEN_NAME, '["ИВАН"]', "Иван", ""),
        (SemanticType.TEXT, '["a", "b"]', '["a", "b"]', ""),
    ],
)  # fmt: skip
def test_of_a_list_the_first_valid_value_is_taken(
    semantic_type: SemanticType, before: str, after: str | None, repairs: str
) -> None:
    check(semantic_type, before, after, repairs)


def test_a_list_without_a_valid_value_is_rejected_for_its_first() -> None:
    check_rejected(SemanticType.PHONE, '["12", "мама"]', "invalid_phone")


def test_the_parts_of_a_full_name_come_from_one_item_of_a_list() -> None:
    names = '["☺", "Иванов Иван", "Петров Пётр Ильич"]'
    parts = [full_name_part(names, part) for part in ("family", "given", "patronymic")]
    assert parts == [
        Normalised("Иванов", ("list_item_2",)),
        Normalised("Иван", ("list_item_2",)),
        Normalised(None),
    ]
