"""The networks that are shipped, and the presets that can be built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scotopic.errors import ScotopicError
from scotopic.storage import sha256_of_file

DEFAULT_MODEL = "exposure_unet"
WEIGHTS_FOLDER = Path(__file__).parent / "weights"
REGISTRY = WEIGHTS_FOLDER / "registry.json"
PRESETS = WEIGHTS_FOLDER / "presets.json"


def registry() -> dict[str, dict[str, Any]]:
    """Shipped networks: name to preset, file, SHA-256, card and scores."""
    content: dict[str, dict[str, Any]] = json.loads(REGISTRY.read_text(encoding="utf-8"))
    return content


def presets() -> dict[str, dict[str, Any]]:
    """Networks that can be built: name to class, settings and what these cost.

    ``parameters`` is a count, ``multiply_adds`` that of a picture of 256x256.
    """
    content: dict[str, dict[str, Any]] = json.loads(PRESETS.read_text(encoding="utf-8"))
    return content


def find_model(model: str) -> Path:
    """Find the file of a registered name, or of a path, and verify the former.

    Raises
    ------
    ScotopicError
        When there is neither, or a registered file is not what was shipped.
    """
    known = registry()
    if model in known:
        path = WEIGHTS_FOLDER / known[model]["file"]
        if not path.is_file():
            raise ScotopicError(f"{path}: weights missing; install scotopic again")
        if sha256_of_file(path) != known[model]["sha256"]:
            raise ScotopicError(
                f"{path}: weights differ from those shipped (SHA-256); install scotopic again"
            )
        return path
    path = Path(model)
    if path.is_file():
        return path
    raise ScotopicError(f"no model {model!r}: neither a file nor one of {', '.join(known)}")
