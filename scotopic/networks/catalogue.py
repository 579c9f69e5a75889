"""A description of every network: those shipped, verified, and presets without weights."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scotopic.networks.registry import find_model, presets, registry
from scotopic.networks.session import Session


def describe_models() -> list[dict[str, Any]]:
    """Describe the shipped networks, each file verified, and the presets without weights.

    Returns
    -------
    list of dict
        For a shipped network, its registry entry, the size of its file in
        ``bytes``, the cost of its preset and its spec. For other presets
        ``file`` and the like are None.

    Raises
    ------
    MissingFileError, UnreadableError
        When a file is missing, or is not the one shipped.
    """
    costs, described = presets(), []
    for name, entry in registry().items():
        size = find_model(name).stat().st_size
        spec = asdict(Session(name).spec)
        cost = costs[entry["preset"]]
        described.append({**cost, "bytes": size, **entry, **spec, "name": name})
    without = costs.keys() - {entry["preset"] for entry in registry().values()}
    absent = dict.fromkeys(("file", "bytes", "sha256", "card", "licence", "scores"))
    for preset in sorted(without):
        described.append({**costs[preset], **absent, "preset": preset, "name": preset})
    return described
