"""
The state of an entity's identity: what the weights are, how sure the links, how large the groups, what the keys miss.

Aggregates of the lake; nothing per record comes to Python. Of people it holds ids and counts only, unless names are asked for.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rddm.contracts.errors import NotFound
from rddm.contracts.tables import quote
from rddm.contracts.tables.golden import golden_id
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.estimates import (
    CurvePoint,
    KeyRecall,
    KindFindings,
    WeighedPairs,
    key_recall,
    kind_findings,
    share_of,
    threshold_curve,
)
from rddm.resolve.explain import Strand, StrongestForest
from rddm.resolve.keys import (
    IDENTIFIERS,
    KEY_KINDS,
    KIND_NUMBERS,
    KeyKind,
    is_identifier_sql,
    kind_number_sql,
    kinds_from_json,
    limit_sql,
)
from rddm.resolve.models import weighing_model_sql
from rddm.resolve.told import FieldTold, tell_fields
from rddm.resolve.weights import CLASSES, Mixture, match_probability_of, probability_of, shipped_mixture, weight_of
from rddm.serve.identity_explain import check_forms
from rddm.serve.identity_sample import POSTERIOR, CandidateSample, bin_sql, sample_candidates
from rddm.serve.identity_warnings import Findings, warnings_of
from rddm.serve.judging import contradicting_words
from rddm.serve.lookup import require_probabilistic
from rddm.serve.portrait import title_of
from rddm.serve.possible import count_possible
from rddm.serve.reading import Reading
from rddm.store.lake import CATALOG

LISTED = 15
"""Groups, keys and values that are listed of each sort."""
WEAK_PAIRS = 2_000
"""The weakest pairs inside groups, from which the most doubtful groups are told."""
SOURCES_LIMIT = 16
"""Sources whose overlap is told, the largest: a table of more is not read by anyone."""
SIZES_APART = 10
"""Groups of up to this many records are counted by their size, larger ones by doubling."""


@dataclass(frozen=True)
class Summary:
    """
    The whole in a few figures. ``joined_by``: records by how they were linked; ``waiting``: pairs of people who may be one
    and wait for a word. Expected values, of pairs of descriptions: ``precision`` and ``link_recall`` of the links,
    ``recall`` of the groups, in which pairs are together that no link of their own joins.
    """

    records: int
    people: int
    descriptions: int
    joined_by: Mapping[str, int]
    matched_pairs: int
    expected_wrong: float
    precision: float | None
    link_recall: float | None
    recall: float | None
    possible_pairs: int
    waiting: int


@dataclass(frozen=True)
class ModelTold:
    """The model in use. ``shares``: of candidate pairs per class, which may sum to more than 1 (see the theory)."""

    version: int
    learnt: bool
    pairs: int
    run: int
    at: dt.datetime
    shares: Mapping[str, float]
    match_probability: float
    match_weight: float
    possible_probability: float
    possible_weight: float
    key_limit: int


@dataclass(frozen=True)
class WeightBin:
    """Pairs that weigh ``weight`` bits or up to one more. ``is_estimate``: scaled up from a sample."""

    weight: float
    pairs: float
    refused: int
    is_estimate: bool


@dataclass(frozen=True)
class SizeClass:
    """People with ``least`` to ``most`` records."""

    least: int
    most: int
    people: int
    records: int


@dataclass(frozen=True)
class GroupLine:
    """A group worth looking at: its id, its size; ``weakest``: the match weight of the link that holds its parts together."""

    id: uuid.UUID
    records: int
    descriptions: int
    sources: int
    weakest: float | None
    probability: float | None
    name: str | None


@dataclass(frozen=True)
class SourceLine:
    """A source's records and people. ``doubled``: people it has more than once; ``most``: records of one person in it."""

    source: str
    records: int
    people: int
    doubled: int
    most: int
    only_here: int
    vouched: bool

    @property
    def duplicate_rate(self) -> float:
        """The share of its records that are one too many."""
        return 1 - self.people / self.records if self.records else 0.0


@dataclass(frozen=True)
class Overlap:
    """``shared[a][b]``: people of source a that source b has too; on the diagonal all of a."""

    sources: Sequence[str]
    shared: Sequence[Sequence[int]]


@dataclass(frozen=True)
class KeyLine:
    """
    A kind of match key. ``in_use`` or not; ``most``: so many may share one; ``too_common``: keys that more share; ``found``: None
    if it finds nothing.
    """

    kind: str
    fields: Sequence[str]
    in_use: bool
    most: int
    entries: int
    too_common: int
    too_common_entries: int
    found: KindFindings | None


@dataclass(frozen=True)
class SharedValue:
    """A phone or mailbox that too many share to tell anyone apart; ``value`` only where names are asked for."""

    field: str
    descriptions: int
    records: int
    people: int
    value: str | None


@dataclass(frozen=True)
class Refused:
    """Pairs at or above the threshold that were kept apart for a contradiction, and how many pairs it kept apart in all."""

    contradiction: str
    pairs: int
    together: int


@dataclass(frozen=True)
class IdentityReport:
    """Everything that the report tells; see the classes of its parts."""

    name: str
    entity: str
    at: dt.datetime
    summary: Summary
    model: ModelTold
    fields: Sequence[FieldTold]
    histogram: Sequence[WeightBin]
    curve: Sequence[CurvePoint]
    sample_share: float
    sizes: Sequence[SizeClass]
    largest: Sequence[GroupLine]
    doubtful: Sequence[GroupLine]
    refused: Sequence[Refused]
    sources: Sequence[SourceLine]
    overlap: Overlap
    keys: Sequence[KeyLine]
    key_recall: KeyRecall | None
    shared_values: Sequence[SharedValue]
    warnings: Sequence[str]


def identity_report(reading: Reading, entity: str, at: dt.datetime, *, with_names: bool = False) -> IdentityReport:
    """
    Return the report on *entity*, made *at* a time (UTC); people's names and shared values only *with_names*.

    Raises:
        NotFound: the model has no such entity, it is not matched by weights, or nothing was resolved yet.
    """
    identity = require_probabilistic(reading, entity)
    asked = _Asked(reading, entity, identity, with_names)
    model, mixture, kinds = _model(asked)
    sample = sample_candidates(reading, entity, identity, mixture, kinds)
    kept = _kept(asked)
    sizes, largest = _sizes(asked)
    keys = _keys(asked, sample, kinds)
    sources = _sources(asked)
    shared = _shared_values(asked)
    summary = _summary(asked, kept, sample)
    findings = Findings(
        summary.records, summary.descriptions, summary.people, model.learnt, mixture.families, sample.without_key,
        {each.kind: each.entries for each in keys if each.in_use}, largest[0].records if largest else 0,
        tuple((each.field, each.records) for each in shared[:1]), _last_cut(asked), len(contradicting_words(reading, entity)),
    )  # fmt: skip
    return IdentityReport(
        name=reading.settings.name,
        entity=entity,
        at=at,
        summary=summary,
        model=model,
        fields=tell_fields(mixture, shipped_mixture()),
        histogram=_histogram(kept, sample),
        curve=threshold_curve([*(each.weighed for each in kept if each.weighed.pairs), *sample.below]),
        sample_share=sample.share,
        sizes=sizes,
        largest=largest,
        doubtful=_doubtful(asked),
        refused=_refused(kept),
        sources=sources,
        overlap=_overlap(asked, sources),
        keys=keys,
        key_recall=key_recall(sample.found_with, kinds),
        shared_values=shared,
        warnings=warnings_of(reading, entity, findings),
    )


@dataclass(frozen=True)
class _Asked:
    reading: Reading
    entity: str
    identity: ProbabilisticIdentity
    with_names: bool

    def stored(self, name: str) -> str:
        return self.reading.table("identity", f"{self.entity}__{name}")

    @property
    def conformed(self) -> str:
        return self.reading.table("conformed", self.entity)

    def number(self, sql: str) -> int:
        return self.reading.lake.number(sql)


def _model(asked: _Asked) -> tuple[ModelTold, Mixture, tuple[KeyKind, ...]]:
    rows = asked.reading.rows(weighing_model_sql(asked.reading.table("identity", "model"), asked.entity))
    if not rows:
        raise NotFound(
            f"Entity {asked.entity}: nothing was matched by weights yet, so there is nothing to report. Start with `rddm run`."
        )
    check_forms(asked.reading.lake.connection, CATALOG, asked.entity)
    row, identity = rows[0], asked.identity
    mixture = Mixture.from_json(row["parameters"])
    match_probability = match_probability_of(identity, mixture)
    told = ModelTold(
        version=row["version"],
        learnt=row["learnt"],
        pairs=row["pairs"],
        run=row["run_id"],
        at=row["at"],
        shares={name: float(mixture.shares[place]) for place, name in enumerate(CLASSES)},
        match_probability=match_probability,
        match_weight=weight_of(match_probability),
        possible_probability=identity.possible_probability,
        possible_weight=weight_of(identity.possible_probability),
        key_limit=identity.key_limit,
    )
    return told, mixture, kinds_from_json(row["kinds"])


# --- pairs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Kept:
    """Stored pairs of one bin and outcome; ``weighed`` without those that contradict themselves (``contradiction`` set)."""

    outcome: str
    contradiction: str | None
    weighed: WeighedPairs
    count: int
    together: int
    together_matches: float


def _kept(asked: _Asked) -> list[_Kept]:
    rows = asked.reading.rows(
        f"""
        WITH place AS (SELECT fingerprint_id, any_value(golden_id) AS golden_id FROM {asked.stored("link")}
            GROUP BY fingerprint_id)
        SELECT {bin_sql()} AS bin, outcome, contradiction, count(*) AS pairs, sum({POSTERIOR}) AS matches,
            count(*) FILTER (a.golden_id = b.golden_id) AS together,
            coalesce(sum({POSTERIOR}) FILTER (a.golden_id = b.golden_id), 0) AS together_matches
        FROM {asked.stored("pair")} AS pair
        JOIN place AS a ON a.fingerprint_id = pair.fingerprint_a
        JOIN place AS b ON b.fingerprint_id = pair.fingerprint_b
        GROUP BY bin, outcome, contradiction ORDER BY bin, outcome, contradiction"""
    )
    return [
        _Kept(
            row["outcome"],
            row["contradiction"],
            WeighedPairs(float(row["bin"]), *((0.0, 0.0) if row["contradiction"] else (row["pairs"], row["matches"]))),
            row["pairs"],
            row["together"],
            0.0 if row["contradiction"] else row["together_matches"],
        )
        for row in rows
    ]


def _histogram(kept: Sequence[_Kept], sample: CandidateSample) -> list[WeightBin]:
    pairs: dict[float, int] = defaultdict(int)
    refused: dict[float, int] = defaultdict(int)
    for each in kept:
        pairs[each.weighed.weight] += each.count
        refused[each.weighed.weight] += each.count if each.contradiction else 0
    below = {each.weight: each.pairs for each in sample.below}
    return [
        WeightBin(
            weight,
            pairs.get(weight, 0) + below.get(weight, 0.0),
            refused.get(weight, 0),
            is_estimate=weight in below and sample.share < 1,
        )
        for weight in sorted({*pairs, *below})
    ]


def _refused(kept: Sequence[_Kept]) -> list[Refused]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for each in kept:
        if each.contradiction and each.outcome == "match":
            found[each.contradiction][0] += each.count - each.together
            found[each.contradiction][1] += each.together
    ordered = sorted(found.items(), key=lambda each: -each[1][0])
    return [Refused(reason, pairs, together) for reason, (pairs, together) in ordered]


def _summary(asked: _Asked, kept: Sequence[_Kept], sample: CandidateSample) -> Summary:
    how = asked.reading.rows(f"SELECT how, count(*) AS n FROM {asked.stored('link')} GROUP BY how ORDER BY how")
    accepted = [each.weighed for each in kept if each.outcome == "match"]
    pairs, matches = sum(each.pairs for each in accepted), sum(each.matches for each in accepted)
    whole = sum(each.weighed.matches for each in kept) + sum(each.matches for each in sample.below)
    return Summary(
        records=sum(row["n"] for row in how),
        people=asked.number(f"SELECT count(DISTINCT golden_id) FROM {asked.stored('link')}"),
        descriptions=asked.number(f"SELECT count(*) FROM {asked.stored('fingerprint')}"),
        joined_by={row["how"]: row["n"] for row in how},
        matched_pairs=round(pairs),
        expected_wrong=pairs - matches,
        precision=share_of(matches, pairs),
        link_recall=share_of(matches, whole),
        recall=share_of(sum(each.together_matches for each in kept) + sample.below_together, whole),
        possible_pairs=sum(each.count for each in kept if each.outcome == "possible"),
        waiting=count_possible(asked.reading.lake, asked.reading.control, asked.entity),
    )


# --- groups -----------------------------------------------------------------------------------------------------------


def _sizes(asked: _Asked) -> tuple[list[SizeClass], list[GroupLine]]:
    rows = asked.reading.rows(
        "SELECT records, count(*) AS people FROM (SELECT golden_id, count(*) AS records"
        f" FROM {asked.stored('link')} GROUP BY golden_id) GROUP BY records ORDER BY records"
    )
    classes: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        counted = classes[_size_class(row["records"])]
        counted[0] += row["people"]
        counted[1] += row["people"] * row["records"]
    sizes = [SizeClass(*span, *counted) for span, counted in classes.items()]
    largest = asked.reading.rows(
        f"SELECT golden_id FROM {asked.stored('link')} GROUP BY golden_id HAVING count(*) > 1"
        f" ORDER BY count(*) DESC, golden_id LIMIT {LISTED}"
    )
    return sizes, _group_lines(asked, [row["golden_id"] for row in largest])


def _size_class(records: int) -> tuple[int, int]:
    """
    Return the span of sizes that *records* is counted in.

    >>> _size_class(3), _size_class(11), _size_class(50)
    ((3, 3), (11, 20), (41, 80))
    """
    least, most = records, records
    if records > SIZES_APART:
        most = SIZES_APART * 2
        while most < records:
            most *= 2
        least = most // 2 + 1
    return least, most


def _doubtful(asked: _Asked) -> list[GroupLine]:
    """
    Return the groups whose weakest link is the weakest.

    A link of that weight is in the group, so it is enough to look at the groups of the weakest pairs.
    """
    rows = asked.reading.rows(
        f"""
        WITH weak AS (SELECT fingerprint_a, fingerprint_b, weight FROM {asked.stored("pair")}
            WHERE outcome = 'match' AND contradiction IS NULL
            ORDER BY weight, fingerprint_a, fingerprint_b LIMIT {WEAK_PAIRS}),
        place AS (SELECT DISTINCT fingerprint_id, golden_id FROM {asked.stored("link")} WHERE fingerprint_id IN
            (SELECT fingerprint_a FROM weak UNION ALL SELECT fingerprint_b FROM weak))
        SELECT a.golden_id AS id FROM weak
        JOIN place AS a ON a.fingerprint_id = weak.fingerprint_a
        JOIN place AS b ON b.fingerprint_id = weak.fingerprint_b AND b.golden_id = a.golden_id
        GROUP BY a.golden_id ORDER BY min(weight), a.golden_id LIMIT {LISTED * 10}"""
    )
    lines = [each for each in _group_lines(asked, [row["id"] for row in rows]) if each.weakest is not None]
    return sorted(lines, key=lambda each: (each.weakest or 0.0, str(each.id)))[:LISTED]


def _group_lines(asked: _Asked, ids: Sequence[uuid.UUID]) -> list[GroupLine]:
    """Return lines of the groups *ids*, the largest first."""
    if not ids:
        return []
    wanted = [[str(each) for each in ids]]
    links = f"(SELECT * FROM {asked.stored('link')} WHERE golden_id IN (SELECT unnest(?::UUID[])))"
    rows = asked.reading.rows(
        "SELECT golden_id, count(*) AS records, count(DISTINCT fingerprint_id) AS descriptions,"
        f" count(DISTINCT source) AS sources FROM {links} AS link JOIN {asked.conformed} AS record USING (record_id)"
        " GROUP BY golden_id ORDER BY records DESC, golden_id",
        wanted,
    )
    strands = _strands(asked, links, wanted)
    names = _names(asked, wanted) if asked.with_names else {}
    lines = []
    for row in rows:
        weakest = StrongestForest(strands[row["golden_id"]]).weakest
        is_judged = weakest is not None and weakest == float("inf")
        told = None if weakest is None or is_judged else weakest
        lines.append(
            GroupLine(
                row["golden_id"], row["records"], row["descriptions"], row["sources"], told,
                None if told is None else probability_of(told), names.get(row["golden_id"]),
            )
        )  # fmt: skip
    return lines


def _strands(asked: _Asked, links: str, wanted: Sequence[object]) -> dict[uuid.UUID, list[Strand]]:
    """Return what holds each group together: pairs that match without contradiction, and judgements, which weigh without end."""
    rows = asked.reading.rows(
        f"""
        WITH place AS (SELECT DISTINCT golden_id, fingerprint_id FROM {links})
        SELECT a.golden_id, fingerprint_a::VARCHAR AS a, fingerprint_b::VARCHAR AS b, weight
        FROM {asked.stored("pair")} AS pair
        JOIN place AS a ON a.fingerprint_id = pair.fingerprint_a
        JOIN place AS b ON b.fingerprint_id = pair.fingerprint_b AND b.golden_id = a.golden_id
        WHERE outcome = 'match' AND contradiction IS NULL""",
        wanted,
    )
    judged = asked.reading.rows(
        f"""
        WITH place AS (SELECT record_id, golden_id, fingerprint_id FROM {links})
        SELECT a.golden_id, a.fingerprint_id::VARCHAR AS a, b.fingerprint_id::VARCHAR AS b, 'inf'::DOUBLE AS weight
        FROM {asked.stored("judgement")} AS word
        JOIN place AS a ON a.record_id = word.record_a
        JOIN place AS b ON b.record_id = word.record_b AND b.golden_id = a.golden_id
        WHERE verdict = 'same'""",
        wanted,
    )
    strands: dict[uuid.UUID, list[Strand]] = defaultdict(list)
    for row in (*rows, *judged):
        strands[row["golden_id"]].append(Strand(row["a"], row["b"], row["weight"]))
    return strands


def _names(asked: _Asked, wanted: Sequence[object]) -> dict[uuid.UUID, str]:
    key = quote(golden_id(asked.entity))
    rows = asked.reading.rows(
        f"SELECT * FROM {asked.reading.table('golden', asked.entity)} WHERE {key} IN (SELECT unnest(?::UUID[]))", wanted
    )
    settings = asked.reading.settings.model.entities[asked.entity]
    return {row[golden_id(asked.entity)]: title_of(settings, row) for row in rows}


# --- sources ----------------------------------------------------------------------------------------------------------


def _sources(asked: _Asked) -> list[SourceLine]:
    """The people of a place are those with a record there; a place is called by its source alone where that is clear."""
    rows = asked.reading.rows(
        f"""
        WITH cell AS (
            SELECT golden_id, source || '/' || record.entity AS place, count(*) AS n
            FROM {asked.stored("link")} AS link JOIN {asked.conformed} AS record USING (record_id)
            GROUP BY golden_id, source, record.entity),
        lonely AS (SELECT golden_id FROM cell GROUP BY golden_id HAVING count(*) = 1)
        SELECT place, sum(n)::BIGINT AS records, count(*) AS people, count(*) FILTER (n > 1) AS doubled, max(n) AS most,
            count(*) FILTER (golden_id IN (SELECT golden_id FROM lonely)) AS only_here
        FROM cell GROUP BY place ORDER BY records DESC, place"""
    )
    return [
        SourceLine(
            row["place"], row["records"], row["people"], row["doubled"], row["most"], row["only_here"],
            vouched=_is_vouched(asked, row["place"]),
        )
        for row in rows
    ]  # fmt: skip


def _is_vouched(asked: _Asked, place: str) -> bool:
    source, _, entity = place.partition("/")
    settings = asked.reading.settings.sources.get(source)
    mapped = settings.entities.get(entity) if settings else None
    return mapped is not None and mapped.one_record_per_person


def _overlap(asked: _Asked, sources: Sequence[SourceLine]) -> Overlap:
    places = [each.source for each in sources[:SOURCES_LIMIT]]
    mask = " ".join(f"WHEN ? THEN {1 << number}" for number, _ in enumerate(places))
    rows = (
        asked.reading.rows(
            f"SELECT mask, count(*) AS people FROM (SELECT golden_id, bit_or(CASE source || '/' || record.entity {mask} ELSE 0"
            f" END::BIGINT) AS mask FROM {asked.stored('link')} AS link JOIN {asked.conformed} AS record USING (record_id)"
            " GROUP BY golden_id) GROUP BY mask",
            places,
        )
        if places
        else []
    )
    shared = [[0] * len(places) for _ in places]
    for row in rows:
        inside = [number for number in range(len(places)) if row["mask"] >> number & 1]
        for a in inside:
            for b in inside:
                shared[a][b] += row["people"]
    return Overlap(places, shared)


# --- keys -------------------------------------------------------------------------------------------------------------


def _keys(asked: _Asked, sample: CandidateSample, kinds: Sequence[KeyKind]) -> list[KeyLine]:
    too_common = f"n > {limit_sql(asked.identity.key_limit, kinds)}"
    rows = asked.reading.rows(
        f"""
        SELECT {kind_number_sql()} AS number, sum(n)::BIGINT AS entries, count(*) FILTER ({too_common}) AS too_common,
            coalesce(sum(n) FILTER ({too_common}), 0)::BIGINT AS too_common_entries
        FROM (SELECT key, count(*) AS n FROM {asked.stored("key")} GROUP BY key) GROUP BY number"""
    )
    counted = {row["number"]: row for row in rows}
    found = {each.kind: each for each in kind_findings(sample.found, kinds)}
    used = {kind.name: kind for kind in kinds}
    limit = asked.identity.key_limit
    lines = []
    for kind in (used.get(each.name, each) for each in KEY_KINDS):
        row = counted.get(kind.number, {"entries": 0, "too_common": 0, "too_common_entries": 0})
        lines.append(
            KeyLine(
                kind.name, kind.parts, kind.name in used, limit if kind.most is None else min(limit, kind.most),
                row["entries"], row["too_common"], row["too_common_entries"], found.get(kind.name),
            )
        )  # fmt: skip
    return lines


def _shared_values(asked: _Asked) -> list[SharedValue]:
    """The phones and mailboxes that too many descriptions share, the most shared first."""
    columns = {KIND_NUMBERS[kind]: column for column, kind in IDENTIFIERS.items()}
    told = " ".join(f"WHEN {number} THEN {quote(column)}" for number, column in columns.items())
    rows = asked.reading.rows(
        f"""
        WITH common AS (SELECT key, {kind_number_sql()} AS number, count(*) AS descriptions FROM {asked.stored("key")}
            WHERE {is_identifier_sql()} GROUP BY key HAVING count(*) > {asked.identity.key_limit}
            ORDER BY descriptions DESC, key LIMIT {LISTED}),
        holder AS (SELECT key, fingerprint_id FROM {asked.stored("key")} WHERE key IN (SELECT key FROM common))
        SELECT common.key, common.number, descriptions, any_value(CASE number {told} END) AS value,
            count(*) AS records, count(DISTINCT golden_id) AS people
        FROM common JOIN holder USING (key) JOIN {asked.stored("fingerprint")} AS f USING (fingerprint_id)
        JOIN {asked.stored("link")} AS link USING (fingerprint_id)
        GROUP BY common.key, common.number, descriptions ORDER BY descriptions DESC, common.key"""
    )
    return [
        SharedValue(
            columns[row["number"]], row["descriptions"], row["records"], row["people"],
            row["value"] if asked.with_names else None,
        )
        for row in rows
    ]  # fmt: skip


def _last_cut(asked: _Asked) -> tuple[int, int]:
    """Return how many components the last run took apart for contradictions, and how many it cut for their size."""
    for run in asked.reading.control.runs(1):
        resolution = run.resolution.get(asked.entity, {})
        return int(resolution.get("split_components", 0)), int(resolution.get("cut_components", 0))
    return 0, 0
