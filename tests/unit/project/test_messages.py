"""Every way in which a project's files can be wrong, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.project.writing import messages, write_project

HEAD = """\
connector: {type: file, path: a.csv}
entities:
  person:
    key: id
    fields:
      last_name: fam
"""
FIELDS = "sources/camps.yaml, line 7: entities.person.fields"
NAME_RULE = "a name here has only a-z, 0-9 and _, begins with a letter and takes at most 49 characters."


def connector(text: str) -> str:
    return HEAD.replace("{type: file, path: a.csv}", text)


TEXT_OF_A_FILE: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "sources/camps.yaml: the file is empty. Describe the source, or take the file away."),
    "only comments": ("# x\n", "sources/camps.yaml: the file is empty. Describe the source, or take the file away."),
    "not UTF-8": (
        b"description: x\nconnector: \xd0\xff\n",
        "sources/camps.yaml, line 2: the text is not UTF-8. Save the file as UTF-8.",
    ),
    "a control character": (
        "a: \x00",
        (
            "sources/camps.yaml: the text holds a control character, which YAML does not allow."
            " It is character 4 of the file."
        ),
    ),
    "a tab": (
        "entities:\n\tperson: 1\n",
        "sources/camps.yaml, line 2: a tab stands where only spaces may. Indent with spaces.",
    ),
    "an open quote": ("a: 'x", "sources/camps.yaml, line 1: a quote is opened and never closed. Close it."),
    "two colons": (
        "a: b: c",
        (
            "sources/camps.yaml, line 1: there is a second `:` in this line, or the indentation is off."
            ' Put text with a colon in quotes: "…: …".'
        ),
    ),
    "a line without a colon": (
        "a: 1\nfoo\nb: 1",
        "sources/camps.yaml, line 3: this line has no `:` after its key. Write `key: value`.",
    ),
    "a list": ("- a\n", "sources/camps.yaml, line 1: a list stands where `key: value` lines belong."),
    "mere text": ("camps", "sources/camps.yaml, line 1: text stands where `key: value` lines belong."),
    "two documents": (
        "--- a\n--- b",
        "sources/camps.yaml, line 2: the file holds a second document. Take out the `---`.",
    ),
    "a key that is a list": ("? [a]\n: 1", "sources/camps.yaml, line 1: a key must be plain text."),
    "an alias of nothing": ("a: *b", "sources/camps.yaml, line 1: a: `*b` points at no anchor above it."),
    "nested too deeply": (
        "[" * 5000,
        "sources/camps.yaml, line 1: values are nested more than 32 levels deep.",
    ),
    "an alias bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in ("ab", "bc", "cd", "de", "ef", "fg")),
        "sources/camps.yaml, line 5: the file holds more than 100,000 values once aliases are written out.",
    ),
    "aliases that nest too deeply": (
        "a0: &a0 [[[[[[[[x]]]]]]]]\n" + "".join(f"a{n}: &a{n} [[[[[[[[*a{n - 1}]]]]]]]]\n" for n in range(1, 9)),
        "sources/camps.yaml, line 4: a3.1.1.1.1.1.1.1.1: values are nested more than 32 levels deep.",
    ),
    "a broken escape": (
        'a: "\\UFFFFFFFF"',
        "sources/camps.yaml: this is not valid YAML. Look for an unfinished escape or `%` directive.",
    ),
}


@pytest.mark.parametrize(("text", "expected"), TEXT_OF_A_FILE.values(), ids=TEXT_OF_A_FILE)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: str | bytes, expected: str) -> None:
    assert messages(write_project(tmp_path, camps=text)) == [expected]


SOURCES: dict[str, tuple[str, str]] = {
    "an unknown field": (
        HEAD + "      birth_dat: dob\n",
        f"{FIELDS}.birth_dat: the model's person has no such field. Did you mean birth_date?",
    ),
    "an unknown key of a source": (
        HEAD + "trst: 4\n",
        "sources/camps.yaml, line 7: trst: there is no such key. Did you mean trust?",
    ),
    "an unknown key of an entity": (
        HEAD.replace("key: id", "key: id\n    source_tim: at"),
        "sources/camps.yaml, line 5: entities.person.source_tim: there is no such key. Did you mean source_time?",
    ),
    "an unknown key of a mapping": (
        HEAD + "      phone: {column: a, formt: b}\n",
        f"{FIELDS}.phone.formt: there is no such key. Did you mean format?",
    ),
    "a merge of what is no mapping": (
        HEAD + "<<: 5\n",
        "sources/camps.yaml, line 7: <<: `<<` takes over the entries of a mapping. Point at one: `<<: *name`.",
    ),
    "an unknown key of a connector": (
        connector("{type: file, path: a.csv, encodng: x}"),
        "sources/camps.yaml, line 1: connector.encodng: there is no such key. Did you mean encoding?",
    ),
    "an unknown key under read": (
        HEAD.replace("key: id", "key: id\n    read: {pth: b.csv}"),
        "sources/camps.yaml, line 5: entities.person.read.pth: there is no such key. Did you mean path?",
    ),
    "a doubled key": (
        HEAD + "      last_name: x\n",
        f"{FIELDS}.last_name: the key stands here a second time (first in line 6). Keep one of them.",
    ),
    "a tag": (
        HEAD + "      phone: !!python/name:os.system x\n",
        f"{FIELDS}.phone: YAML tags (`!…`) are not used here. Take it out.",
    ),
    "a wrong choice": (
        connector("{type: file, path: a.csv, format: cvs}"),
        "sources/camps.yaml, line 1: connector.format: this key cannot be `cvs`. Did you mean csv?",
    ),
    "a wrong kind of connector": (
        connector("{type: fil, path: a.csv}"),
        "sources/camps.yaml, line 1: connector: type cannot be `fil`. Did you mean file?",
    ),
    "a connector of no kind": (
        connector("{path: a.csv}"),
        "sources/camps.yaml, line 1: connector.type: this key is missing. Say one of: file, python, rest, sql.",
    ),
    "no connector": (
        HEAD.partition("\n")[2],
        "sources/camps.yaml, line 1: connector: this key is missing. Say how the source is reached.",
    ),
    "a connector within an entity": (
        HEAD.replace("key: id", "key: id\n    connector: {type: file}"),
        (
            "sources/camps.yaml, line 5: entities.person.connector: the connector is written once, for the whole"
            " source. Put what differs here under `read`."
        ),
    ),
    "no key": (
        HEAD.replace("    key: id\n", ""),
        (
            "sources/camps.yaml, line 3: entities.person.key: this key is missing."
            " The delivered column or columns that identify a record within the source."
        ),
    ),
    "an empty key": (
        HEAD.replace("key: id", "key: []"),
        (
            "sources/camps.yaml, line 4: entities.person.key: without a key a record cannot be found again."
            " Name the column or columns."
        ),
    ),
    "a column twice in the key": (
        HEAD.replace("key: id", "key: [id, id]"),
        "sources/camps.yaml, line 4: entities.person.key: a column stands in the key twice. Take one out.",
    ),
    "a name within the file": (
        HEAD + "name: camps\n",
        "sources/camps.yaml, line 7: name: a source has the name of its file. Take this line out, or rename the file.",
    ),
    "an entity without anything": (
        HEAD + "  school:\n",
        "sources/camps.yaml, line 7: entities.school: nothing is said about this entity. Give it `key` and `fields`.",
    ),
    "an entity's name": (
        HEAD.replace("person:", "Per-son:\n    model: person"),
        f"sources/camps.yaml, line 3: entities.Per-son: {NAME_RULE} Write per_son, say.",
    ),
    "two underscores": (
        HEAD.replace("person:", "per__son:\n    model: person"),
        "sources/camps.yaml, line 3: entities.per__son: two `_` in a row separate names in tables. Write one.",
    ),
    "no entities": (
        "connector: {type: file}\nentities: {}\n",
        "sources/camps.yaml, line 2: entities: a source needs at least one entity.",
    ),
    "text for a number": (
        HEAD + "trust: high\n",
        "sources/camps.yaml, line 7: trust: a whole number belongs here, not text.",
    ),
    "a number for text": (
        HEAD + "      region: {value: 63}\n",
        f"{FIELDS}.region.value: text belongs here, not a number. Put it in quotes.",
    ),
    "a list for a mapping": (
        HEAD + "      region: [a]\n",
        f"{FIELDS}.region: a mapping of `key: value` lines belongs here, not a list.",
    ),
    "a number out of bounds": (
        HEAD + "trust: 11\n",
        "sources/camps.yaml, line 7: trust: the number must be at most 10.",
    ),
    "an unknown entity of the model": (
        HEAD.replace("key: id", "key: id\n    model: persn"),
        "sources/camps.yaml, line 5: entities.person.model: the model has no entity persn. Did you mean person?",
    ),
    "an own name that the model does not have": (
        HEAD.replace("person:", "persons:"),
        (
            "sources/camps.yaml, line 3: entities.persons: the model has no entity persons."
            " Say which one is meant with `model:`. Did you mean person?"
        ),
    ),
    "a required field that is not mapped": (
        HEAD + "  school:\n    model: organisation\n    key: id\n    fields: {kind: a}\n",
        (
            "sources/camps.yaml, line 10: entities.school.fields: the model's organisation requires name,"
            " and nothing is mapped to it. Map it, or make it optional in model.yaml."
        ),
    ),
    "none of the fields of which one is required": (
        HEAD.replace("last_name", "birth_date"),
        (
            "sources/camps.yaml, line 5: entities.person.fields: the model's person requires one of last_name,"
            " first_name, snils, document_number, and none of them is mapped. Map one, or change require_any in model.yaml."
        ),
    ),
    "nothing mapped": (
        HEAD + "      phone:\n",
        f"{FIELDS}.phone: nothing is mapped here. Name a column, or take this line out.",
    ),
    "no origin of the value": (
        HEAD + "      birth_date: {format: '%d.%m.%Y'}\n",
        f"{FIELDS}.birth_date: it is not said where the value comes from. Give one of column, sql and value.",
    ),
    "two origins of the value": (
        HEAD + "      phone: {column: a, value: b}\n",
        f"{FIELDS}.phone: column and value are given, and only one of them can be. Keep one.",
    ),
    "a part of what is no name": (
        HEAD + "      phone: {column: a, part: given}\n",
        f"{FIELDS}.phone.part: only names have parts, and this field is a phone. Take `part` out.",
    ),
    "a format of what is no date": (
        HEAD + "      phone: {column: a, format: '%d'}\n",
        f"{FIELDS}.phone.format: only dates have a format, and this field is a phone. Take `format` out.",
    ),
    "a format that is none": (
        HEAD + "      birth_date: {column: a, format: dd.mm.yyyy}\n",
        f"{FIELDS}.birth_date.format: a date's format is written with `%`. For 31.12.2009 it is `%d.%m.%Y`.",
    ),
    "a format that stands for no date": (
        HEAD + "      birth_date: {column: a, format: '%d.%Q'}\n",
        f"{FIELDS}.birth_date.format: `%Q` stands for no part of a date. For 31.12.2009 it is `%d.%m.%Y`.",
    ),
    "a format that breaks off": (
        HEAD.replace("key: id", "key: id\n    source_time: at\n    source_time_format: '%d.%'"),
        (
            "sources/camps.yaml, line 6: entities.person.source_time_format: a `%` stands alone in it."
            " For 31.12.2009 it is `%d.%m.%Y`."
        ),
    ),
    "a source for what is no reference": (
        HEAD + "      phone: {column: a, source: camps}\n",
        (
            f"{FIELDS}.phone.source: only a reference points at another source's entity, and this field is a phone."
            " Take it out."
        ),
    ),
    "a reference to an unknown source": (
        HEAD + "      organisation: {column: a, source: camp}\n",
        f"{FIELDS}.organisation.source: there is no source camp. Did you mean camps?",
    ),
    "a reference to an unknown entity": (
        HEAD + "      organisation: {column: a, entity: persn}\n",
        f"{FIELDS}.organisation.entity: source camps has no entity persn. Did you mean person?",
    ),
    "a reference without the entity's name": (
        HEAD + "      organisation: a\n",
        (
            f"{FIELDS}.organisation: source camps has no entity organisation."
            " Say which one is meant with `entity:`. There are: person."
        ),
    ),
    "a reference to another kind of thing": (
        HEAD + "      organisation: {column: a, entity: person}\n",
        (
            f"{FIELDS}.organisation.entity: camps.person is a person, and this field references organisation."
            " Name another entity."
        ),
    ),
    "a format without a source time": (
        HEAD.replace("key: id", "key: id\n    source_time_format: '%d'"),
        (
            "sources/camps.yaml, line 5: entities.person.source_time_format: there is no source_time that it could be"
            " the format of. Name the column under `source_time`."
        ),
    ),
    "a statement that says what is deleted": (
        HEAD.replace("key: id", "key: id\n    deleted: delete from raw"),
        (
            "sources/camps.yaml, line 5: entities.person.deleted:"
            " a statement stands where an expression over the delivered columns belongs."
        ),
    ),
    "an encoding with a null character": (
        connector('{type: file, path: a.csv, encoding: "a\\0b"}'),
        (
            "sources/camps.yaml, line 1: connector.encoding: there is no such encoding."
            " Usual ones are utf-8, cp1251 and utf-16; left out, it is detected."
        ),
    ),
    "a delimiter of two characters": (
        connector("{type: file, path: a.csv, delimiter: ab}"),
        (
            "sources/camps.yaml, line 1: connector.delimiter: a delimiter is one character, and no line end."
            " Write `tab` for a tabulator; left out, it is detected."
        ),
    ),
    "a quote that is the delimiter": (
        connector("{type: file, path: a.csv, delimiter: ';', quote: ';'}"),
        "sources/camps.yaml, line 1: connector.quote: a quote is one character, and not the delimiter.",
    ),
    "an encoding that does not exist": (
        connector("{type: file, path: a.csv, encoding: klingon}"),
        (
            "sources/camps.yaml, line 1: connector.encoding: there is no such encoding."
            " Usual ones are utf-8, cp1251 and utf-16; left out, it is detected."
        ),
    ),
    "no files to read": (
        connector("{type: file}"),
        "sources/camps.yaml, line 3: entities.person: it is not said which files to read. Write `read: {path: …}`.",
    ),
    "no table to read": (
        connector("{type: sql, url: 'sqlite:///a.db'}"),
        (
            "sources/camps.yaml, line 3: entities.person: it is not said what to read."
            " Write `read: {table: …}` or `read: {query: …}`."
        ),
    ),
    "an unknown database": (
        connector("{type: sql, url: 'oracle://a', table: b}"),
        (
            "sources/camps.yaml, line 1: connector.url: this is no database we know."
            " It begins with postgresql://, mysql:// or sqlite:///."
        ),
    ),
    "no web address": (
        connector("{type: rest, url: camps.example.org}"),
        "sources/camps.yaml, line 1: connector.url: this is no address of a service. It begins with https://.",
    ),
    "a next cursor that is nowhere": (
        connector("{type: rest, url: 'https://camps.example.org', pagination: cursor}"),
        (
            "sources/camps.yaml, line 1: connector.pagination: it is not said where the next cursor lies."
            " Give its dotted path under `next_cursor`."
        ),
    ),
    "a parameter without its column": (
        connector("{type: rest, url: 'https://camps.example.org', since_parameter: since}"),
        (
            "sources/camps.yaml, line 1: connector.since_parameter: it is not said which column's highest value it"
            " takes. Name it under `cursor_column`."
        ),
    ),
    "a snapshot by cursor": (
        connector("{type: sql, url: 'sqlite:///a', table: b, cursor_column: at}").replace(
            "id", "id\n    mode: snapshot"
        ),
        (
            "sources/camps.yaml, line 1: connector.cursor_column: a snapshot delivers everything that exists, and a"
            " cursor only what is new. Take one out, or all that did not change would count as deleted."
        ),
    ),
    "a connector file that is not there": (
        connector("{type: python, file: own.py, name: Own}"),
        (
            "sources/camps.yaml, line 1: connector.file: there is no such file in the project."
            " Write it, or correct the name."
        ),
    ),
    "a connector file outside the project": (
        connector("{type: python, file: ../own.py, name: Own}"),
        (
            "sources/camps.yaml, line 1: connector.file: the file lies outside the project."
            " Put it into the project's folder."
        ),
    ),
    "a password in an address": (
        connector("{type: sql, url: 'postgresql://u:hunter2@db/x', table: b}"),
        (
            "sources/camps.yaml, line 1: connector.url: a secret stands in the file."
            " Write `${NAME}` and set NAME in the environment."
        ),
    ),
    "a password at the end of an address": (
        connector("{type: sql, url: 'postgresql://db/x?password=hunter2', table: b}"),
        (
            "sources/camps.yaml, line 1: connector.url: a secret stands in the file."
            " Write `${NAME}` and set NAME in the environment."
        ),
    ),
    "a password in a service's address": (
        connector("{type: rest, url: 'https://u:hunter2@camps.example.org'}"),
        (
            "sources/camps.yaml, line 1: connector.url: a secret stands in the file."
            " Write `${NAME}` and set NAME in the environment."
        ),
    ),
    "a token in a service's address": (
        connector("{type: rest, url: 'https://camps.example.org/x?access_token=hunter2&sort_key=id'}"),
        (
            "sources/camps.yaml, line 1: connector.url: a secret stands in the file."
            " Write `${NAME}` and set NAME in the environment."
        ),
    ),
    "a key among the parameters": (
        connector("{type: rest, url: 'https://camps.example.org', parameters: {api_key: hunter2, sort_key: id}}"),
        (
            "sources/camps.yaml, line 1: connector.parameters.api_key: a secret stands in the file."
            " Write `${NAME}` and set NAME in the environment."
        ),
    ),
    "a token in a header": (
        connector("{type: rest, url: 'https://camps.example.org', headers: {X-Api-Key: hunter2, Accept: text/json}}"),
        (
            "sources/camps.yaml, line 1: connector.headers.X-Api-Key: a secret stands in the file."
            " Write `${NAME}` and set NAME in the environment."
        ),
    ),
    "a name that the environment does not have": (
        connector("{type: sql, url: '${CAMPS_URL}', table: b}"),
        (
            "sources/camps.yaml, line 1: connector.url: the environment has no CAMPS_URL."
            " Set it, or give a default: `${CAMPS_URL:-…}`."
        ),
    ),
    "a dollar and a brace": (
        HEAD + "      region: {value: 'a ${b c}'}\n",
        (
            f"{FIELDS}.region.value: `${{` does not start a reference to the environment."
            " Write `${NAME}` or `${NAME:-default}`, or `$${` for the characters themselves."
        ),
    ),
}


@pytest.mark.parametrize(("text", "expected"), SOURCES.values(), ids=SOURCES)
def test_a_source_that_is_wrong_says_where_and_what_to_do(tmp_path: Path, text: str, expected: str) -> None:
    assert messages(write_project(tmp_path, camps=text)) == [expected]


MODELS: dict[str, tuple[str, str]] = {
    "an unknown type": (
        "person: {fields: {nick: {type: tex}}}",
        "entities.person.fields.nick.type: this key cannot be `tex`. Did you mean text?",
    ),
    "a reference to nothing": (
        "person: {fields: {friend: {type: reference}}}",
        (
            "entities.person.fields.friend.references: this key is missing. Name the entity that is pointed at."
            " There are: event, location, organisation, participation, person."
        ),
    ),
    "a reference to an unknown entity": (
        "person: {fields: {friend: {type: reference, references: persn}}}",
        "entities.person.fields.friend.references: the model has no entity persn. Did you mean person?",
    ),
    "a text that references": (
        "person: {fields: {friend: {type: text, references: person}}}",
        "entities.person.fields.friend.references: only a field of type reference points at an entity.",
    ),
    "references in a circle": (
        "event: {fields: {best: {type: reference, references: participation}}}",
        (
            "entities.event.fields.best: references go round in a circle: event → participation → event."
            " Take one of them out; parents must come first."
        ),
    ),
    "an entity taken out that is referenced": (
        "event: null",
        "entities.event: participation.event of the model references it. Take event of participation out too (null).",
    ),
    "an unknown field of identity": (
        "event: {identity: {method: exact, fields: [nme]}}",
        "entities.event.identity.fields.1: there is no field nme. Did you mean name?",
    ),
    "identity by nothing": (
        "event: {identity: {method: exact, fields: []}}",
        "entities.event.identity.fields: identity needs at least one field.",
    ),
    "probabilities the wrong way round": (
        "person: {identity: {method: probabilistic, match_probability: 0.6, possible_probability: 0.7}}",
        "entities.person.identity: possible_probability must be less than match_probability.",
    ),
    "an unknown field that is required": (
        "event: {require_any: [[nme, kind]]}",
        "entities.event.require_any.1.1: there is no field nme. Did you mean name?",
    ),
    "nothing of which one is required": (
        "event: {require_any: [[]]}",
        "entities.event.require_any.1: an empty list can never be met, so every event would wait. Take it out.",
    ),
    "a column of our own": (
        "event: {fields: {key: {type: text}}}",
        "entities.event.fields.key: the warehouse has a column of this name. Rename it.",
    ),
    "a column that the lake finds rows by": (
        "event: {fields: {record_id_order: {type: text}}}",
        "entities.event.fields.record_id_order: the warehouse has a column of this name. Rename it.",
    ),
    "a column of our own on the way there": (
        "event: {fields: {state: {type: text}}}",
        "entities.event.fields.state: the warehouse has a column of this name. Rename it.",
    ),
    "a column of the lake's files": (
        "event: {fields: {file_row_number: {type: text}}}",
        "entities.event.fields.file_row_number: the warehouse has a column of this name. Rename it.",
    ),
    "the column of an id": (
        "event: {fields: {event_id: {type: text}}}",
        "entities.event.fields.event_id: the warehouse has a column of this name. Rename it.",
    ),
    "the column of a reference": (
        "event: {fields: {organisation_id: {type: text}}}",
        "entities.event.fields.organisation_id: the column of a reference has this name. Rename it.",
    ),
    "a table of our own": (
        "redirect: {fields: {name: {type: text}}}",
        "entities.redirect: the warehouse has a table of this name. Rename it.",
    ),
    "the table of another's records": (
        "person_record: {fields: {name: {type: text}}}",
        "entities.person_record: the warehouse has a table of this name. Rename it.",
    ),
    "a field's name": (
        "event: {fields: {Kind: {type: text}}}",
        f"entities.event.fields.Kind: {NAME_RULE} Write kind, say.",
    ),
    "an entity without fields": (
        "visit: {description: x}",
        "entities.visit.fields: this key is missing.",
    ),
}


@pytest.mark.parametrize(("text", "expected"), MODELS.values(), ids=MODELS)
def test_a_model_that_is_wrong_says_where_and_what_to_do(tmp_path: Path, text: str, expected: str) -> None:
    problems = messages(write_project(tmp_path, model=f"entities:\n  {text}\n"))
    assert problems == [f"model.yaml, line 2: {expected}"]


PROJECTS: dict[str, tuple[str, str]] = {
    "empty": ("", "rddm.yaml: the file is empty. Write at least `name: my_warehouse`."),
    "no name": ("locale: ru\n", "rddm.yaml, line 1: name: this key is missing."),
    "a name with capitals": ("name: My-Youth\n", f"rddm.yaml, line 1: name: {NAME_RULE} Write my_youth, say."),
    "an unknown key": (
        "name: a\nstorag: {}\n",
        "rddm.yaml, line 2: storag: there is no such key. Did you mean storage?",
    ),
    "sources in it": (
        "name: a\nsources: {}\n",
        (
            "rddm.yaml, line 2: sources: this is not written here."
            " The model is in model.yaml, each source in sources/<name>.yaml."
        ),
    ),
    "no amount of memory": (
        "name: a\nengine: {memory_limit: lots}\n",
        (
            "rddm.yaml, line 2: engine.memory_limit: this is no amount of memory."
            " Write a size such as `8GB`, or a share of the machine's memory such as `70%`."
        ),
    ),
    "no share of the memory": (
        "name: a\nengine: {memory_limit: abc%}\n",
        (
            "rddm.yaml, line 2: engine.memory_limit: this is no amount of memory."
            " Write a size such as `8GB`, or a share of the machine's memory such as `70%`."
        ),
    ),
    "a wrong locale": (
        "name: a\nlocale: rus\n",
        "rddm.yaml, line 2: locale: this key cannot be `rus`. Did you mean ru?",
    ),
    "a secret": (
        "name: a\nstorage:\n  s3_secret_key: hunter2\n",
        (
            "rddm.yaml, line 3: storage.s3_secret_key: a secret stands in the file."
            " Write `${NAME}` and set NAME in the environment."
        ),
    ),
}


@pytest.mark.parametrize(("text", "expected"), PROJECTS.values(), ids=PROJECTS)
def test_a_project_file_that_is_wrong_says_where_and_what_to_do(tmp_path: Path, text: str, expected: str) -> None:
    assert messages(write_project(tmp_path, rddm=text)) == [expected]


def test_a_folder_without_a_project_is_said_to_be_none(tmp_path: Path) -> None:
    assert messages(tmp_path) == [
        "rddm.yaml: there is no such file here. Go to the project's folder, or write a new project with `rddm init`."
    ]


def test_a_source_that_would_be_overlooked_is_named(tmp_path: Path) -> None:
    write_project(tmp_path)
    (tmp_path / "sources" / "camps.yml").write_text(HEAD)
    assert messages(tmp_path) == ["sources/camps.yml: files that end in .yml are not read. Rename it to camps.yaml."]


def test_a_source_file_needs_a_name_that_can_be_a_tables(tmp_path: Path) -> None:
    assert messages(write_project(tmp_path, **{"Camps-2": HEAD, "a__b": HEAD})) == [
        f"sources/Camps-2.yaml: a source has the name of its file; {NAME_RULE} Write camps_2.yaml, say.",
        "sources/a__b.yaml: two `_` in a row separate names in tables. Rename the file.",
    ]


def test_a_folder_where_a_file_should_be_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    write_project(tmp_path)
    (tmp_path / "sources" / "camps.yaml").mkdir()
    assert messages(tmp_path) == ["sources/camps.yaml: the file cannot be read: Is a directory."]


def test_all_problems_of_all_files_come_at_once_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        rddm="name: youth\nlocal: en\n",
        model="entities: {event: {fields: {key: {type: text}}}}\n",
        lessons=HEAD + "trust: 11\n",
        camps=HEAD.replace("key: id", "kee: id") + "trust: 11\n",
    )
    assert [message.partition(": ")[0] for message in messages(tmp_path)] == [
        "rddm.yaml, line 2",
        "model.yaml, line 1",
        "sources/camps.yaml, line 3",
        "sources/camps.yaml, line 4",
        "sources/camps.yaml, line 7",
        "sources/lessons.yaml, line 7",
    ]


def test_a_wrong_connector_of_many_entities_is_said_once(tmp_path: Path) -> None:
    text = (
        connector("{type: file, path: a.csv, header_rows: -1}")
        + "  person_2: {model: person, key: a, fields: {last_name: b}}\n"
    )
    assert messages(write_project(tmp_path, camps=text)) == [
        "sources/camps.yaml, line 1: connector.header_rows: the number must be at least 0."
    ]


def test_a_reference_to_a_source_that_is_wrong_itself_is_not_a_second_problem(tmp_path: Path) -> None:
    events = "connector: {type: file, path: a.csv}\nentities: {event: {key: id, fields: {name: title}, mod: x}}\n"
    camps = HEAD + "  visit: {model: participation, key: id, fields: {person: a, event: {column: b, source: events}}}\n"
    assert [m.partition(",")[0] for m in messages(write_project(tmp_path, camps=camps, events=events))] == [
        "sources/events.yaml"
    ]
