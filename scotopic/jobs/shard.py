"""A share of the pictures, for one of several calls that know nothing of each other."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from scotopic.errors import InvalidValueError

_TEXT = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s*", re.ASCII)


@dataclass(frozen=True)
class Shard:
    """One share of several.

    A picture belongs to a share by its name from the root on, hashed. So each
    belongs to exactly one, whatever the order and the number of the names, and
    wherever the root lies.

    Attributes
    ----------
    number : int
        Which share, from 1.
    count : int
        How many there are.

    Raises
    ------
    InvalidValueError
        When the number does not lie between 1 and the count.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise InvalidValueError(
                f"there is no shard {self.number}/{self.count}",
                remedy="shards are counted from 1, as in 1/3, 2/3 and 3/3",
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that is written as ``2/3``.

        Raises
        ------
        InvalidValueError
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise InvalidValueError(f"{text!r} is not a shard such as 2/3")
        return cls(int(found[1]), int(found[2]))

    def holds(self, name: str) -> bool:
        """Whether a picture belongs to this share.

        Parameters
        ----------
        name : str
            Its name relative to the root, with ``/`` between the parts.
        """
        # Names of files may hold bytes that are no text, and these become surrogates.
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
