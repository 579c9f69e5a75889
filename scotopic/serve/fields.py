"""The fields of a form, as settings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scotopic.errors import InvalidValueError
from scotopic.jobs.settings import Encoding, Settings
from scotopic.serve import failures
from scotopic.serve.options import Options
from scotopic.wish import Wish

SIDES, USUAL_SIDE = range(64, 2049), 1024
_COMMON = frozenset(
    {
        *("exposure", "ev", "balance", "strength", "format", "quality", "strip"),
        *("allow_truncated", "model", "job"),
    }
)
_JOB = re.compile(r"[A-Za-z0-9_-]{8,64}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_YES = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True)
class Asked:
    """What is asked for of a picture.

    Attributes
    ----------
    settings : Settings
    model : str
    job : str or None
        Name by which the client will ask after it.
    side : int
        Pixels of the longest side of a preview.
    """

    settings: Settings
    model: str
    job: str | None
    side: int


def asked_of(fields: dict[str, str], options: Options, is_preview: bool = False) -> Asked:
    """Read the fields; those that are empty count as not sent.

    Raises
    ------
    Failure
        For a field that is not known, or is out of its range.
    """
    known = _COMMON | {"side"} if is_preview else _COMMON
    for name in fields:
        if name not in known:
            raise failures.wrong_field(f"there is no field {name[:40]!r}")
    try:
        wish = Wish(
            _number(fields, "exposure", None),
            _number(fields, "ev", 0.0) or 0.0,
            _given(_number(fields, "balance", 1.0), 1.0),
            _given(_number(fields, "strength", 1.0), 1.0),
        )
        quality = _whole(fields, "quality")
        encoding = Encoding(fields.get("format") or None, quality, _flag(fields, "strip"))
        settings = Settings(
            wish,
            encoding,
            max_megapixels=options.max_megapixels,
            allow_truncated=_flag(fields, "allow_truncated"),
        )
        asked_for = fields.get("model") or ("fast" if is_preview else None)
        model = options.named(asked_for)
    except InvalidValueError as error:
        raise failures.of_error(error) from None
    side = _whole(fields, "side")
    side = USUAL_SIDE if side is None else side
    if side not in SIDES:
        raise failures.wrong_field(f"side must lie between {SIDES[0]} and {SIDES[-1]}")
    job = fields.get("job") or None
    if job is not None and not _JOB.fullmatch(job):
        raise failures.wrong_field("job must be 8 to 64 letters, digits, or signs of - and _")
    return Asked(settings, model, job, side)


def _given(value: float | None, usual: float) -> float:
    return usual if value is None else value


def _number(fields: dict[str, str], name: str, usual: float | None) -> float | None:
    text = fields.get(name, "").strip()
    if not text:
        return usual
    if not _NUMBER.fullmatch(text):
        raise failures.wrong_field(f"{name} must be a number, not {text[:40]!r}")
    return float(text)


def _whole(fields: dict[str, str], name: str) -> int | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"\d{1,6}", text):
        raise failures.wrong_field(f"{name} must be a whole number, not {text[:40]!r}")
    return int(text)


def _flag(fields: dict[str, str], name: str) -> bool:
    text = fields.get(name, "").strip().lower()
    if text not in _YES:
        raise failures.wrong_field(f"{name} must be true or false, not {text[:40]!r}")
    return _YES[text]
