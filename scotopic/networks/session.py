"""An ONNX graph and its ModelSpec: load, verify, run."""

from __future__ import annotations

import gc
import json
import threading
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scotopic import machine
from scotopic.errors import ScotopicError
from scotopic.storage import sha256_of_file

if TYPE_CHECKING:
    import onnxruntime

Array = NDArray[Any]

DEFAULT_MODEL = "exposure_unet"
METADATA_PREFIX = "scotopic."
WEIGHTS_FOLDER = Path(__file__).parent / "weights"
REGISTRY = WEIGHTS_FOLDER / "registry.json"
PRESETS = WEIGHTS_FOLDER / "presets.json"
_ALLOCATION_FAILED = ("Failed to allocate memory", "bad_alloc")
"""How ONNX Runtime's errors of several classes say it."""


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


def registry() -> dict[str, dict[str, Any]]:
    """Shipped networks: name to preset, file, SHA-256, card and scores."""
    content: dict[str, dict[str, Any]] = json.loads(REGISTRY.read_text(encoding="utf-8"))
    return content


def presets() -> dict[str, dict[str, Any]]:
    """Networks that can be built: name to class, settings and what these cost.

    ``parameters`` is a count, ``multiply_adds`` that of a picture of 256x256.
    """
    content: dict[str, dict[str, Any]] = json.loads(PRESETS.read_text(encoding="utf-8"))
    return content


def describe_models() -> list[dict[str, Any]]:
    """What is shipped, each file verified, and the presets without weights.

    Returns
    -------
    list of dict
        Of shipped ones the registry entry, ``bytes``, what the preset costs
        and the spec; of others ``file`` and the like are None.

    Raises
    ------
    ScotopicError
        When a file is missing or is not what was shipped.
    """
    costs, described = presets(), []
    for name, entry in registry().items():
        size = find_model(name).stat().st_size
        spec = asdict(Session(name).spec)
        cost = costs[entry["preset"]]
        described.append({**cost, "bytes": size, **entry, **spec, "name": name})
    without = costs.keys() - {entry["preset"] for entry in registry().values()}
    absent = dict.fromkeys(("file", "bytes", "sha256", "card", "licence", "scores"))
    for preset in sorted(without):
        described.append({**costs[preset], **absent, "preset": preset, "name": preset})
    return described


def find_model(model: str) -> Path:
    """Find the file of a registered name, or of a path, and verify the former.

    Raises
    ------
    ScotopicError
        When there is neither, or a registered file is not what was shipped.
    """
    known = registry()
    if model in known:
        path = WEIGHTS_FOLDER / known[model]["file"]
        if not path.is_file():
            raise ScotopicError(f"{path}: weights missing; install scotopic again")
        if sha256_of_file(path) != known[model]["sha256"]:
            raise ScotopicError(
                f"{path}: weights differ from those shipped (SHA-256); install scotopic again"
            )
        return path
    path = Path(model)
    if path.is_file():
        return path
    raise ScotopicError(f"no model {model!r}: neither a file nor one of {', '.join(known)}")


class Session:
    """A loaded network.

    Parameters
    ----------
    model : str
        A name in the registry, or the path of an exported file.
    provider : str, optional
        ONNX Runtime's execution provider, such as ``cpu`` or ``cuda``. One
        that is not there is an error, never a silent fall back.
    threads : int, optional
        Threads of the network; by default one for each processor it may use.

    Attributes
    ----------
    spec : ModelSpec
    sha256 : str
        Of the file.
    provider : str
        The execution provider that is really used.

    Raises
    ------
    ScotopicError
        For an unknown model or provider, and for a file that is no network.
    """

    def __init__(
        self, model: str = DEFAULT_MODEL, provider: str = "cpu", threads: int | None = None
    ) -> None:
        self._path, self._provider, self._threads = find_model(model), provider, threads
        self.sha256 = sha256_of_file(self._path)
        self._session, self._frugal = self._load(), False
        self._lock = threading.Lock()
        self.provider = self._session.get_providers()[0].removesuffix("ExecutionProvider").lower()
        if self.provider != provider.lower():
            raise ScotopicError(
                f"provider {provider} cannot be used on this machine; "
                f"--provider {self.provider} can"
            )
        metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        self.spec = ModelSpec.from_metadata(metadata, str(self._path))

    def _loaded(self) -> Any:
        with self._lock:
            return self._session

    def _load(self, frugal: bool = False) -> Any:
        """The graph, ready to run; a frugal one gives memory back after each layer.

        The usual one keeps it, which is faster; but what it has kept for one
        size of tile it cannot use for another.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4 if frugal else 3
        # Memory laid out ahead for a size costs a third more and is no faster.
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = not frugal
        options.intra_op_num_threads = self._threads or machine.threads()
        provider = _provider_name(self._provider, onnxruntime)
        try:
            return onnxruntime.InferenceSession(str(self._path), options, providers=[provider])
        except Exception as error:
            first_line = str(error).splitlines()[0]
            raise ScotopicError(
                f"{self._path}: not a network that can be run: {first_line}"
            ) from error

    def look(self, thumbnail: Array) -> tuple[float, Array]:
        """Run the global branch on the eight flips and turns of a thumbnail.

        How bright a picture should be does not depend on which way up it is,
        so the geometric mean over all eight is used: on held-out scenes its
        error is 5 % lower than that of one look.

        Parameters
        ----------
        thumbnail : array, (size, size, 3), float32 in 0..1

        Returns
        -------
        exposure : float in 0..1
        context : array, (1, context_size), float32
            Of the thumbnail as it stands.
        """
        turned = [np.rot90(thumbnail, turns) for turns in range(4)]
        looks = [self.glance(view) for view in turned + [view[:, ::-1] for view in turned]]
        exposure = np.exp(np.mean([np.log(exposure) for exposure, _ in looks]))
        return float(exposure), looks[0][1]

    def glance(self, thumbnail: Array) -> tuple[float, Array]:
        """Run the global branch on a thumbnail as it stands; see `look`."""
        batch = np.ascontiguousarray(np.moveaxis(thumbnail, -1, 0)[None], np.float32)
        exposure, context = self._loaded().run(["exposure", "seen"], {"thumbnail": batch})
        # A copy: what the runtime gives keeps all the memory that the runtime has alive.
        return float(exposure[0, 0]), context.copy()

    def release(self) -> None:
        """Give memory that is kept for the next tile back, since encoding needs some too."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        size = self.spec.thumbnail_size
        if size is not None and not self._frugal and self.provider == "cpu":
            nothing = np.zeros((1, 3, size, size), np.float32)
            self._loaded().run(["exposure"], {"thumbnail": nothing}, options)

    def correct(self, tile: Array, gain: float, context: Array) -> Array:
        """Run the local branch.

        Parameters
        ----------
        tile : array, (1, 3, height, width), float32 in 0..1
            Sides multiples of ``spec.size_multiple``.
        gain : float
        context : array, as from `look`

        Returns
        -------
        array, (1, 3, height, width), float32, not clipped

        Raises
        ------
        MemoryError
            When there is not enough for a tile of this size.
        """
        inputs = {
            "picture": tile,
            "gain": np.array([[gain]], np.float32),
            "context": context,
        }
        result: Array = self._run(inputs)
        return result

    def enhance(self, tile: Array) -> Array:
        """Run a network that takes the picture alone.

        Parameters
        ----------
        tile : array, (1, 3, height, width), float32 in 0..1
            Sides multiples of ``spec.size_multiple``.

        Returns
        -------
        array, (1, 3, height, width), float32, not clipped
        """
        result: Array = self._run({"picture": tile})
        return result

    def _run(self, inputs: dict[str, Array]) -> Array:
        session = self._loaded()
        try:
            result: Array = session.run(["enhanced"], inputs)[0]
            return result
        except Exception as error:
            if not any(sign in str(error) for sign in _ALLOCATION_FAILED):
                raise
        # Out of the handler, whose traceback would keep the old graph and its memory alive.
        del session
        with self._lock:
            if not self._frugal:
                self._session = None
                gc.collect()
                self._session, self._frugal = self._load(frugal=True), True
        raise MemoryError("not enough memory for a tile")


def _provider_name(provider: str, runtime: onnxruntime) -> str:
    available: list[str] = runtime.get_available_providers()
    short = {name.removesuffix("ExecutionProvider").lower(): name for name in available}
    if provider.lower() not in short:
        raise ScotopicError(f"no provider {provider!r} here; there are: {', '.join(short)}")
    return short[provider.lower()]
