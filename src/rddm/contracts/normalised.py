"""What cleaning one delivered value gives: a proven value with the repairs it took, or the reason there is none."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Normalised:
    """
    A value in the form we compare, always as text (dates ISO 8601), or None when nothing was delivered.

    ``repairs`` are rule codes (``latin_lookalike``, ``placeholder``), in the order applied, for changes that mend an
    error; a mere change of notation (``8 (916) …`` to ``+7916…``, capitals to title case) is not a repair.
    A placeholder ("нет", 01.01.1900) gives value None and the repair ``placeholder``.
    """

    value: str | None
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """
    The delivered text is no value of this type and cannot be mended. ``reason`` is a rule code, without the text.

    ``told``: what a birth date that cannot be says all the same, as ``YYYY-MM-DD`` with 00 for what is not there.
    """

    reason: str
    told: str | None = field(default=None, repr=False)  # about a person, so no message shows it by accident
