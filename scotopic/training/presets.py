"""Names to networks and to recipes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import keras

from scotopic.errors import ScotopicError
from scotopic.networks.registry import presets
from scotopic.training.exposure_unet import ExposureUNet
from scotopic.training.losses import SSIM_WEIGHT
from scotopic.training.mirnet import MIRNet
from scotopic.training.optimizers import ConvolutionMuon
from scotopic.training.pairs import HELD_OUT, Augmentation

_CLASSES = {"ExposureUNet": ExposureUNet, "MIRNet": MIRNet}

NETWORKS: dict[str, dict[str, Any]] = {
    name: {**entry, "network": _CLASSES[entry["network"]]} for name, entry in presets().items()
}
"""Classes, settings, and what these cost: parameters, and the multiply-adds
of a picture of 256x256 (`benchmarks/counting.py` counts them)."""


def build_network(preset: str, data_format: str = "channels_last") -> Any:
    """Make the network of a preset, with fresh weights.

    Raises
    ------
    ScotopicError
        For a name that is not in `NETWORKS`.
    """
    entry = _entry(preset)
    return entry["network"](**entry["settings"], data_format=data_format, name=preset)


def _entry(preset: str) -> dict[str, Any]:
    if preset not in NETWORKS:
        raise ScotopicError(f"no preset {preset!r}; there are: {', '.join(NETWORKS)}")
    return NETWORKS[preset]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    batch_size, crop : int
        Samples a step, and their side in pixels.
    optimizer : {"muon", "adam"}
        The first clips gradients and averages the weights, the second is plain.
    learning_rate : float
        Peak.
    schedule : {"cosine", "plateau"}
        Linear over `warm_up` of the budget, then a cosine to 0; or halved
        whenever five epochs have not raised the validation PSNR.
    warm_up : float
        Share of the budget.
    adam_ratio : float
        Learning rate of what Muon leaves to AdamW, relative to its own.
    weight_decay, clip_norm, ema : float
        Of both; the gradient's largest global norm; the averaging momentum,
        less in runs of under 5000 steps, or of so many minutes.
    ssim_weight : float
        Of 1 - SSIM beside the Charbonnier loss.
    simulated : float
        Share of the samples drawn from simulated darkness; the rest are
        drawn from the real pairs, each pair as often as any other.
    variants : int
        Simulations made of each reference.
    held_out : float
        Share of the pairs kept for validation.
    split : {"scene", "order"}
        Whether whole scenes are held out, or the last pictures by name.
    mixup : float
        Samples of a batch are mixed by shares from Beta(mixup, mixup); 0 for not.
    steps_per_epoch : int
    augmentation : Augmentation
    """

    batch_size: int = 8
    crop: int = 160
    optimizer: str = "muon"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    adam_ratio: float = 0.75
    warm_up: float = 0.03
    weight_decay: float = 0.004
    clip_norm: float = 1.0
    ema: float = 0.999
    ssim_weight: float = SSIM_WEIGHT
    simulated: float = 0.2
    variants: int = 3
    held_out: float = HELD_OUT
    split: str = "scene"
    mixup: float = 0.0
    steps_per_epoch: int = 500
    augmentation: Augmentation = field(default_factory=Augmentation)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the record and for JSON."""
        return asdict(self)


_AS_THEY_ARE = Augmentation(identity=0, varied=0, gain_jitter=0)
_SMOKE: dict[str, Any] = {"batch_size": 2, "crop": 64, "variants": 1, "steps_per_epoch": 5}
_MIRNET = Recipe(crop=128, simulated=0.0, mixup=0.6, steps_per_epoch=100, augmentation=_AS_THEY_ARE)

RECIPES: dict[type, dict[str, Recipe]] = {
    ExposureUNet: {
        "default": Recipe(),
        "pairs_only": Recipe(simulated=0.0),
        "refine": Recipe(learning_rate=7e-4),
        "smoke": Recipe(**_SMOKE),
    },
    MIRNet: {
        "default": _MIRNET,
        "refine": replace(_MIRNET, learning_rate=5e-4, crop=256, batch_size=2, mixup=0.0),
        "tutorial": replace(
            _MIRNET,
            batch_size=4,
            optimizer="adam",
            learning_rate=1e-4,
            schedule="plateau",
            ssim_weight=0.0,
            held_out=185 / 485,
            split="order",
            mixup=0.0,
            steps_per_epoch=75,
            augmentation=replace(_AS_THEY_ARE, flips_and_turns=False),
        ),
        "trial": replace(_MIRNET, batch_size=1, crop=64, mixup=0.0, steps_per_epoch=25),
        "smoke": replace(_MIRNET, **_SMOKE),
    },
}
"""By the class of the network. The tutorial's: keras.io/examples/vision/mirnet,
with a PSNR of the right range."""


def find_recipe(name: str, preset: str = "exposure_unet") -> Recipe:
    """Look a recipe for a preset up by name.

    Raises
    ------
    ScotopicError
        For a recipe or a preset that there is not.
    """
    known = RECIPES[_entry(preset)["network"]]
    if name not in known:
        raise ScotopicError(f"no recipe {name!r} for {preset}; there are: {', '.join(known)}")
    return known[name]


def optimizer(recipe: Recipe, steps: int | None = None) -> keras.optimizers.Optimizer:
    """Make the recipe's optimizer, for a run of so many steps if known.

    Muon leaves the layers that give results or scales, small and started at
    zero, to AdamW. In a run of few steps the weights are averaged over a
    fifth of them, so that nothing is left in it of the weights at the start;
    where the number is not known, with momentum 0.99.
    """
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(recipe.learning_rate)
    longest = 0.99 if steps is None else max(0.0, 1 - 5 / steps)
    return ConvolutionMuon(
        recipe.learning_rate,
        adam_lr_ratio=recipe.adam_ratio,
        exclude_layers=["head", "level", "modulation", "^conv_out", "spatial"],
        weight_decay=recipe.weight_decay,
        adam_weight_decay=recipe.weight_decay,
        global_clipnorm=recipe.clip_norm,
        use_ema=True,
        ema_momentum=min(recipe.ema, longest),
    )
