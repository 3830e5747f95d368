"""E-mail addresses."""

from __future__ import annotations

import re

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.look_alikes import CYRILLIC_LOOKALIKE, to_latin
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

EMAIL_DOMAIN_TYPO = "email_domain_typo"
SEVERAL_VALUES = "several_values"
STRAY_CHARACTERS = "stray_characters"

NOT_AN_EMAIL = Rejected("not_an_email")

KNOWN_DOMAINS = frozenset(
    """
    mail.ru inbox.ru list.ru bk.ru internet.ru vk.com yandex.ru ya.ru yandex.com yandex.by yandex.kz narod.ru rambler.ru
    gmail.com googlemail.com outlook.com hotmail.com live.com live.ru msn.com yahoo.com icloud.com me.com mac.com
    protonmail.com proton.me ukr.net tut.by mail.com gmx.de gmx.net web.de aol.com lenta.ru autorambler.ru ro.ru qip.ru
    """.split()
)
_HOST_TYPOS = {
    wrong: right
    for right, typos in {
        "gmail": "gmial gmal gmai gamil gnail gmeil gmaill ggmail gmali gimail jmail gmil gmaul gmsil gmail gemail gmaiil"
        " gmailc gmeli gmile gma1l gmall",
        "yandex": "yndex yandx yadnex yande yanex yandeks jandex yandez yanbex ydndex yanndex yandexx yamdex yadex yaandex"
        " yandax yandexs iandex yanden uandex yanedx yansex",
        "mail": "mial meil maill mmail maii mai1 maiil",
        "rambler": "ramler rambller ramblr rambier ramdler",
        "hotmail": "hotmial hotmai hotmal hotmil hotmaill hotmaol hotamil",
        "outlook": "outlok outlock outloook otlook outllook outloo",
        "yahoo": "yaho yahooo yhaoo yahho",
        "icloud": "iclod icoud icloude icloud iclould icluod ikloud",
        "inbox": "inbx imbox inbок inboks inbos",
    }.items()
    for wrong in typos.split()
}
_RIGHT_TLD = {"gmail": "com", "hotmail": "com", "outlook": "com", "icloud": "com", "googlemail": "com", "yahoo": "com",
              "mail": "ru", "rambler": "ru", "inbox": "ru", "list": "ru", "bk": "ru", "yandex": "ru", "ya": "ru"}  # fmt: skip
# Endings that are no top-level domain at all (or, after these hosts, never meant), so that mending cannot be wrong.
_WRONG_TLDS = frozenset(
    "con cmo ocm vom xom comm coom cim cpm com. om co cm c ry rru ruu tu ri r u rй ру ком ry. eu. rz ur rh ruy ru1 com1 coml"
    " comru ruc".split()
)
_TLD_TYPOS = {"con": "com", "cmo": "com", "ocm": "com", "vom": "com", "xom": "com", "comm": "com", "coom": "com", "ry": "ru",
              "rru": "ru", "ruu": "ru", "ru1": "ru", "com1": "com", "ком": "com", "ру": "ru"}  # fmt: skip
MISSPELT_HOSTS = frozenset(_HOST_TYPOS)
MISSPELT_TLDS = frozenset(_TLD_TYPOS) | _WRONG_TLDS
"""An address whose host and top-level domain are in neither is not mended."""
_GLUED = re.compile(r"(gmail|yandex|mail|rambler|bk|list|inbox|icloud|outlook|hotmail)[,;: /]?(ru|com)")

_PLAIN = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*@([a-z0-9-]+\.[a-z]+)")
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?:[a-z0-9а-яё](?:[a-z0-9а-яё-]{0,61}[a-z0-9а-яё])?\.)+(?:[a-z]{2,24}|xn--[a-z0-9-]+|[а-яё]{2,12})"
)
_AT_WORDS = re.compile(r"\s*[(\[{]\s*(?:at|собака|sobaka|@)\s*[)\]}]\s*|\s+(?:at|собака)\s+")
_PREFIX = re.compile(r"^(?:(?:mailto|e-?mail|почта|эл\.? ?почта|email)\s*[:=]\s*)+")
_ANGLE = re.compile(r".*<\s*([^<>\s]+@[^<>\s]+)\s*>.*")
_EDGES = " .,;:'\"`<>()[]{}«»“”!?*\\/|-"
NOBODY = frozenset(
    """
    no none not net nету нет nomail noemail no-email no_email no.email test testtest tester test1 example asd asdf qwe
    qwerty aaa xxx 1 11 111 123 1234 12345 123456 0 00 000 null undefined unknown nobody noname fake
    """.split()
)
NOWHERE = frozenset(
    ("example.com", "example.org", "example.net", "test.ru", "test.com", "mail.mail", "domain.com", "a.ru")
)
_SPLIT = re.compile(r"[\s,;|/]+")


def is_nobodys_address(local: str, domain: str) -> bool:
    """
    Tell whether an address only fills the field: no@mail.ru, test@test.ru, anything at example.com.

    >>> is_nobodys_address("no", "mail.ru"), is_nobodys_address("ivanov", "mail.ru")
    (True, False)
    """
    return local in NOBODY or domain in NOWHERE or local == domain.partition(".")[0]


def normalise_email(text: str) -> Normalised | Rejected:
    """
    Return an address in lower case, with typing errors in the domains of large hosts mended.

    The domain is case-insensitive (RFC 5321 section 2.4); so, in practice, is the local part. Dots and plus-tags of some
    hosts are left alone. Of several addresses in one text the first is taken.

    >>> normalise_email("mailto:Ada@Gmial.com.")
    Normalised(value='ada@gmail.com', repairs=('email_domain_typo',))
    >>> normalise_email("no@mail.ru"), normalise_email("ada")
    (Normalised(value=None, repairs=('placeholder',)), Rejected(reason='not_an_email'))
    """
    if (match := _PLAIN.fullmatch(text)) and match[1] in KNOWN_DOMAINS and len(text) <= 70:
        local, _, domain = text.partition("@")
        return PLACEHOLDER_FOUND if is_nobodys_address(local, domain) else Normalised(text)
    if len(text) > 400:
        return NOT_AN_EMAIL
    text, repairs = clean_characters(text)
    if not text:
        return NOTHING
    if is_empty_mark(text):
        return PLACEHOLDER_FOUND
    text, stray = _unwrap(text.casefold())
    text, several = _take_first(text)
    local, at, domain = text.rpartition("@")
    if not at:
        return PLACEHOLDER_FOUND if text in NOBODY else NOT_AN_EMAIL
    local, domain, look_alike = _write_in_latin(local.strip(". "), domain)
    domain, typo = _mend_domain(domain)
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(local) > 64 or len(domain) > 189:
        return PLACEHOLDER_FOUND if local in NOBODY and not domain.strip(".") else NOT_AN_EMAIL
    if is_nobodys_address(local, domain):
        return PLACEHOLDER_FOUND
    return Normalised(f"{local}@{domain}", repairs + stray + several + look_alike + typo)


def _unwrap(text: str) -> tuple[str, tuple[str, ...]]:
    if match := _ANGLE.fullmatch(text):
        text = match[1]
    text = _PREFIX.sub("", text.strip("<>\"' "))
    text = _AT_WORDS.sub("@", text)
    before = text
    text = text.strip(_EDGES)
    text = re.sub(r"\s*@[\s@]*", "@", text)
    text = re.sub(r"\.{2,}", ".", text)
    return text, (STRAY_CHARACTERS,) if text != before and text != before.strip(" .,;<>") else ()


def _take_first(text: str) -> tuple[str, tuple[str, ...]]:
    if text.count("@") > 1:
        pieces = [piece.strip(_EDGES) for piece in _SPLIT.split(text) if "@" in piece]
        if len(pieces) > 1:
            return pieces[0], (SEVERAL_VALUES,)
    return text, ()


def _write_in_latin(local: str, domain: str) -> tuple[str, str, tuple[str, ...]]:
    new_local = local if local.isascii() else to_latin(local)
    new_domain = domain
    if not domain.isascii():
        latin = to_latin(domain)
        new_domain = latin if latin.isascii() else domain
    return new_local, new_domain, (CYRILLIC_LOOKALIKE,) if (new_local, new_domain) != (local, domain) else ()


def _mend_domain(domain: str) -> tuple[str, tuple[str, ...]]:
    """Return the domain as it was meant, where that is beyond doubt."""
    domain = domain.strip(_EDGES)
    if domain in KNOWN_DOMAINS:
        return domain, ()
    mended = re.sub(r"[,;:/ ]+", ".", domain).replace("..", ".")
    if match := _GLUED.fullmatch(mended):
        mended = f"{match[1]}.{match[2]}"
    host, dot, tld = mended.rpartition(".")
    if dot:
        mended = ".".join(_mend_host_and_tld(host, tld))
    return mended, (EMAIL_DOMAIN_TYPO,) if mended != domain else ()


def _mend_host_and_tld(host: str, tld: str) -> tuple[str, str]:
    known = _HOST_TYPOS.get(host, host)
    meant = _TLD_TYPOS.get(tld, tld)
    if f"{known}.{meant}" in KNOWN_DOMAINS:
        return known, meant
    if known in _RIGHT_TLD and tld in _WRONG_TLDS:
        return known, _RIGHT_TLD[known]
    return host, meant
