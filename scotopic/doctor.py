"""What this machine has for scotopic, and what is missing."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from typing import Any

import numpy as np

from scotopic import __version__, machine
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.networks.catalogue import describe_models
from scotopic.networks.registry import DEFAULT_MODEL

PACKAGES = ("numpy", "Pillow", "onnxruntime", "click")
EXTRAS = {
    "deep": (("imagecodecs", "tifffile"), "16-bit PNG and TIFF in colour"),
    "heif": (("pillow-heif",), "HEIC"),
    "raw": (("rawpy",), "camera RAW"),
    "train": (("keras", "onnx", "onnxscript", "scikit-image"), "training and export"),
}
_TIMED_SIZE = (400, 600)


def examine() -> dict[str, Any]:
    """Everything, as plain values.

    Returns
    -------
    dict
        ``versions``, ``extras`` (each with what is missing), ``providers``,
        ``provider`` (the one used), ``processors`` of the machine, ``threads`` used,
        ``memory`` in bytes (None where the system does not say), ``memory_used_by_default``,
        ``models`` (name to "verified" or what is wrong) and ``seconds_600x400`` (None without a working model).
    """
    import onnxruntime

    models, seconds, provider = {}, None, None
    try:
        models = {entry["name"]: "verified" for entry in describe_models() if entry["file"]}
        enhancer = Enhancer()
        provider, seconds = enhancer.session.provider, _seconds(enhancer)
    except ScotopicError as error:
        models[DEFAULT_MODEL] = str(error)
    return {
        "versions": {
            "scotopic": __version__,
            "python": platform.python_version(),
            **{name: _version(name) for name in PACKAGES},
        },
        "extras": {
            name: {"for": purpose, "missing": [p for p in packages if not _version(p)]}
            for name, (packages, purpose) in EXTRAS.items()
        },
        "providers": onnxruntime.get_available_providers(),
        "provider": provider,
        "processors": os.cpu_count(),
        "threads": machine.threads(),
        "memory": machine.memory(),
        "memory_used_by_default": machine.default_memory(),
        "models": models,
        "seconds_600x400": seconds,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _seconds(enhancer: Enhancer) -> float:
    """Of enhancing a small picture, the second time."""
    picture = np.random.default_rng(0).integers(0, 60, (*_TIMED_SIZE, 3), dtype=np.uint8)
    enhancer.enhance_array(picture)
    began = time.perf_counter()
    enhancer.enhance_array(picture)
    return round(time.perf_counter() - began, 4)


def as_text(found: dict[str, Any]) -> str:
    """The same for people, with what to install for what is missing."""
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    size = found["memory"]
    lines = [
        versions,
        f"provider: {found['provider']}; there are: {', '.join(found['providers'])}",
        f"threads: {found['threads']} of {found['processors']}; memory: "
        + ("not known" if size is None else f"{size / 2**30:.1f} GiB")
        + f", {found['memory_used_by_default'] / 2**30:.1f} GiB used by default",
        *(f"model {name}: {state}" for name, state in found["models"].items()),
    ]
    if found["seconds_600x400"] is not None:
        lines.append(f"600x400 takes {found['seconds_600x400']:.3f} s")
    for name, extra in found["extras"].items():
        missing = extra["missing"]
        lines.append(
            f"{extra['for']}: "
            + (f"missing; pip install 'scotopic[{name}]'" if missing else "can be done")
        )
    return "\n".join(lines)
