"""The presets: networks, and recipes for training them, by name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import keras

from scotopic.errors import InvalidValueError
from scotopic.networks.registry import presets
from scotopic.training.gain_network import GainNetwork
from scotopic.training.light_unet import LightUNet
from scotopic.training.losses import SSIM_WEIGHT
from scotopic.training.mirnet import MIRNet
from scotopic.training.optimizers import ConvolutionMuon
from scotopic.training.samples import Augmentation
from scotopic.training.splits import HELD_OUT

_CLASSES = {"GainNetwork": GainNetwork, "LightUNet": LightUNet, "MIRNet": MIRNet}

NETWORKS: dict[str, dict[str, Any]] = {
    name: {**entry, "network": _CLASSES[entry["network"]]} for name, entry in presets().items()
}
"""Class, settings and cost of each preset. The cost is the number of parameters,
and of multiply-adds for a picture of 256x256 (`benchmarks/counting.py` counts them)."""


def build_network(preset: str, data_format: str = "channels_last") -> keras.Model:
    """Make the network of a preset, with random weights.

    Parameters
    ----------
    preset : str
        A name in `NETWORKS`.
    data_format : {"channels_last", "channels_first"}

    Raises
    ------
    InvalidValueError
        For a name that is not in `NETWORKS`.
    """
    entry = _entry(preset)
    config = {**entry["settings"], "data_format": data_format, "name": preset}
    return entry["network"].from_config(config)


def fast_format(preset: str) -> str:
    """The data format in which a preset trains fastest with the backend in use.

    PyTorch computes channels first without moving them about on a CPU, and
    channels last on a graphics processor; `MIRNet` is trained channels last
    everywhere.
    """
    torch = keras.backend.backend() == "torch" and not on_graphics_processor()
    first = torch and _entry(preset)["network"] is not MIRNet
    return "channels_first" if first else "channels_last"


def on_graphics_processor() -> bool:
    """Whether PyTorch is the backend, and has a graphics processor that runs CUDA."""
    if keras.backend.backend() != "torch":
        return False
    import torch

    return torch.cuda.is_available()


def _entry(preset: str) -> dict[str, Any]:
    if preset not in NETWORKS:
        raise InvalidValueError(
            f"no preset {preset!r}", remedy=f"the presets are {', '.join(NETWORKS)}"
        )
    return NETWORKS[preset]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    batch_size, crop : int
        Samples in a step, and the side of a sample in pixels.
    optimizer : {"muon", "adamw", "adam"}
        `ConvolutionMuon` or AdamW, with clipped gradients and averaged
        weights, or Adam without either.
    learning_rate : float
        Largest learning rate.
    schedule : {"cosine", "plateau"}
        Linear rise during the warm-up, then a cosine to 0; or halved
        whenever five epochs have not raised the validation PSNR.
    adam_ratio : float
        Learning rate of the variables that Muon leaves to AdamW, relative to
        its own.
    warm_up : float
        Share of the budget, 0 to 1.
    weight_decay : float
        For Muon and for AdamW.
    clip_norm : float
        Largest norm of the whole gradient.
    ema : float
        Momentum of the average of the weights; `optimizer` reduces it in runs
        of fewer than 5000 steps, and in runs whose length is not known.
    ssim_weight : float
        Weight of 1 - SSIM beside the Charbonnier loss.
    simulated : float
        Share of the samples that come from simulated dark pictures, 0 to 1.
    texture : float
        Share of the samples that come from pairs whose colours and levels are
        not to be learned, if there are any.
    underexposed : float
        Share of the samples that are photographs underexposed without noise,
        for networks that predict a gain map.
    simulations : int
        Number of dark pictures that are simulated.
    held_out : float
        Share of the pairs that is held out for validation.
    split : {"scene", "order"}
        Hold out whole scenes, or the last pictures by name.
    mixup : float
        Mix the samples of a batch by shares from Beta(mixup, mixup); 0 for
        no mixing.
    bfloat16 : bool
        Whether a graphics processor computes the network in 16 bits; losses and
        the update of the weights stay in 32.
    steps_per_epoch : int
    augmentation : Augmentation
    """

    batch_size: int = 8
    crop: int = 144
    optimizer: str = "muon"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    adam_ratio: float = 0.75
    warm_up: float = 0.03
    weight_decay: float = 0.004
    clip_norm: float = 1.0
    ema: float = 0.999
    ssim_weight: float = SSIM_WEIGHT
    simulated: float = 0.5
    texture: float = 0.1
    underexposed: float = 0.0
    simulations: int = 4000
    held_out: float = HELD_OUT
    split: str = "scene"
    mixup: float = 0.0
    bfloat16: bool = False
    steps_per_epoch: int = 500
    augmentation: Augmentation = field(default_factory=Augmentation)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the record and for JSON."""
        return asdict(self)


_AS_THEY_ARE = Augmentation(identity=0, varied=0, gain_jitter=0)
_SMOKE: dict[str, Any] = {"batch_size": 2, "crop": 64, "simulations": 4, "steps_per_epoch": 5}
_GAIN = Recipe(
    batch_size=16,
    crop=1,
    optimizer="adamw",
    learning_rate=1e-3,
    weight_decay=0.05,
    ema=0.995,
    simulated=0.0,
    underexposed=0.3,
    augmentation=Augmentation(identity=0.1),
)
_MIRNET = Recipe(crop=128, simulated=0.0, mixup=0.6, steps_per_epoch=100, augmentation=_AS_THEY_ARE)

RECIPES: dict[type, dict[str, Recipe]] = {
    LightUNet: {
        "default": Recipe(),
        "large": Recipe(
            batch_size=24, crop=192, simulated=0.45, bfloat16=True, steps_per_epoch=20_000
        ),
        "refine": Recipe(learning_rate=1e-3),
        "smoke": Recipe(**_SMOKE),
    },
    GainNetwork: {
        "default": _GAIN,
        "smoke": replace(_GAIN, batch_size=4, simulations=4, steps_per_epoch=5),
    },
    MIRNet: {
        "default": _MIRNET,
        "large": replace(_MIRNET, crop=160, mixup=0.0, bfloat16=True, steps_per_epoch=20_000),
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
"""Recipes by the class of the network and by name. ``tutorial`` is that of
keras.io/examples/vision/mirnet, with the right value range for PSNR. ``large``
is for a graphics processor."""


def find_recipe(name: str, preset: str = "standard") -> Recipe:
    """Look a recipe for a preset up by its name.

    Raises
    ------
    InvalidValueError
        For an unknown recipe or preset.
    """
    known = RECIPES[_entry(preset)["network"]]
    if name not in known:
        raise InvalidValueError(
            f"no recipe {name!r} for {preset}", remedy=f"its recipes are {', '.join(known)}"
        )
    return known[name]


def optimizer(recipe: Recipe, steps: int | None = None) -> keras.optimizers.Optimizer:
    """Make the optimizer of a recipe.

    Muon leaves the layers that give results or modulate features to AdamW, and
    those that describe the thumbnail: its steps are as long for a gradient of
    mere noise as for any other, and such a gradient is all that these layers
    have at first. In a short run the weights are averaged
    over about a fifth of the steps, so that the average keeps nothing of the
    first weights; in a run of unknown length the momentum is at most 0.99.

    Parameters
    ----------
    recipe : Recipe
    steps : int, optional
        Length of the run, if it is known.
    """
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(recipe.learning_rate)
    longest = 0.99 if steps is None else max(0.0, 1 - 5 / steps)
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(
            recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            beta_2=0.99,
            global_clipnorm=recipe.clip_norm,
            use_ema=True,
            ema_momentum=min(recipe.ema, longest),
        )
    return ConvolutionMuon(
        recipe.learning_rate,
        adam_lr_ratio=recipe.adam_ratio,
        exclude_layers=["head", "context", "^conv_out", "spatial"],
        weight_decay=recipe.weight_decay,
        adam_weight_decay=recipe.weight_decay,
        global_clipnorm=recipe.clip_norm,
        use_ema=True,
        ema_momentum=min(recipe.ema, longest),
    )
