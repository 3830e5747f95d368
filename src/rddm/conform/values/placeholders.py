"""What people and forms write when there is nothing to write."""

from __future__ import annotations

from rddm.contracts.normalised import Normalised

PLACEHOLDER = "placeholder"
NOTHING = Normalised(None)
PLACEHOLDER_FOUND = Normalised(None, (PLACEHOLDER,))

_EMPTY_MARKS = frozenset(
    """
    null none nil nan n/a #n/a undefined unknown empty missing blank void n.a. no_data nodata (null) \\n [null] <null>
    нет нету неизвестно неизвестен неизвестна неизв отсутствует отсутствуют пусто н/д н/у б/н н/п нд
    """.split()
) | {"не указано", "не указан", "не указана", "не указаны", "нет данных", "нет информации", "без отчества", "не задано",
     "not specified", "not set", "not provided", "no data", "не определено", "не определен", "не известно", "не заполнено",
     "not available", "no name", "без имени", "не имеет", "не предоставлено"}  # fmt: skip
_TEST_WORDS = frozenset(
    """
    test testing tester test1 test2 test123 testtest asdf asd asdfg asdfgh qwe qwer qwert qwerty zxc zxcv zxcvb qaz
    тест тесты тестов-тест тестовый тестовая тестирование проверка йцу йцук йцукен фыв фыва фывап ячс ячсм абв абвгд
    xxx abc xyz foo bar foobar lorem dummy fake blabla
    """.split()
)
_FIELD_LABELS = frozenset(
    """
    имя фамилия отчество фио ф.и.о. ф.и.о имяфамилия name surname firstname lastname first_name last_name middlename
    patronymic username user пользователь аноним anonymous anonim гость guest админ admin administrator noname
    """.split()
)
_MARKS = " .,-–—_*?!/\\+=~#'\"«»()[]<>|:;0"
_NAME_WORDS = _EMPTY_MARKS | _TEST_WORDS | _FIELD_LABELS


def is_empty_mark(text: str) -> bool:
    """
    Tell whether *text* says that there is no value: dashes, dots, "нет", "null", "не указано".

    >>> [is_empty_mark(text) for text in ("—", "N/A", "не указано", "Нетцер")]
    [True, True, True, False]
    """
    folded = text.casefold()
    return folded in _EMPTY_MARKS or not folded.strip(_MARKS) or folded.rstrip(".!") in _EMPTY_MARKS


def is_name_placeholder(text: str) -> bool:
    """
    Tell whether *text* stands in a name's place without being one: also test words, labels, one letter again and again.

    >>> [is_name_placeholder(text) for text in ("Тест", "ййй", "asdf", "Имя", "Ян")]
    [True, True, True, True, False]
    """
    folded = text.casefold()
    if folded in _NAME_WORDS:
        return True
    if len(folded) > 2 and folded.count(folded[0]) == len(folded):
        return True
    if not folded.strip(_MARKS):
        return True
    stripped = folded.strip(_MARKS + "123456789")
    return stripped in _NAME_WORDS or (len(stripped) > 2 and len(set(stripped)) == 1)


def is_plain_placeholder(word: str) -> bool:
    """Tell what `is_name_placeholder` tells, for a single word of nothing but letters."""
    folded = word.lower()
    return folded in _NAME_WORDS or (
        folded[0] == folded[-1] and len(folded) > 2 and folded.count(folded[0]) == len(folded)
    )
