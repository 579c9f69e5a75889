"""Networks traced by torch: from Keras to ONNX graphs as they come."""

from __future__ import annotations

import warnings
from math import exp
from typing import TYPE_CHECKING, Any

from scotopic.errors import ScotopicError
from scotopic.pixels.exposure import COLOR_KEPT, DARKEST
from scotopic.pixels.gain_map import GUIDE_RANGE, LARGEST
from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.training.gain_network import GainNetwork
from scotopic.training.layers import Tensor
from scotopic.training.light_unet import LightUNet
from scotopic.training.mirnet import MIRNet

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import nn

OPSET = 20
GUIDE_LEVELS = tuple(1 / (1 + exp(-z)) for z in GUIDE_RANGE)
"""Brightness at the ends of `GUIDE_RANGE`."""


def trace_mirnet(network: MIRNet) -> ModelProto:
    """Trace a network from ``picture`` to ``enhanced``."""
    import torch

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, picture: Tensor) -> Tensor:
            return self.network(picture)

    multiple = network.size_multiple
    return _traced(
        Whole(),
        {"picture": torch.rand(1, 3, 4 * multiple, 6 * multiple)},
        {"picture": _sides(multiple)},
        ["enhanced"],
    )


def trace_branches(network: LightUNet, gain: GainNetwork) -> ModelProto:
    """Trace both networks as one graph; see `scotopic.training.export`."""
    import torch

    class Branches(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network, self.gain = network, gain

        def forward(  # noqa: PLR0913 (the inputs of the graph)
            self,
            thumbnail: Tensor,
            picture: Tensor,
            slope: Tensor,
            offset: Tensor,
            rows: Tensor,
            columns: Tensor,
            context: Tensor,
        ) -> tuple[Tensor, ...]:
            log_gain = self.gain(thumbnail)
            seen = self.network.context_branch(thumbnail[:1])
            maps = [(rows @ grid @ columns.T)[None, None] for grid in (slope, offset)]
            exposed, logs = exposed_with_gain(picture, *maps)
            enhanced = self.network.correct(torch.cat([exposed, logs], dim=1), context)
            return log_gain, seen, exposed, enhanced

    multiple = network.size_multiple
    height, width = 4 * multiple, 6 * multiple
    down, across = (torch.export.Dim(name, min=1, max=512) for name in ("down", "across"))
    sides = _sides(multiple)
    return _traced(
        Branches(),
        {
            "thumbnail": torch.rand(2, 3, THUMBNAIL_SIZE, THUMBNAIL_SIZE),
            "picture": torch.rand(1, 3, height, width),
            "slope": torch.rand(5, 7),
            "offset": torch.rand(5, 7),
            "rows": torch.rand(height, 5),
            "columns": torch.rand(width, 7),
            "context": torch.rand(1, network.settings["context_size"]),
        },
        {
            "thumbnail": {0: torch.export.Dim("looks", min=1, max=512)},
            "picture": sides,
            "slope": {0: down, 1: across},
            "offset": {0: down, 1: across},
            "rows": {0: sides[2], 1: down},
            "columns": {0: sides[3], 1: across},
            "context": None,
        },
        ["log_gain", "seen", "exposed", "enhanced"],
    )


def exposed_with_gain(picture: Tensor, slope: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
    """Expose planes by a gain map, as `scotopic.pixels` does.

    It is written with few operators, each of which is a pass over the picture:

        x' = g h x / (rise + (h - 1) rise x / m) = x / (a + b x)
        a = rise / (g h)        b = (h - 1) a / m = (rise / g - a) / m

    Parameters
    ----------
    picture : torch tensor, (batch, 3, height, width), in 0..1
    slope, offset : torch tensor, (1 or batch, 1, height, width)

    Returns
    -------
    exposed : torch tensor, (batch, 3, height, width)
    logs : torch tensor, (batch, 1, height, width)
        ln g.
    """
    import torch

    bright = picture.amax(dim=1, keepdim=True)
    # Held before the logarithm, which holds the guide and keeps off the ends at once.
    held = bright.clamp(*GUIDE_LEVELS)
    logs = (slope * torch.log(held / (1 - held)) + offset).clamp(-LARGEST, LARGEST)
    bright = bright.clamp(min=DARKEST)
    gain = torch.exp(logs)
    rise = 1 + (gain - 1) * bright
    kept = torch.exp((1 - COLOR_KEPT) * torch.log(rise))
    level = rise / gain
    a = level / kept
    b = (level - a) / bright
    return picture / (a + b * picture), logs


def _sides(multiple: int) -> dict[int, Any]:
    """Height and width as any multiples of a number."""
    import torch

    rows, columns = (torch.export.Dim(name, min=1, max=4096) for name in ("rows", "columns"))
    return {2: multiple * rows, 3: multiple * columns}


def _traced(
    module: nn.Module, inputs: dict[str, Tensor], shapes: dict[str, Any], outputs: list[str]
) -> ModelProto:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch, about itself
        warnings.filterwarnings("ignore", "# The axis name", UserWarning)  # each is named once
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=list(inputs),
            output_names=outputs,
            opset_version=OPSET,
            verbose=False,
        )
    if program is None:
        raise ScotopicError("the network cannot be traced")
    return program.model_proto
