"""What this machine, or the container around the process, allows."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_CGROUP_USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
_MEMINFO = "/proc/meminfo"
_LEAST, _MOST = 512 * 2**20, 4 * 2**30


def threads() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> int | None:
    """Bytes that this process may have: the machine's, or its container's limit."""
    limits = [_first_number(_CGROUP_LIMITS)]
    with contextlib.suppress(ValueError, OSError, AttributeError):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min((limit for limit in limits if limit is not None), default=None)


def free_memory() -> int | None:
    """Bytes that are free to this process; None where the system does not say."""
    free = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path(_MEMINFO).read_text().splitlines()
        (available,) = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        free.append(1024 * int(available))
    limit, used = _first_number(_CGROUP_LIMITS), _first_number(_CGROUP_USED)
    if limit is not None and used is not None:
        free.append(max(0, limit - used))
    return min(free) if free else None


def default_memory() -> int:
    """Half of what is free, 512 MiB at least and 4 GiB at most; 2 GiB where it is not known."""
    free = free_memory()
    return 2 * 2**30 if free is None else min(max(free // 2, _LEAST), _MOST)


def _first_number(paths: tuple[str, ...]) -> int | None:
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            return int(Path(path).read_text())
    return None
