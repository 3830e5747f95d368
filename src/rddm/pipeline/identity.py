"""
Resolve one entity: which conformed records are the same person (organisation, event, place), inside the run's
transaction.

The order of things is here; what each step asks and decides is in `rddm.resolve`. A first run, a batch of a thousand
changes and a single record go through the same functions: everything starts from the records that changed, and spreads
to the match keys they share, the pairs those find and the components those touch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import duckdb

from rddm.contracts.tables.identity import LINK_COLUMNS, judgement_table
from rddm.pipeline.identity_describe import describe
from rddm.pipeline.identity_groups import group_fingerprints
from rddm.pipeline.identity_ids import name_groups
from rddm.pipeline.identity_model import (
    StoredModel,
    applied_settings,
    common_keys,
    is_outgrown,
    learn_model,
    load_model,
    store_model,
    terms_of,
    was_learnt_otherwise,
)
from rddm.pipeline.identity_nodes import make_fingerprints, make_nodes, write_fingerprints
from rddm.pipeline.identity_pairs import find_pairs, write_pairs
from rddm.pipeline.identity_work import Work
from rddm.pipeline.stamp import RunStamp
from rddm.project.settings import ExactIdentity, ModelEntity, ProbabilisticIdentity
from rddm.resolve.weights import match_probability_of
from rddm.store.lake import spill_folder
from rddm.store.scratch import LARGE_ROWS, Scratch


@dataclass(frozen=True)
class Resolution:
    """
    What resolving an entity did.

    ``records`` were looked at; ``fingerprints``, ``keys``, ``candidate_pairs``, ``matched_pairs``, ``possible_pairs``
    are those made by this run, not all there are; ``living`` counts all golden ids; ``created`` … ``ended`` are this
    run's events. ``split_components``: groups of records that matched and were taken apart because they contradict
    themselves; ``cut_components``: too large to be judged, cut at their weakest pairs. ``model_learnt`` is false while
    there is too little data and the shipped parameters are used; ``match_probability`` is the one from which on two are
    one, None for an entity that is not matched by weights.
    """

    records: int = 0
    fingerprints: int = 0
    keys: int = 0
    candidate_pairs: int = 0
    matched_pairs: int = 0
    possible_pairs: int = 0
    living: int = 0
    created: int = 0
    merged: int = 0
    split: int = 0
    moved: int = 0
    ended: int = 0
    split_components: int = 0
    cut_components: int = 0
    model_version: int = 0
    model_learnt: bool = False
    model_is_outgrown: bool = False
    model_was_learnt_otherwise: bool = False
    match_probability: float | None = None


def resolve_entity(  # noqa: PLR0913 - the engine's call; each argument is one thing the stage needs to see
    connection: duckdb.DuckDBPyConnection,
    *,
    lake: str,
    entity: str,
    model_entity: ModelEntity,
    changed: str,
    touched: str,
    judgements: str,
    exclusive_sources: Collection[tuple[str, str]],
    run: RunStamp,
    progress: Callable[[str, float], None],
    relearn: bool = False,
) -> Resolution:
    """
    Bring the identity tables of *entity* up to date with ``conformed``, inside the caller's transaction on catalog
    *lake*.

    *changed* (record_id) names the records added, changed or removed since the last call. *judgements* (record_a,
    record_b, verdict: same or different) are all that hold. *exclusive_sources* (source, entity) never have one person
    twice. Fills *touched* (golden_id): ids whose members changed, came or went, those that ended or were merged
    included. Each stored table gets one DELETE and one INSERT at most.

    The model is learnt by the first call that weighs and used unchanged by the later ones, until *relearn*. When it, the settings
    or the rules in the code change, everything is matched anew; ids stay.
    """
    identity = model_entity.identity
    if not isinstance(identity, ProbabilisticIdentity | ExactIdentity):
        raise TypeError(f"entity {entity} has no identity to resolve")
    scratch = Scratch(connection, spill_folder(connection) / "resolve")
    work = Work(connection, scratch, lake, entity, model_entity, identity, exclusive_sources, run, progress)
    work.prepare()
    stored = load_model(work)
    relearn = relearn or (stored is not None and work.method == "probabilistic" and not stored.weighs)
    stale = stored is not None and stored.applied != applied_settings(work)
    anew = stored is None or stale or relearn
    if not work.count(changed) and (stored is None or not (anew or _is_rejudged(work, judgements))):
        # Nothing to do; and a model is not learnt before there is a record to learn from.
        return Resolution(living=int(work.value(f"SELECT count(DISTINCT golden_id) FROM {work.stored('link')}")))
    scratch.in_files = work.count(work.conformed if anew else changed) >= LARGE_ROWS
    try:
        if anew:
            work.begin_anew()
        progress("describe", 0.0)
        _reconsider(work, changed, judgements)
        describe(work, work.table("reconsidered"))
        progress("learn", 0.2)
        model = _model(work, stored, relearn=relearn)
        progress("compare", 0.3)
        make_fingerprints(work, model.mixture, model.common)
        make_nodes(work)
        write_fingerprints(work)
        find_pairs(work, model.mixture, model.kinds)
        progress("group", 0.7)
        _apply_judgements(work)
        group_fingerprints(work, model.mixture)
        progress("link", 0.85)
        name_groups(work, changed, touched)
        write_pairs(work)
        _store_judgements(work)
        if anew:
            store_model(work, model, replace=stored is not None and model.version == stored.version)
        progress("done", 1.0)
        otherwise = stored is not None and stored.version == model.version and was_learnt_otherwise(stored)
        return replace(_report(work, model), model_was_learnt_otherwise=otherwise)
    finally:
        work.clear()


def _is_rejudged(work: Work, judgements: str) -> bool:
    """Whether the judgements differ from those that the stored links honour."""
    now = _judgements_sql(judgements)
    stored = f"SELECT record_a, record_b, verdict FROM {work.stored('judgement')}"
    return bool(work.value(f"SELECT count(*) FROM (({now} EXCEPT {stored}) UNION ALL ({stored} EXCEPT {now}))"))


def _judgements_sql(judgements: str) -> str:
    """Return the query for the judgements as they are stored: the lower record first; "different" stands against "same"."""
    return (
        "SELECT least(record_a, record_b) AS record_a, greatest(record_a, record_b) AS record_b,"
        " CASE WHEN bool_or(verdict = 'different') THEN 'different' ELSE 'same' END AS verdict"
        f" FROM {judgements} WHERE record_a <> record_b GROUP BY least(record_a, record_b), greatest(record_a, record_b)"
    )


def _model(work: Work, stored: StoredModel | None, *, relearn: bool) -> StoredModel:
    if stored is None or relearn:
        return learn_model(work, 1 if stored is None else stored.version + 1)
    terms_of(work, stored.version)
    # Where everything is matched anew, by another limit or other keys, say, others may be common.
    return replace(stored, common=common_keys(work)) if work.fresh and stored.learnt else stored


def _reconsider(work: Work, changed: str, judgements: str) -> None:
    """
    Make ``judgement`` (what holds now), ``judgement_changed`` (the same, and whether it was given or taken back), ``told_apart``,
    ``reconsidered`` (record_id) and ``link_before`` (the links these had).

    A record whose judgements changed is reconsidered as if it had changed itself.
    """
    judgement = work.make("judgement", _judgements_sql(judgements))
    stored = work.stored("judgement")
    work.make(
        "judgement_changed",
        f"SELECT *, true AS given FROM (SELECT * FROM {judgement} EXCEPT SELECT * FROM {stored}) UNION ALL"
        f" SELECT *, false FROM (SELECT * FROM {stored} EXCEPT SELECT * FROM {judgement})",
    )
    work.make(
        "told_apart",
        f"SELECT record_a AS record_id FROM {judgement} WHERE verdict = 'different'"
        f" UNION SELECT record_b FROM {judgement} WHERE verdict = 'different'",
    )
    rejudged = work.table("judgement_changed")
    everything = f"SELECT record_id FROM {work.conformed} UNION SELECT record_id FROM {work.stored('link')}"
    some = (
        f"SELECT record_id FROM {changed} UNION SELECT record_a FROM {rejudged} UNION SELECT record_b FROM {rejudged}"
    )
    reconsidered = work.make("reconsidered", everything if work.fresh else some)
    work.make(
        "link_before",
        work.found(work.stored("link"), "record_id", f"SELECT record_id FROM {reconsidered}", LINK_COLUMNS),
    )


def _apply_judgements(work: Work) -> None:
    """
    Make ``judged`` (fingerprint_a, fingerprint_b, verdict) and ``rejudged`` (fingerprint_id).

    Rejudged is whoever shares a judgement, old or new, with a reconsidered record: a judgement holds groups together
    as a match does.
    """
    judgement, reconsidered = work.table("judgement"), f"SELECT record_id FROM {work.table('reconsidered')}"
    both = (
        f"(SELECT record_a, record_b FROM {judgement} UNION SELECT record_a, record_b FROM {work.stored('judgement')})"
    )
    place = work.make(
        "judged_record",
        f"""
WITH wanted AS (SELECT record_a AS record_id FROM {both} UNION SELECT record_b FROM {both})
SELECT record_id, fingerprint_id FROM {work.table("record_now")} WHERE record_id IN (SELECT record_id FROM wanted)
UNION ALL
SELECT record_id, fingerprint_id FROM {work.stored("link")}
WHERE record_id IN (SELECT record_id FROM wanted) AND record_id NOT IN ({reconsidered})""",
    )
    work.make(
        "judged",
        f"""
SELECT DISTINCT least(a.fingerprint_id, b.fingerprint_id) AS fingerprint_a, greatest(a.fingerprint_id,
b.fingerprint_id) AS fingerprint_b,
  j.verdict
FROM {judgement} j
JOIN {place} a ON a.record_id = j.record_a
JOIN {place} b ON b.record_id = j.record_b
WHERE a.fingerprint_id <> b.fingerprint_id""",
    )
    work.make(
        "rejudged",
        f"""
SELECT DISTINCT p.fingerprint_id FROM {place} p WHERE p.record_id IN (
  SELECT record_a FROM {both} WHERE record_b IN ({reconsidered}) UNION ALL SELECT record_b FROM {both} WHERE record_a
  IN ({reconsidered})
)""",
    )


def _store_judgements(work: Work) -> None:
    if work.count(work.table("judgement_changed")):
        work.replace("judgement", "true", f"SELECT * FROM {work.table('judgement')}", judgement_table(work.entity))


def _report(work: Work, model: StoredModel) -> Resolution:
    counts = work.counts
    new = work.table("pair_new")
    return Resolution(
        records=work.count(work.table("reconsidered")),
        fingerprints=counts.get("fingerprints", 0),
        keys=work.count(work.table("key_new")),
        candidate_pairs=counts.get("pairs", 0),
        matched_pairs=work.count(new, "outcome = 'match'"),
        possible_pairs=work.count(new, "outcome = 'possible'"),
        living=counts.get("living", 0),
        created=counts.get("created", 0),
        merged=counts.get("merged", 0),
        split=counts.get("split", 0),
        moved=counts.get("moved", 0),
        ended=counts.get("ended", 0),
        split_components=counts.get("split_components", 0),
        cut_components=counts.get("cut_components", 0),
        model_version=model.version,
        model_learnt=model.learnt,
        model_is_outgrown=is_outgrown(work, model),
        match_probability=(
            match_probability_of(work.identity, model.mixture)
            if isinstance(work.identity, ProbabilisticIdentity)
            else None
        ),
    )
