"""The movement's tree of federations and clubs, the schools of its members, and the events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from rddm.demo.wordlists import Region, regions

MOVEMENT = "Движение «Костёр»"
SPORTS = ("спортивного туризма", "шахмат", "робототехники", "народных игр", "ориентирования", "юных журналистов")
_SCHOOLS = ("Школа", "Школа", "Школа", "Школа", "Гимназия", "Лицей")
_CLUBS = ("Горизонт", "Орлёнок", "Искра", "Парус", "Компас", "Следопыт", "Родник", "Созвездие", "Маяк", "Эверест")


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives; schools and clubs are near it."""

    region: Region
    town: str


@dataclass(frozen=True, slots=True)
class Organisation:
    no: int
    kind: str
    name: str
    region: Region | None
    town: str | None
    parent: int | None


@dataclass(frozen=True, slots=True)
class Organisations:
    """``everything`` by number; schools and clubs by town, federations by region code."""

    everything: tuple[Organisation, ...]
    schools: dict[str, tuple[int, ...]]
    clubs: dict[str, tuple[int, ...]]
    federations: dict[str, tuple[int, ...]]

    def school_in(self, rng: Random, home: Home) -> int:
        schools = self.schools[home.town]
        # The first schools of a town are the large ones.
        return schools[min(rng.randrange(len(schools)), rng.randrange(len(schools)))]

    def club_in(self, rng: Random, home: Home) -> int:
        return rng.choice(self.clubs[home.town])


def invent_organisations(rng: Random) -> Organisations:
    """Return the movement, a few federations per region, clubs per town, and schools per town."""
    made: list[Organisation] = []
    schools: dict[str, tuple[int, ...]] = {}
    clubs: dict[str, tuple[int, ...]] = {}
    federations: dict[str, tuple[int, ...]] = {}

    def add(
        kind: str, name: str, region: Region | None = None, town: str | None = None, parent: int | None = None
    ) -> int:
        made.append(Organisation(len(made), kind, name, region, town, parent))
        return len(made) - 1

    movement = add("movement", MOVEMENT)
    for region in regions():
        sports = rng.sample(SPORTS, rng.randint(2, 4))
        federations[region.code] = tuple(
            add("federation", f"Федерация {sport}, {region.name}", region, region.towns[0], movement)
            for sport in sports
        )
        # A number stands once per region: "School 12" alone would not say which town's it is.
        numbers = rng.sample(range(1, 190), 16 * len(region.towns) if len(region.towns) < 8 else 120)
        for place, town in enumerate(region.towns):
            many = max(3, 16 // (place + 1))
            own = sorted(numbers.pop() for _ in range(many))
            schools[town] = tuple(add("school", f"{rng.choice(_SCHOOLS)} № {number}", region, town) for number in own)
            clubs[town] = tuple(
                add("club", f"Клуб «{name}» г. {town}", region, town, rng.choice(federations[region.code]))
                for name in rng.sample(_CLUBS, 4 if place == 0 else 2)
            )
    return Organisations(tuple(made), schools, clubs, federations)


@dataclass(frozen=True, slots=True)
class Event:
    """``service`` is the one that keeps it; ``also_in`` another that sells or lists it under an id of its own."""

    no: int
    service: str
    name: str
    kind: str
    starts_on: date
    ends_on: date
    region: Region
    federation: int
    also_in: str | None = None


_EVENTS = {
    "camps": ("camp", 64, 14, ("Смена «{0}»", "Лагерь «{0}»", "Полевой лагерь «{0}»")),
    "contests": ("contest", 56, 1, ("Олимпиада по {1}", "Конкурс по {1}", "Турнир по {1}")),
    "academy": ("course", 40, 60, ("Курс «{2}»",)),
    "tickets": ("festival", 40, 2, ("Фестиваль «{0}»", "Концерт «{0}»", "Слёт «{0}»")),
    "volunteers": ("project", 60, 20, ("Проект «{0}»", "Акция «{0}»", "Субботник «{0}»")),
    "federation": ("competition", 90, 3, ("Первенство {3}", "Кубок {3}", "Чемпионат {3}")),
    "grants": ("season", 12, 90, ("Грантовый сезон «{0}»",)),
}
_TITLES = (
    "Алый парус", "Белый медведь", "Большая вода", "Весенний ветер", "Высота", "Дорога к звёздам", "Зелёный мир", "Зимние огни",
    "Истоки", "Крылья", "Летний остров", "Лесная школа", "Мечта", "Молодые голоса", "На волне", "Новый берег", "Огонёк", "Первые",
    "Перспектива", "Радуга", "Рассвет", "Светлый город", "Северное сияние", "Созвучие", "Точка роста", "Формула успеха",
    "Чистый берег", "Шаг вперёд", "Юность", "Яркий день",
)  # fmt: skip
_SUBJECTS = (
    "математике",
    "физике",
    "истории",
    "биологии",
    "географии",
    "информатике",
    "литературе",
    "химии",
    "экологии",
)
_COURSES = (
    "Основы волонтёрства", "Первая помощь", "Основы робототехники", "Журналистика", "Публичные выступления", "Дизайн",
    "Программирование на Python", "Финансовая грамотность", "История края", "Проектная работа", "Вожатское мастерство",
)  # fmt: skip


def invent_events(rng: Random, organisations: Organisations) -> tuple[Event, ...]:
    """Return the events of every service that has some; some competitions are sold by the ticket office as well."""
    events: list[Event] = []
    seen: set[tuple[str, date]] = set()
    everywhere = regions()
    for service, (kind, many, days, shapes) in _EVENTS.items():
        left = many
        while left:
            region = rng.choice(everywhere)
            starts_on = date(2023, 1, 10) + timedelta(days=rng.randrange(1220))
            name = rng.choice(shapes).format(
                rng.choice(_TITLES), rng.choice(_SUBJECTS), rng.choice(_COURSES), f"по {_sport(rng)}, {region.name}"
            )
            if (name, starts_on) in seen:
                continue
            seen.add((name, starts_on))
            also = "tickets" if service == "federation" and rng.random() < 0.25 else None
            federation = rng.choice(organisations.federations[region.code])
            ends_on = starts_on + timedelta(days=days)
            events.append(Event(len(events), service, name, kind, starts_on, ends_on, region, federation, also))
            left -= 1
    return tuple(events)


def _sport(rng: Random) -> str:
    return rng.choice(("спортивному туризму", "шахматам", "робототехнике", "ориентированию", "лапте", "городкам"))
