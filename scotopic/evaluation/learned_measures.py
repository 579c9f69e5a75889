"""Measures computed by networks of the package pyiqa, if the user has installed it.

That package and the weights that it downloads have licences of their own, some of
them non-commercial. Therefore scotopic does not depend on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scotopic.errors import MissingPackageError, ScotopicError
from scotopic.evaluation.columns import Measure
from scotopic.evaluation.pairing import Pictures
from scotopic.types import Array

NAMES: dict[str, tuple[str, ...]] = {
    "lpips": ("reference",),
    "dists": ("reference",),
    "musiq": (),
}
"""Each measure, and what it is computed from beside the result.

LPIPS: Zhang et al., CVPR 2018; DISTS: Ding et al., PAMI 2020 (both are lower the
more alike two pictures are). MUSIQ: Ke et al., ICCV 2021.
"""


def load(name: str) -> Measure:
    """Load one of `NAMES`.

    Raises
    ------
    MissingPackageError
        When pyiqa is not installed.
    ScotopicError
        When pyiqa cannot load the weights of the measure.
    """
    try:
        import pyiqa
        import torch
    except ImportError as error:
        raise MissingPackageError(
            f"{name} needs the package pyiqa, whose licence is non-commercial",
            remedy="pip install pyiqa",
        ) from error
    try:
        network = pyiqa.create_metric(name, device="cpu")
    except Exception as error:  # downloading and unpickling may raise anything
        raise ScotopicError(f"pyiqa cannot load the weights of {name}: {error}") from error

    def tensor(picture: Array) -> Any:
        scale = 65535 if picture.dtype == np.uint16 else 255
        planes = np.moveaxis(picture.astype(np.float32) / np.float32(scale), -1, 0)
        return torch.from_numpy(np.ascontiguousarray(planes[None]))

    def of(pictures: Pictures) -> float:
        given = [pictures.result, *(getattr(pictures, needed) for needed in NAMES[name])]
        with torch.no_grad():
            return float(network(*map(tensor, given)))

    return Measure(name, name.upper(), 4, NAMES[name], of)
