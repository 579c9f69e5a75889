"""What this machine, or the container around the process, allows."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
from pathlib import Path

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_CGROUP_USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
_CGROUP_STATS = ("/sys/fs/cgroup/memory.stat", "/sys/fs/cgroup/memory/memory.stat")
_CPU_MAX = "/sys/fs/cgroup/cpu.max"
_CPU_QUOTA_V1 = ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us")
_MEMINFO = "/proc/meminfo"
PROCESS_BYTES = 200 * 2**20
"""What a process of scotopic takes without any picture."""
_LEAST, _MOST = 512 * 2**20, 4 * 2**30


def threads() -> int:
    """Processors that this process may use: the machine's, or its container's share, rounded up."""
    count = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    return max(1, min(count, _quota() or count))


def _quota() -> int | None:
    """Processors of the container's share; None without a limit. Linux, cgroup-v2 and -v1."""
    with contextlib.suppress(OSError, ValueError):
        allowed, period = Path(_CPU_MAX).read_text().split()
        return math.ceil(int(allowed) / int(period))  # "max" is no number: no limit
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        allowed, period = (Path(path).read_text() for path in _CPU_QUOTA_V1)
        return math.ceil(int(allowed) / int(period)) if int(allowed) > 0 else None
    return None


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
        free.append(max(0, limit - used + _given_back_at_need()))
    return min(free) if free else None


def _given_back_at_need() -> int:
    """Bytes of files that are kept only in case they are read again; part of what is used."""
    for path in _CGROUP_STATS:
        with contextlib.suppress(OSError, ValueError):
            found = dict(line.split() for line in Path(path).read_text().splitlines())
            return int(found.get("total_inactive_file", found.get("inactive_file", 0)))
    return 0


def default_memory() -> int:
    """Half of what is free, 512 MiB at least and 4 GiB at most; 2 GiB where it is not known."""
    free = free_memory()
    return 2 * 2**30 if free is None else min(max(free // 2, _LEAST), _MOST)


def give_memory_back() -> None:
    """Have the C library give the system what it holds of freed memory, where it can (glibc).

    It keeps much of what many threads have freed, for programs that take it again soon.
    """
    with contextlib.suppress(OSError, AttributeError, ValueError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _first_number(paths: tuple[str, ...]) -> int | None:
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            return int(Path(path).read_text())
    return None
