"""What to evaluate, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scotopic.enhancer import DEFAULT_MEMORY
from scotopic.errors import InvalidValueError
from scotopic.evaluation.scoring import EXPOSURES
from scotopic.networks.registry import DEFAULT_MODEL


@dataclass(frozen=True)
class ModelRun:
    """A model to evaluate by what it makes of the inputs.

    Attributes
    ----------
    model : str
        A registered name, or an ONNX file.
    exposure_from : str
        Where its exposure comes from: one of `scotopic.evaluation.scoring.EXPOSURES`.
    save : Path, optional
        Folder to save the results in, as PNG.
    sheet : bool
        Whether to make a contact sheet of inputs, results and references.
    memory : int
        Bytes that the process should stay near.
    provider : str
        Execution provider of ONNX Runtime.

    Raises
    ------
    InvalidValueError
        When `exposure_from` is not one of the known words.
    """

    model: str = DEFAULT_MODEL
    exposure_from: str = "automatic"
    save: Path | None = None
    sheet: bool = False
    memory: int = DEFAULT_MEMORY
    provider: str = "cpu"

    def __post_init__(self) -> None:
        if self.exposure_from not in EXPOSURES:
            known = ", ".join(EXPOSURES)
            raise InvalidValueError(
                f"the exposure may come from: {known}; not from {self.exposure_from!r}"
            )


@dataclass(frozen=True)
class Request:
    """What to evaluate: a model, or folders of results.

    Attributes
    ----------
    results : sequence of Path
        Folders of results, one for each method. Empty to evaluate a model.
    run : ModelRun, optional
        The model to evaluate. None to evaluate results.
    inputs : Path, optional
        Folder of the dark pictures. A model needs it.
    references : Path, optional
        Folder of the well-exposed pictures.
    trained_on : sequence of Path
        Folders of references that the methods were trained on, to warn of
        references and scenes that are among them.
    measures : sequence of str
        Further measures, of `scotopic.evaluation.learned_measures.NAMES`.
    page : bool
        Whether pictures are kept for an HTML report.

    Raises
    ------
    InvalidValueError
        When the fields contradict each other, or one is missing.
    """

    results: Sequence[Path] = ()
    run: ModelRun | None = None
    inputs: Path | None = None
    references: Path | None = None
    trained_on: Sequence[Path] = ()
    measures: Sequence[str] = ()
    page: bool = False

    def __post_init__(self) -> None:
        if self.results and self.run:
            raise InvalidValueError("evaluate either a model or results, not both")
        if not self.results and not self.run:
            raise InvalidValueError("nothing to evaluate: neither a model nor results are given")
        if self.run and self.inputs is None:
            raise InvalidValueError("a model needs a folder of inputs to be evaluated on")
        if self.references is None:
            self._check_nothing_needs_references()

    def _check_nothing_needs_references(self) -> None:
        if self.run and self.run.sheet:
            raise InvalidValueError("a contact sheet needs a folder of references")
        if self.run and self.run.exposure_from == "reference":
            raise InvalidValueError(
                "taking the exposure from the references needs a folder of references"
            )
        if self.trained_on:
            raise InvalidValueError("finding what was trained on needs a folder of references")
