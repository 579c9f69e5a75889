"""How the server is run, as one checked value."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from scotopic.errors import InvalidValueError, ModelError, Parameter
from scotopic.networks.registry import DEFAULT_MODEL, registry
from scotopic.photo.limits import MAX_MEGAPIXELS

MAX_BYTES = 500 * 2**20
LEAST_TOKEN = 16
_SHARE_KEPT, _MOST_KEPT = 16, 64 * 2**20
"""Previews may keep this part of the memory, and never more than that many bytes."""


@dataclass(frozen=True)
class Patience:
    """How long the server waits, in seconds.

    Attributes
    ----------
    headers : float
        For the headers of a request.
    piece : float
        For the next piece of a body, and for a client to take the next piece of an answer.
    body : float
        For a whole body.
    request : float
        For a request in all, from its headers to the end of the work.
    closing : float
        For pictures that are worked on when the server is to stop.
    """

    headers: float = 10.0
    piece: float = 20.0
    body: float = 300.0
    request: float = 1800.0
    closing: float = 20.0


@dataclass(frozen=True)
class Options:
    """How the server is run.

    Attributes
    ----------
    memory : int
        Bytes that the whole process should stay near; shared by the workers.
    host : str
        Address to listen on, a number or ``localhost``.
    port : int
        0 for one that is free.
    token : str or None
        What clients must show; None for nothing.
    open_to_all : bool
        Whether an address that others can reach may be used without a token.
    host_names : tuple of str
        Further names by which clients may call the server.
    model : str
        The network for pictures: a shipped one, or the path of an exported file.
    provider : str
        Execution provider.
    workers : int
        Pictures worked on at once.
    queue : int
        Pictures that may wait.
    max_bytes : int
        Largest body of a request.
    max_megapixels : int
        Largest picture, of all its frames.
    patience : Patience

    Raises
    ------
    InvalidValueError
        When a value is out of its range, and for an address that others can reach
        without a token.
    """

    memory: int
    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None
    open_to_all: bool = False
    host_names: tuple[str, ...] = ()
    model: str = DEFAULT_MODEL
    provider: str = "cpu"
    workers: int = 1
    queue: int = 16
    max_bytes: int = MAX_BYTES
    max_megapixels: int = MAX_MEGAPIXELS
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        for name, least in (("workers", 1), ("queue", 0), ("max_bytes", 1), ("max_megapixels", 1)):
            if getattr(self, name) < least:
                raise InvalidValueError(f"{name} must be at least {least}")
        if not 0 <= self.port <= 65535:
            raise InvalidValueError(f"a port is a number from 0 to 65535, not {self.port}")
        if self.token is not None and not self._is_token(self.token):
            raise InvalidValueError(
                f"a token has at least {LEAST_TOKEN} letters, digits or signs of - . _ ~"
            )
        if self.token is not None and self.open_to_all:
            raise InvalidValueError("there is either a token or none, not both")
        if not self.is_local and self.token is None and not self.open_to_all:
            raise InvalidValueError(
                f"others can reach {self.host}, so clients must show a token",
                remedy=Parameter("token", "SECRET"),
            )

    @staticmethod
    def _is_token(text: str) -> bool:
        plain = text.replace("-", "").replace(".", "").replace("_", "").replace("~", "")
        return len(text) >= LEAST_TOKEN and plain.isascii() and plain.isalnum()

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server."""
        return is_loopback(self.host)

    @property
    def kept_bytes(self) -> int:
        """Memory for what previews keep of pictures."""
        return min(self.memory // _SHARE_KEPT, _MOST_KEPT)

    @property
    def memory_of_one(self) -> int:
        """Memory for each picture that is worked on."""
        return max(1, (self.memory - self.kept_bytes) // self.workers)

    @property
    def model_name(self) -> str:
        """What clients call the usual network: its name, or that of its file without folders."""
        return self.model if self.model in registry() else Path(self.model).name

    def named(self, model: str | None) -> str:
        """The network that a client asks for; a file only if the server was started with it.

        Raises
        ------
        ModelError
            For any other.
        """
        if model in (None, "", self.model_name):
            return self.model
        if model in registry():
            return str(model)
        raise ModelError("there is no such model", remedy=f"there are {', '.join(registry())}")


def is_loopback(host: str) -> bool:
    """Whether an address, or a name, is that of this machine to itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
