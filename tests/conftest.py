"""One thread for each process that runs tests, and no telemetry of a library."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # some tests import it by themselves
sys.modules.setdefault("openvino_telemetry", None)  # what OpenVINO reports with when imported

# Several workers, each with as many threads as there are processors, would be in
# each other's way: each worker, and what it starts, gets a processor of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker and hasattr(os, "sched_setaffinity"):
    _processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {_processors[int(_worker.removeprefix("gw")) % len(_processors)]})
