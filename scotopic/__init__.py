"""Turn dark photographs into good ones, on your own machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scotopic.version import __version__

if TYPE_CHECKING:
    from scotopic.api import enhance, enhance_folder, models
    from scotopic.enhancer import Enhancer, Report
    from scotopic.errors import (
        AccessError,
        InvalidValueError,
        MissingFileError,
        MissingPackageError,
        ModelError,
        ScotopicError,
        TargetExistsError,
        TooLargeError,
        UnreadableError,
    )
    from scotopic.jobs.outcome import Outcome
    from scotopic.series.frames import enhance_frames
    from scotopic.wish import Wish

__all__ = [
    "AccessError",
    "Enhancer",
    "InvalidValueError",
    "MissingFileError",
    "MissingPackageError",
    "ModelError",
    "Outcome",
    "Report",
    "ScotopicError",
    "TargetExistsError",
    "TooLargeError",
    "UnreadableError",
    "Wish",
    "__version__",
    "enhance",
    "enhance_folder",
    "enhance_frames",
    "models",
]
_HOMES = {
    "api": ("enhance", "enhance_folder", "models"),
    "series.frames": ("enhance_frames",),
    "enhancer": ("Enhancer", "Report"),
    "jobs.outcome": ("Outcome",),
    "wish": ("Wish",),
}


def __getattr__(name: str) -> Any:
    """Load the working parts when they are first asked for, to keep the import light."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((home for home, names in _HOMES.items() if name in names), "errors")
    return getattr(import_module(f"scotopic.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
