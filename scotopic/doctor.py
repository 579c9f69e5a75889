"""What this machine has for scotopic, and what is missing."""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from importlib import metadata
from typing import Any

import numpy as np

from scotopic import machine
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.networks import openvino_runtime
from scotopic.networks.onnx_runtime import onnxruntime, telemetry
from scotopic.networks.registry import DEFAULT_MODEL, find_model, registry
from scotopic.version import __version__

PACKAGES = ("numpy", "Pillow", "onnxruntime", "click")
"""The packages that scotopic cannot do without."""
EXTRAS = {
    "deep": (("imagecodecs", "tifffile"), "16-bit PNG and TIFF in colour, JPEG XL, JPEG 2000"),
    "heif": (("pillow-heif",), "HEIC"),
    "raw": (("rawpy",), "camera RAW"),
    "openvino": (("openvino",), "the providers openvino and openvino-f32"),
    "video": (("av",), "scotopic video"),
    "serve": (("starlette", "uvicorn", "python-multipart"), "scotopic serve"),
    "cloud": (("fsspec",), "URLs, with s3, gcs or azure"),
    "s3": (("s3fs",), "URLs of S3"),
    "gcs": (("gcsfs",), "URLs of Google Cloud Storage"),
    "azure": (("adlfs",), "URLs of Azure Blob Storage"),
    "evaluate": (("scikit-image",), "CIEDE2000 in evaluations"),
    "train": (
        ("keras", "scikit-image", "onnx", "onnxscript", "matplotlib"),
        "training and export",
    ),
    "tensorboard": (("tensorboardX",), "TensorBoard logs of training"),
}
"""Extras of the package: the packages that each installs, and what they are for."""
_TIMED_SIZE = (400, 600)


def examine() -> dict[str, Any]:
    """Find out what there is, as plain values.

    Returns
    -------
    dict
        ``versions``: of scotopic, Python and each of `PACKAGES`.
        ``extras``: for each of `EXTRAS` what it is ``for``, and a list of
        packages that are ``missing``.
        ``providers``: execution providers that ONNX Runtime has here.
        ``provider``: the one that is used; None when the default model fails.
        ``telemetry``: what ONNX Runtime may report in this process, in words.
        ``openvino``: None without that package; otherwise its ``version``, and
        the ``precision`` that the provider of this name computes in here; None
        when the default model fails in it.
        ``processors`` of the machine, and ``threads`` used.
        ``memory``: bytes that the process may have; None where the system does
        not tell. ``memory_used_by_default``: bytes.
        ``models``: for each shipped model "verified", or what is wrong with it.
        ``seconds_600x400``: duration of enhancing a picture of that size; None
        when the default model fails.
    """
    models = {name: _state_of(name) for name in registry()}
    provider, seconds = None, None
    try:
        enhancer = Enhancer()
        provider, seconds = enhancer.network.provider, _seconds(enhancer)
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
        "providers": onnxruntime().get_available_providers(),
        "provider": provider,
        "telemetry": telemetry(),
        "openvino": _openvino(),
        "processors": os.cpu_count(),
        "threads": machine.threads(),
        "memory": machine.memory(),
        "memory_used_by_default": machine.default_memory(),
        "models": models,
        "seconds_600x400": seconds,
    }


def _state_of(model: str) -> str:
    try:
        find_model(model)
    except ScotopicError as error:
        return str(error)
    return "verified"


def _openvino() -> dict[str, str | None] | None:
    """The version of OpenVINO, and the precision that it chooses for the default model."""
    if not openvino_runtime.providers():
        return None
    precision = None
    with suppress(ScotopicError):
        model, provider = find_model(DEFAULT_MODEL), openvino_runtime.FAST
        precision = openvino_runtime.OpenVinoGraph(model, provider, 1, frugal=False).precision
    return {"version": _version("openvino"), "precision": precision}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _seconds(enhancer: Enhancer) -> float:
    """Duration of enhancing a small picture, after a first run that does not count."""
    picture = np.random.default_rng(0).integers(0, 60, (*_TIMED_SIZE, 3), dtype=np.uint8)
    enhancer.enhance_array(picture)
    began = time.perf_counter()
    enhancer.enhance_array(picture)
    return round(time.perf_counter() - began, 4)


def as_text(found: dict[str, Any]) -> str:
    """What `examine` found, as text for people, with how to install what is missing."""
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    providers = ", ".join(found["providers"])
    lines = [
        f"Versions: {versions}",
        f"Execution provider: {found['provider'] or 'none'} (ONNX Runtime has: {providers})",
        f"Telemetry of ONNX Runtime: {found['telemetry']}",
        *_openvino_lines(found["openvino"]),
        f"Threads: {found['threads']} (processors of this machine: {found['processors']})",
        f"Memory: {_memory(found)}",
        *(f"Model {name}: {state}" for name, state in found["models"].items()),
    ]
    seconds = found["seconds_600x400"]
    if seconds is not None:
        lines.append(f"Speed: {seconds:.3f} s for a picture of 600x400 pixels")
    lines += [_extra(name, extra) for name, extra in found["extras"].items()]
    return "\n".join(lines)


def _openvino_lines(found: dict[str, str | None] | None) -> list[str]:
    if found is None:
        return []
    precision = found["precision"] or "none, since the default model fails in it"
    return [f"OpenVINO: {found['version']} (precision of its provider here: {precision})"]


def _memory(found: dict[str, Any]) -> str:
    size, used = found["memory"], found["memory_used_by_default"]
    there = "unknown" if size is None else f"{size / 2**30:.1f} GiB"
    return f"{there}, of which {used / 2**30:.1f} GiB are used by default"


def _extra(name: str, extra: dict[str, Any]) -> str:
    if not extra["missing"]:
        return f"Extra {name}, for {extra['for']}: installed"
    missing = ", ".join(extra["missing"])
    return (
        f"Extra {name}, for {extra['for']}: not installed (missing: {missing}); "
        f"to install it: pip install 'scotopic[{name}]'"
    )
