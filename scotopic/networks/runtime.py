"""ONNX Runtime, imported in this one place, with its telemetry switched off."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

_OPT_OUT = "ORT_DISABLE_TELEMETRY"


def onnxruntime() -> ModuleType:
    """Import ONNX Runtime.

    Since version 1.29 its Linux and macOS packages report events over the network
    and keep a device identifier in the user's cache folder. Setting
    ``ORT_DISABLE_TELEMETRY`` to 1 before the first import is its documented way
    to opt out; a value that the user has set is left alone.
    """
    os.environ.setdefault(_OPT_OUT, "1")
    return import_module("onnxruntime")
