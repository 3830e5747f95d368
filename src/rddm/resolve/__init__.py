"""
Which records are the same person (organisation, event, place): forms of names, match keys, comparisons, weights,
groups, ids.

Pure: SQL builders, functions of distinct values, decisions. `rddm.pipeline.identity` runs them, in the order of this
list: `roles` says which field is what; `name_forms`, `organisation_name`, `address` and `fingerprints` describe; `keys` find
candidates; `comparisons` and `weights` (with `terms`) judge pairs; `clusters` make groups; `golden_ids` name them; `models`
says which learnt one is in use; `explain`, `refusals` and `told` say why, `estimates` how right it is, `judgements` where human
words contradict each other. `asked` does all of it for one record without a lake, `drawers` and `known` for whoever asks after
a person. `exact` is for entities that are the same when a few fields agree.
"""
