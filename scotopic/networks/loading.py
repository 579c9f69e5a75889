"""A network of the kind that its file says it is."""

from __future__ import annotations

from scotopic.networks.exposing import ExposingNetwork
from scotopic.networks.registry import DEFAULT_MODEL
from scotopic.networks.session import Session
from scotopic.networks.whole import WholeNetwork


def load(
    model: str = DEFAULT_MODEL, provider: str = "cpu", threads: int | None = None
) -> ExposingNetwork | WholeNetwork:
    """Load a network.

    Parameters
    ----------
    model : str
        A registered name, or the path of an exported file.
    provider : str
        Execution provider of ONNX Runtime.
    threads : int, optional
        By default one for each processor that the process may use.

    Returns
    -------
    Network

    Raises
    ------
    ModelError
        When the model or the provider cannot be used.
    MissingFileError, UnreadableError
        When the file of a shipped network is missing, or is not the one shipped.
    """
    session = Session(model, provider, threads)
    return (ExposingNetwork if session.spec.predicts_exposure else WholeNetwork)(session)
