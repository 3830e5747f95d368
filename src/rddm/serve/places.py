"""Where records come from: the sources and entities that the project names, and those that only the warehouse still knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rddm.contracts.errors import NotFound
from rddm.contracts.tables import literal
from rddm.project.suggestions import did_you_mean
from rddm.serve.reading import Reading


@dataclass(frozen=True)
class Place:
    """
    An entity of a source. ``model`` is the entity that its records become; ``is_forgotten`` when no file of the project names
    it any more.
    """

    source: str
    entity: str
    model: str
    is_forgotten: bool = False


def known_places(reading: Reading) -> list[Place]:
    """Return the places of the project in its own order, then the forgotten ones that ever delivered, in the order of names."""
    named = [
        Place(source.name, name, entity.model or name)
        for source in reading.settings.sources.values()
        for name, entity in source.entities.items()
    ]
    known = {(each.source, each.entity) for each in named}
    delivered = reading.rows(
        f"SELECT DISTINCT source, entity FROM {reading.table('raw', 'batch')} ORDER BY source, entity"
    )
    forgotten = [(source, name) for source, name in map(dict.values, delivered) if (source, name) not in known]
    if not forgotten:
        return named
    models = _models(reading)
    return named + [
        Place(source, name, models.get((source, name), name), is_forgotten=True) for source, name in forgotten
    ]


def _models(reading: Reading) -> dict[tuple[str, str], str]:
    """Return the entity of the model that each place's records became, by what lies in the layers."""
    queries = [
        f"SELECT DISTINCT source, entity, model_entity FROM {reading.table(schema, name)}"
        for schema, name in (("conformed", "tombstone"), ("quarantine", "record"))
    ]
    queries += [
        f"SELECT DISTINCT source, entity, {literal(name)} AS model_entity FROM {reading.table('conformed', name)}"
        for name in reading.conformed_entities()
    ]
    return {(row["source"], row["entity"]): row["model_entity"] for query in queries for row in reading.rows(query)}


def require_source(reading: Reading, name: str) -> Sequence[Place]:
    """
    Return the places of source *name*.

    Raises:
        NotFound: neither the project nor the warehouse knows such a source.
    """
    places = known_places(reading)
    found = [each for each in places if each.source == name]
    if not found:
        raise NotFound(f'There is no source "{name}". {did_you_mean(name, {each.source for each in places})}')
    return found


def require_place(reading: Reading, source: str, entity: str) -> Place:
    """
    Return the place of that name.

    Raises:
        NotFound: there is no such source, or it has no such entity.
    """
    places = require_source(reading, source)
    for each in places:
        if each.entity == entity:
            return each
    raise NotFound(
        f'Source "{source}" has no entity "{entity}". {did_you_mean(entity, {each.entity for each in places})}'
    )


def require_entity(reading: Reading, entity: str) -> None:
    """
    See that some source delivers an *entity* of this name.

    Raises:
        NotFound: none does.
    """
    names = {each.entity for each in known_places(reading)}
    if entity not in names:
        raise NotFound(f'No source has an entity "{entity}". {did_you_mean(entity, names)}')
