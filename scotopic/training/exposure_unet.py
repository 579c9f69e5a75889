"""ExposureUNet, the default network: a global and a local branch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from scotopic.pixels.thumbnail import THUMBNAIL_SIZE
from scotopic.training.global_branch import GlobalBranch
from scotopic.training.layers import Config, Tensor
from scotopic.training.local_branch import LocalBranch


@keras.saving.register_keras_serializable("scotopic")
class ExposureUNet(keras.Model):
    """A global and a local branch, trained together.

    Parameters
    ----------
    global_widths, local_widths : sequence of int
        See `GlobalBranch` and `LocalBranch`.
    blocks : int
        See `LocalBranch`.
    context_size : int
        Length of the vector that the global branch gives to the local one.
    data_format : {"channels_last", "channels_first"}
    """

    def __init__(
        self,
        global_widths: Sequence[int] = (16, 32, 48, 64),
        local_widths: Sequence[int] = (16, 32, 64, 128),
        blocks: int = 1,
        context_size: int = 64,
        data_format: str = "channels_last",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.settings: Config = {
            "global_widths": tuple(global_widths),
            "local_widths": tuple(local_widths),
            "blocks": blocks,
            "context_size": context_size,
            "data_format": data_format,
        }
        self.data_format = data_format
        self.global_branch = GlobalBranch(
            global_widths, context_size, data_format, name="global_branch"
        )
        self.local_branch = LocalBranch(local_widths, blocks, data_format, name="local_branch")
        self._build_branches()

    def _build_branches(self) -> None:
        context = (None, self.settings["context_size"])
        last = self.data_format == "channels_last"
        side = THUMBNAIL_SIZE
        self.global_branch.build((None, side, side, 3) if last else (None, 3, side, side))
        maps = (None, None, None, 3) if last else (None, 3, None, None)
        self.local_branch.build(maps, (None, 1), context)
        self.built = True

    def call(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Run both branches, with a given gain.

        Parameters
        ----------
        inputs : dict
            ``picture``, a batch of crops in 0..1; ``thumbnail``, a batch of
            64x64 thumbnails of the whole pictures; ``gain``, (batch, 1).

        Returns
        -------
        dict
            ``picture``, enhanced, not clipped to 0..1; ``exposure``,
            (batch, 1), predicted from the thumbnail alone.
        """
        exposure, context = self.global_branch(inputs["thumbnail"])
        picture = self.local_branch(inputs["picture"], inputs["gain"], context)
        return {"picture": picture, "exposure": exposure}

    def get_config(self) -> Config:
        """Return the arguments of this network."""
        return {**super().get_config(), **self.settings}
