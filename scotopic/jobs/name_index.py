"""Whole numbers by name, in less memory than a dictionary takes."""

from __future__ import annotations

import hashlib

import numpy as np

_FRESH = 2048


class Index:
    """Whole numbers by name, in 16 bytes a name.

    A name is known by 64 bits of its hash. Among a million names, two have the
    same hash with a chance of one in 40 million; where that must not happen, the
    number has to lead to the name.
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, np.int64)
        self._values = np.empty(0, np.int64)
        # Sorting in each name by itself would move all of the others.
        self._fresh: dict[int, int] = {}

    def __setitem__(self, name: str, value: int) -> None:
        self._fresh[_key(name)] = value
        if len(self._fresh) >= _FRESH:
            self._sort_in()

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def get(self, name: str) -> int | None:
        """Value of a name, or None."""
        key = _key(name)
        if key in self._fresh:
            return self._fresh[key]
        place = int(self._keys.searchsorted(key))
        if place < len(self._keys) and self._keys[place] == key:
            return int(self._values[place])
        return None

    def _sort_in(self) -> None:
        keys = np.fromiter(self._fresh, np.int64)
        values = np.fromiter(self._fresh.values(), np.int64)
        order = keys.argsort()
        keys, values = keys[order], values[order]
        places = self._keys.searchsorted(keys)
        known = places < len(self._keys)
        known[known] = self._keys[places[known]] == keys[known]
        self._values[places[known]] = values[known]
        self._keys = np.insert(self._keys, places[~known], keys[~known])
        self._values = np.insert(self._values, places[~known], values[~known])
        self._fresh = {}


def _key(name: str) -> int:
    # Names of files may hold bytes that are no text, and these become surrogates.
    data = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)
