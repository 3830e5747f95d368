"""The form in which postal addresses are compared."""

from __future__ import annotations

import re

from rddm.contracts.names import fold_name, romanisation_key

_WORDS = re.compile(r"\d+|[^\W\d_]+")
_KINDS = """
улица ул проспект просп пр кт пркт пер переулок бульвар бул б р шоссе ш площадь пл набережная наб проезд тупик аллея линия мкр
микрорайон квартал дом д корпус корп к строение стр квартира кв помещение пом офис оф этаж подъезд литера лит
street st str road rd avenue ave av lane ln drive dr court ct place pl boulevard blvd crescent cres close circuit cct
terrace tce parade pde way highway hwy square sq house no flat unit apartment apt suite floor ulitsa ul dom kv prospekt
strasse straße platz weg allee rue chemin calle via
"""
_NOTHING_TOLD = frozenset(_KINDS.split())


def address_key(text: str) -> str | None:
    """
    Return the words and numbers of an address that tell it apart, in Latin letters, each once, in a fixed order.

    Kinds of streets, "house" and "flat" go, for some write them and some do not; so what is a house to one and a flat to
    another meets. None if nothing is left.

    >>> address_key("ул. Ленина, д. 5, кв. 12") == address_key("12-5 Lenina Street")
    True
    """
    words = _WORDS.findall(fold_name(text))
    telling = [word for word in words if word not in _NOTHING_TOLD] or words
    return " ".join(sorted({word if word.isdecimal() else romanisation_key(word) or word for word in telling})) or None
