"""What a network's file says of itself: everything that running it needs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from scotopic.errors import ScotopicError

METADATA_PREFIX = "scotopic."


@dataclass(frozen=True)
class ModelSpec:
    """Everything that running a network needs, as stored in its file.

    Attributes
    ----------
    name, version : str
    layout : str
        ``NCHW``: batch, channels, height, width.
    size_multiple : int
        Sides of the picture given to the local branch are multiples of it.
    receptive_radius : int or None
        Pixels; how far the inputs of an aligned block of ``size_multiple``
        pixels reach beyond it. None when the network pools over the picture:
        tiles of it are not the picture whole.
    thumbnail_size, context_size : int or None
        None when the network takes the picture alone.
    bytes_per_pixel : int
        Working memory for each pixel of a tile.
    curve : str
        The exposing curve, or ``none``.
    encoding : str
        Colour encoding expected.
    training_data, licence, recipe_sha256 : str
    """

    name: str
    version: str
    size_multiple: int
    receptive_radius: int | None
    thumbnail_size: int | None
    context_size: int | None
    bytes_per_pixel: int
    training_data: str
    licence: str
    recipe_sha256: str
    layout: str = "NCHW"
    curve: str = "g*x/(1+(g-1)*x)"
    encoding: str = "as stored, gamma, RGB in 0..1"

    @property
    def predicts_exposure(self) -> bool:
        """Whether the network decides on an exposure, and corrects at any."""
        return self.thumbnail_size is not None

    def metadata(self) -> dict[str, str]:
        """As key and value for an ONNX file."""
        return {METADATA_PREFIX + k: json.dumps(v) for k, v in asdict(self).items()}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str], source: str) -> ModelSpec:
        """Read what `metadata` wrote.

        Raises
        ------
        ScotopicError
            When an entry is missing: the file is no network of scotopic's.
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if METADATA_PREFIX + name not in metadata]
        if missing:
            raise ScotopicError(
                f"{source}: not a scotopic network: its metadata lacks {', '.join(missing)}"
            )
        return cls(**{name: json.loads(metadata[METADATA_PREFIX + name]) for name in names})
