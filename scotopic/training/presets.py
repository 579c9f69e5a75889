"""Names to networks and to recipes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import keras

from scotopic.errors import ScotopicError
from scotopic.training.exposure_unet import ExposureUNet
from scotopic.training.mirnet import MIRNet
from scotopic.training.optimizers import ConvolutionMuon
from scotopic.training.pairs import HELD_OUT, Augmentation

NETWORKS: dict[str, dict[str, Any]] = {
    "exposure_unet": {
        "network": ExposureUNet,
        "parameters": 1_194_445,
        "multiply_adds": 760_828_032,
        "settings": {
            "global_widths": (16, 32, 48, 64),
            "local_widths": (16, 32, 64, 128),
            "blocks": 1,
            "context_size": 64,
        },
    },
    "exposure_unet_tiny": {
        "network": ExposureUNet,
        "parameters": 38_349,
        "multiply_adds": 124_437_120,
        "settings": {
            "global_widths": (4, 4, 8, 8),
            "local_widths": (8, 16),
            "blocks": 1,
            "context_size": 16,
        },
    },
    "mirnet": {
        "network": MIRNet,
        "parameters": 31_787_419,
        "multiply_adds": 479_435_919_360,
        "settings": {"channels": 64, "groups": 3, "blocks": 2, "streams": 3, "columns": 2},
    },
    "mirnet_small": {
        "network": MIRNet,
        "parameters": 1_500_735,
        "multiply_adds": 5_789_319_744,
        "settings": {"channels": 24, "groups": 2, "blocks": 1, "stem": 2},
    },
    "mirnet_tutorial": {
        "network": MIRNet,
        "parameters": 42_320_719,
        "multiply_adds": 479_435_919_360,
        "settings": {
            "channels": 64,
            "groups": 3,
            "blocks": 2,
            "share_columns": False,
            "bias": True,
            "activation": "relu",
        },
    },
}
"""Classes, settings, and what these cost: parameters, and the multiply-adds
of a picture of 256x256 (`scotopic.training.counting`)."""


def build_network(preset: str, data_format: str = "channels_last") -> Any:
    """Make the network of a preset, with fresh weights.

    Raises
    ------
    ScotopicError
        For a name that is not in `NETWORKS`.
    """
    if preset not in NETWORKS:
        raise ScotopicError(f"no preset {preset!r}; there are: {', '.join(NETWORKS)}")
    entry = NETWORKS[preset]
    return entry["network"](**entry["settings"], data_format=data_format, name=preset)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    batch_size, crop : int
        Samples a step, and their side in pixels.
    learning_rate : float
        Peak; reached linearly over `warm_up` of the budget, then a cosine to 0.
    warm_up : float
        Share of the budget.
    adam_ratio : float
        Learning rate of what Muon leaves to AdamW, relative to its own.
    weight_decay, clip_norm, ema : float
        Of both; the gradient's largest global norm; the averaging momentum,
        less in runs of under 5000 steps.
    simulated : float
        Share of the samples drawn from simulated darkness; the rest are
        drawn from the real pairs, each pair as often as any other.
    variants : int
        Simulations made of each reference.
    held_out : float
        Share of the pairs kept, by scene, for validation.
    steps_per_epoch : int
    augmentation : Augmentation
    """

    batch_size: int = 8
    crop: int = 160
    learning_rate: float = 2e-3
    adam_ratio: float = 0.75
    warm_up: float = 0.03
    weight_decay: float = 0.004
    clip_norm: float = 1.0
    ema: float = 0.999
    simulated: float = 0.2
    variants: int = 3
    held_out: float = HELD_OUT
    steps_per_epoch: int = 500
    augmentation: Augmentation = field(default_factory=Augmentation)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the record and for JSON."""
        return asdict(self)


RECIPES: dict[str, Recipe] = {
    "default": Recipe(),
    "pairs_only": Recipe(simulated=0.0),
    "refine": Recipe(learning_rate=7e-4),
    "smoke": Recipe(batch_size=2, crop=64, variants=1, steps_per_epoch=5),
}


def find_recipe(name: str) -> Recipe:
    """Look a recipe up by name."""
    if name not in RECIPES:
        raise ScotopicError(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name]


def optimizer(recipe: Recipe, steps: int | None = None) -> keras.optimizers.Optimizer:
    """Muon with clipping and an average of the weights, as the recipe says.

    The layers that give results or scales, small and started at zero, are
    left to AdamW. In a run of few steps the average is over a fifth of them,
    so that nothing is left in it of the weights at the start.
    """
    longest = 1.0 if steps is None else max(0.0, 1 - 5 / steps)
    return ConvolutionMuon(
        recipe.learning_rate,
        adam_lr_ratio=recipe.adam_ratio,
        exclude_layers=["head", "level", "modulation"],
        weight_decay=recipe.weight_decay,
        adam_weight_decay=recipe.weight_decay,
        global_clipnorm=recipe.clip_norm,
        use_ema=True,
        ema_momentum=min(recipe.ema, longest),
    )
