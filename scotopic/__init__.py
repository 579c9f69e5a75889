"""Turn dark photographs into good ones, on your own machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scotopic.errors import ScotopicError

if TYPE_CHECKING:
    from scotopic.api import enhance
    from scotopic.enhancer import Enhancer

__version__ = "0.1.0"
__all__ = ["Enhancer", "ScotopicError", "__version__", "enhance"]


def __getattr__(name: str) -> Any:
    """Load the working parts when first asked for, to keep the import light."""
    if name == "Enhancer":
        from scotopic.enhancer import Enhancer

        return Enhancer
    if name == "enhance":
        from scotopic.api import enhance

        return enhance
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
