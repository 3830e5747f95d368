"""The order that references impose on the model: parents before children."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from rddm.project.settings import Model


def parents_of(model: Model, entity: str) -> tuple[str, ...]:
    """Return the entities that *entity* references, itself left out, each once, in the order of its fields."""
    references = (field.references for field in model.entities[entity].fields.values())
    return tuple(dict.fromkeys(name for name in references if name is not None and name != entity))


def entities_in_parent_order(model: Model) -> tuple[str, ...]:
    """
    Return all entities, each after every entity that it references; otherwise in the order of the model.

    A self-reference (an organisation's parent) does not count. *model* is one that `load_project` accepted: without
    cycles, every reference known. Raises `graphlib.CycleError` for any other.
    """
    waiting = list(model.entities)
    ordered: list[str] = []
    while waiting:
        ready = next((name for name in waiting if set(parents_of(model, name)) <= set(ordered)), None)
        if ready is None:
            raise CycleError("references form a cycle", waiting)
        waiting.remove(ready)
        ordered.append(ready)
    return tuple(ordered)


def reference_cycle(model: Model) -> tuple[str, ...]:
    """Return entities that reference one another in a circle, the first one again at the end; () without one."""
    graph = {name: [p for p in parents_of(model, name) if p in model.entities] for name in model.entities}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # graphlib lists each entity after the one that references it, the other way round than we say it.
        return tuple(reversed(error.args[1]))
    return ()
