"""Measures that networks make, by a package that the user installs: pyiqa.

That package and the weights it fetches have licences of their own, partly
non-commercial, so scotopic does not depend on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scotopic.errors import ScotopicError
from scotopic.evaluation.columns import Measure
from scotopic.evaluation.pairing import Pictures

NAMES = {"lpips": ("reference",), "dists": ("reference",), "musiq": ()}
"""Measure to what it is computed with: Zhang et al., CVPR 2018; Ding et al.,
PAMI 2020; Ke et al., ICCV 2021. The first two are less for what is more alike."""


def measure(name: str) -> Measure:
    """Load one of `NAMES`.

    Raises
    ------
    ScotopicError
        When pyiqa or the measure's weights are not there.
    """
    try:
        import pyiqa
        import torch
    except ImportError as error:
        raise ScotopicError(
            f"{name} needs: pip install pyiqa (its licence is non-commercial)"
        ) from error
    try:
        network = pyiqa.create_metric(name, device="cpu")
    except Exception as error:  # whatever the package meets on its way to the weights
        raise ScotopicError(f"{name}: pyiqa cannot load its weights: {error}") from error

    def tensor(picture: Any) -> Any:
        scale = 65535 if picture.dtype == np.uint16 else 255
        planes = np.moveaxis(picture.astype(np.float32) / np.float32(scale), -1, 0)
        return torch.from_numpy(np.ascontiguousarray(planes[None]))

    def of(pictures: Pictures) -> float:
        given = [pictures.result] + [getattr(pictures, needed) for needed in NAMES[name]]
        with torch.no_grad():
            return float(network(*map(tensor, given)))

    return Measure(name, name.upper(), 4, NAMES[name], of)
