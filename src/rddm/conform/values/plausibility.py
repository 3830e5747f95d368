"""How much a word reads like a name: letter pairs counted in names that we know."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from operator import add

from rddm.contracts.names import given_names, transliterate

_SURNAMES = """
Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев Лебедев Семёнов
Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв Борисов Яковлев Григорьев
Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв Гусев Киселёв Ильин Максимов Поляков Сорокин
Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Комаров Давыдов Беляев Герасимов Богданов
Осипов Сидоров Матвеев Титов Марков Миронов Крылов Куликов Карпов Власов Мельников Денисов Гаврилов Тихонов Казаков
Афанасьев Данилов Савельев Тимофеев Фомин Чернов Абрамов Мартынов Ефимов Федотов Щербаков Назаров Калинин Исаев
Чернышёв Быков Маслов Родионов Коновалов Лазарев Воронин Климов Филатов Пономарёв Голубев Кудрявцев Прохоров Наумов
Потапов Журавлёв Овчинников Трофимов Леонов Соболев Ермаков Колесников Гончаров Емельянов Никифоров Грачёв Котов Гришин
Ефремов Архипов Громов Кириллов Малышев Панов Моисеев Румянцев Акимов Кондратьев Бирюков Горбунов Анисимов Ерёмин
Тихомиров Галкин Лукьянов Михеев Скворцов Юдин Белоусов Нестеров Симонов Прокофьев Харитонов Князев Цветков Левин
Митрофанов Воронов Аксёнов Софронов Мальцев Логинов Горшков Савин Краснов Майоров Демидов Елисеев Рыбаков Сафонов
Плотников Демин Хохлов Фадеев Молчанов Игнатов Литвинов Ершов Ушаков Дементьев Рябов Мухин Калашников Леонтьев Лобанов
Кузин Корнеев Евдокимов Бородин Платонов Некрасов Балашов Бобров Жданов Блинов Игнатьев Коротков Муравьёв Крюков Беляков
Богомолов Дроздов Лавров Зуев Петухов Ларин Никулин Серов Терентьев Зотов Устинов Фокин Самойлов Константинов Сахаров
Шишкин Самсонов Черкасов Чистяков Носов Спиридонов Карасёв Авдеев Воронцов Зверев Владимиров Селезнёв Нечаев Кудряшов
Седов Фирсов Андрианов Панфилов Головин Терехов Ульянов Шестаков Агеев Никонов Селиванов Баженов Гордеев Кожевников
Пахомов Зимин Костин Широков Филимонов Ларионов Овсянников Сазонов Суворов Нефёдов Корнилов Любимов Львов Горбачёв
Копылов Лукин Токарев Кулешов Шилов Большаков Панкратов Родин Шаповалов Покровский Бочаров Никольский Маркин Горелов
Агафонов Берёзин Ермолаев Зубков Куприянов Трифонов Масленников Круглов Третьяков Колосов Рожков Артамонов Шмелёв Лаптев
Лапшин Федосеев Зиновьев Зорин Уткин Столяров Зубов Ткачёв Дорофеев Антипов Завьялов Свиридов Золотарёв Кулаков Мещеряков
Макеев Дьяконов Гуляев Петровский Бондарев Поздняков Панин Черкашин Шевченко Бондаренко Коваленко Ткаченко Кравченко
Шевчук Мельник Ковальчук Савчук Хабибуллин Гарипов Ахметов Сафин Гайнутдинов Магомедов Алиев Гаджиев Исмаилов Саакян
Петросян Оганесян Шульга Дзюба Островский Заславский Достоевский Толстой Донской Черных Белых Бельских Грибоедов
Вовк Гайдай Евтушенко Жаров Щукин Щеглов Цыганков Чайкин Эйзенштейн Юсупов Яшин Бахтин Пушкин
"""
_LATIN_SURNAMES = """
Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas
Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King
Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez
Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz
Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett
Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell
Sullivan Bell Coleman Butler Henderson Barnes Fisher Vasquez Simmons Patterson Jordan Reynolds Hamilton Graham Muller
Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein Wolf Schroeder Neumann
Schwarz Zimmermann Braun Kruger Hartmann Lange Werner Krause Lehmann Dubois Durand Leroy Moreau Laurent Lefebvre Rossi
Russo Ferrari Esposito Bianchi Romano Colombo Ricci Kowalski Nowak Wisniewski Wojcik Kaczmarek Mazur Krawczyk Grabowski
Zielinski Szymanski Novak Svoboda Dvorak Horvath Nagy Kovacs Szabo Toth Yilmaz Kaya Demir Celik Sahin Yildiz Ozturk Aydin
Wang Zhang Chen Liu Yang Huang Zhao Zhou Xu Sun Zhu Guo Tran Pham Phan Vu Dang Bui Ngo Khan Singh Kumar Sharma Gupta
Hansen Johansson Andersson Karlsson Nilsson Eriksson Larsson Olsson Jensen Nielsen Christensen Virtanen Korhonen
Jankauskas Kazlauskas Berzins Ozols Tamm Saar Bjork Lindqvist Vlk Krc Wright Lynch Byrne Flynn Glynn Schwartz Strydom
"""
_UNSEEN_BITS = -12.0


class _Pairs(dict[str, float]):
    """Log2 probabilities of letter pairs; a pair that was never seen has a low one."""

    def __missing__(self, pair: str) -> float:
        return _UNSEEN_BITS


def _count_pairs(words: Iterable[str]) -> _Pairs:
    """Letter pair (``^`` and ``$`` stand for the ends) -> log2 of how probable the second is after the first."""
    pairs: Counter[str] = Counter()
    firsts: Counter[str] = Counter()
    for word in words:
        marked = f"^{word}$"
        for first, second in pairwise(marked):
            pairs[first + second] += 1
            firsts[first] += 1
    return _Pairs({pair: math.log2(count / firsts[pair[0]]) for pair, count in pairs.items()})


@cache
def _cyrillic_pairs() -> _Pairs:
    return _count_pairs(_fold(word) for word in _cyrillic_words())


@cache
def _latin_pairs() -> _Pairs:
    latin = (given_names.LATIN_MALE + given_names.LATIN_FEMALE + _LATIN_SURNAMES).split()
    return _count_pairs([*map(str.lower, latin), *(transliterate(word).lower() for word in _cyrillic_words())])


def _cyrillic_words() -> list[str]:
    surnames = _SURNAMES.split()
    women = [word + "а" for word in surnames if word.endswith(("в", "н"))]
    patronymics = [word + ending for word in ("Иван", "Петр", "Максим", "Роман") for ending in ("ович", "овна")]
    patronymics += [word + ending for word in ("Серге", "Алексе", "Андре") for ending in ("евич", "евна")]
    given = given_names.RUSSIAN_MALE + given_names.RUSSIAN_FEMALE + given_names.REGIONAL_MALE
    return given.split() + given_names.REGIONAL_FEMALE.split() + surnames + women + patronymics


def _fold(word: str) -> str:
    return word.lower().replace("ё", "е")


def _score(marked: str, pairs: _Pairs) -> float:
    following = marked[1:]
    return sum(map(pairs.__getitem__, map(add, marked, following))) / len(following)


def score_cyrillic(word: str) -> float:
    """
    Return the mean log2 probability of the word's letter pairs among names in Cyrillic: about -3 to -4 for names.

    >>> score_cyrillic("Иванов") > -4.5 > score_cyrillic("Хбюмнб")
    True
    """
    return _score(f"^{_fold(word)}$", _cyrillic_pairs())


def score_latin(word: str) -> float:
    """
    Return the mean log2 probability of the word's letter pairs among names in Latin letters.

    >>> score_latin("Petrov") > -5 > score_latin("Bdfyjd")
    True
    """
    return _score(f"^{word.lower()}$", _latin_pairs())
