"""Enhance the pictures under a URL or path by Dask: python with_dask.py SOURCE OUTPUT

It needs, beside scotopic: pip install 'dask[bag]' distributed
It starts a cluster of processes on this machine. For one of many machines, give
`Client` the address of its scheduler.
"""

import sys
from functools import cache

try:
    import dask.bag
    from dask.distributed import Client
except ImportError:
    sys.exit("this needs Dask; pip install 'dask[bag]' distributed")

from scotopic import Enhancer
from scotopic.cloud.locations import names, target_of
from scotopic.cloud.step import enhance_object
from scotopic.jobs.settings import Settings

SETTINGS = Settings()


@cache
def enhancer():
    """The one network of this process."""
    return Enhancer(threads=1)


def enhanced(pairs):
    """What became of the pictures of a partition."""
    outcomes = (enhance_object(enhancer(), *pair, SETTINGS) for pair in pairs)
    return [outcome.as_dict() for outcome in outcomes]


def run(source, output):
    """Numbers of pictures by what became of them."""
    pairs = [(name, target_of(name, source, output, SETTINGS)) for name in names(source)]
    # Small partitions, so that all workers end at about the same time.
    bag = dask.bag.from_sequence(pairs, partition_size=32)
    return bag.map_partitions(enhanced).pluck("status").frequencies().compute()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python with_dask.py SOURCE OUTPUT")
    with Client(threads_per_worker=1):
        for status, count in run(*sys.argv[1:]):
            print(status, count)
