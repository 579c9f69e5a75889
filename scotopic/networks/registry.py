"""The networks that are shipped, and the presets that can be built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scotopic.errors import MissingFileError, ModelError, UnreadableError
from scotopic.storage import sha256_of_file

DEFAULT_MODEL = "standard"
WEIGHTS_FOLDER = Path(__file__).parent / "weights"
REGISTRY = WEIGHTS_FOLDER / "registry.json"
PRESETS = WEIGHTS_FOLDER / "presets.json"
_REMEDY = "install scotopic again"


def registry() -> dict[str, dict[str, Any]]:
    """Shipped networks: name to preset, file, SHA-256, card and scores."""
    content: dict[str, dict[str, Any]] = json.loads(REGISTRY.read_text(encoding="utf-8"))
    return content


def presets() -> dict[str, dict[str, Any]]:
    """Networks that can be built: name to class, settings and cost.

    ``parameters`` is their number, ``multiply_adds`` the number of them for a
    picture of 256x256.
    """
    content: dict[str, dict[str, Any]] = json.loads(PRESETS.read_text(encoding="utf-8"))
    return content


def find_model(model: str) -> Path:
    """Find the file of a registered name, which is verified, or of a path.

    Raises
    ------
    ModelError
        When there is neither a registered name nor a file of this name.
    MissingFileError, UnreadableError
        When a registered file is missing, or is not the one shipped: the
        installation is damaged.
    """
    known = registry()
    if model in known:
        path = WEIGHTS_FOLDER / str(known[model]["file"])
        if not path.is_file():
            raise MissingFileError("weights missing", path=path, remedy=_REMEDY)
        if sha256_of_file(path) != known[model]["sha256"]:
            raise UnreadableError(
                "weights differ from those shipped (SHA-256)", path=path, remedy=_REMEDY
            )
        return path
    path = Path(model)
    if path.is_file():
        return path
    raise ModelError(f"no model {model!r}: neither a file nor one of {', '.join(known)}")
