"""Time and memory of `Enhancer` and of files, at four sizes.

    python benchmarks/speed.py [--model fast] [--provider openvino] [--repeats 5] [--json speed.json]

Each size runs in a process of its own, so that its peak memory is its own.
Shares of the machine's matrix-product rate count the multiply-adds of the
local branch alone, two operations each: over the time of the bare graph on a
tile of 1920x1080, of which the share that convolutions take is told too, and
over that of the whole way from pixels to pixels. The rate is that of a float32 product of 2048x2048
matrices by ONNX Runtime with the same threads. Beside it stands OpenCV's
CLAHE of the lightness, the floor that a user could have instead (`pip install
opencv-python-headless`; without it the column is empty).
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

from scotopic.enhancer import Enhancer
from scotopic.networks.registry import DEFAULT_MODEL, find_model
from scotopic.photo import reading, writing
from scotopic.photo.photo import Photo
from scotopic.pixels import planes

SIZES = {
    "600x400": (600, 400),
    "1920x1080": (1920, 1080),
    "12 MP": (4000, 3000),
    "24 MP": (6000, 4000),
}


def picture(width: int, height: int) -> np.ndarray:
    """A dark picture with structure and a little noise."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 60, (30, 40, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    return smooth + rng.integers(0, 4, smooth.shape, dtype=np.uint8)


def timed(call: Callable[[], object], repeats: int) -> dict[str, float]:
    """Least, median and greatest seconds of a call, after one to warm up."""
    call()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return {"least": min(seconds), "median": statistics.median(seconds), "greatest": max(seconds)}


def multiply_adds_per_pixel(model: str) -> float:
    """Of the local branch: those of its convolutions, each at its own scale."""
    graph = onnx.load(str(find_model(model))).graph
    weights = {one.name: one.dims for one in graph.initializer}
    # Weights in half precision are cast first.
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in weights]
    weights.update({node.output[0]: weights[node.input[0]] for node in casts})
    halvings = {"picture": 0}
    total = 0.0
    for node in graph.node:
        levels = [halvings[name] for name in node.input if name in halvings]
        if not levels:
            continue
        level = max(levels)
        if node.op_type == "Conv":
            level += any(a.name == "strides" and set(a.ints) == {2} for a in node.attribute)
            total += float(np.prod(weights[node.input[1]])) / 4**level
        level += {"SpaceToDepth": 1, "DepthToSpace": -1, "Resize": -1}.get(node.op_type, 0)
        halvings.update(dict.fromkeys(node.output, level))
    return total


def bare_graph(model: str, repeats: int) -> tuple[float, float]:
    """Median seconds of the graph alone on 1920x1080, and the share that convolutions take."""
    height, width = 1088, 1920
    options = onnxruntime.SessionOptions()
    with tempfile.TemporaryDirectory() as folder:
        options.enable_profiling, options.profile_file_prefix = True, f"{folder}/graph"
        session = onnxruntime.InferenceSession(
            str(find_model(model)), options, providers=["CPUExecutionProvider"]
        )
        inputs = {
            value.name: np.zeros([n if isinstance(n, int) else 1 for n in value.shape], np.float32)
            for value in session.get_inputs()
        }
        inputs["picture"] = planes.planes(picture(width, height))
        inputs["rows"], inputs["columns"] = np.ones((height, 1), "f"), np.ones((width, 1), "f")
        seconds = timed(lambda: session.run(["enhanced"], inputs), repeats)["median"]
        events = json.loads(Path(session.end_profiling()).read_text())
    spent: dict[str, float] = {}
    for event in events:
        if event.get("cat") == "Node":
            kind = event["args"].get("op_name", "")
            spent[kind] = spent.get(kind, 0) + event["dur"]
    return seconds, sum(t for kind, t in spent.items() if "Conv" in kind) / sum(spent.values())


def matrix_rate() -> float:
    """Operations a second of a matrix product, by the runtime that runs the network."""
    side = 2048
    helper = onnx.helper
    value = [helper.make_tensor_value_info(n, 1, [side, side]) for n in ("a", "b", "c")]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"])], "g", value[:2], value[2:]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    a, b = np.random.default_rng(0).random((2, side, side), dtype=np.float32)
    seconds = timed(lambda: session.run(None, {"a": a, "b": b}), 7)["median"]
    return 2 * side**3 / seconds


def clahe(pixels: np.ndarray) -> Callable[[], object] | None:
    """OpenCV's contrast-limited histogram equalisation, as tutorials have it."""
    try:
        import cv2
    except ImportError:
        return None

    def equalise() -> np.ndarray:
        lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
        lab[..., 0] = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(lab[..., 0])
        return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))

    return equalise


def measure(name: str, model: str, provider: str, repeats: int) -> dict[str, object]:
    """All of one size."""
    began = time.perf_counter()
    enhancer = Enhancer(model, provider=provider)
    loading = time.perf_counter() - began
    pixels = picture(*SIZES[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    enhancing = timed(lambda: enhancer.enhance_array(pixels), repeats)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    data = buffer.getvalue()
    floor = clahe(pixels)
    return {
        "size": name,
        "pixels": pixels.shape[0] * pixels.shape[1],
        "loading": loading,
        "enhancing": enhancing,
        "decoding": timed(lambda: reading.read(data), repeats),
        "encoding": timed(lambda: writing.encode(Photo(pixels), "JPEG"), repeats),
        "clahe": None if floor is None else timed(floor, repeats),
        "memory_before": before * 1024,
        "memory_peak": peak * 1024,
    }


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--provider", default="cpu")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", help="file to write")
    parser.add_argument("--size", choices=SIZES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.size:
        print(json.dumps(measure(options.size, options.model, options.provider, options.repeats)))
        return
    work, rate = 2 * multiply_adds_per_pixel(options.model), matrix_rate()
    seconds, convolving = bare_graph(options.model, options.repeats)
    print(f"local branch: {work / 2000:.1f} thousand multiply-adds a pixel")
    print(f"matrix product: {rate / 1e9:.0f} GFLOP/s")
    share = 1088 * 1920 * work / seconds / rate
    print(
        f"bare graph, 1920x1080: {seconds:.3f} s, {share:.0%} of that rate,"
        f" {convolving:.0%} of the time in convolutions\n"
    )
    print(
        "size        enhance: median (least to greatest)  of rate  decode  encode"
        "  load    peak       CLAHE"
    )
    rows = []
    for name in SIZES:
        command = [sys.executable, __file__, "--size", name, "--repeats", str(options.repeats)]
        command += ["--model", options.model, "--provider", options.provider]
        row = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        taken = row["enhancing"]
        row["share_of_rate"] = row["pixels"] * work / taken["median"] / rate
        rows.append(row)
        spread = f"({taken['least']:.3f} to {taken['greatest']:.3f})"
        print(
            f"{name:11} {taken['median']:6.3f} s {spread:27} {row['share_of_rate']:6.0%}"
            f"{row['decoding']['median']:8.3f}{row['encoding']['median']:8.3f}"
            f"{row['loading']:6.2f}{row['memory_peak'] / 2**20:8.0f} MiB"
            + (f"{row['clahe']['median']:8.3f}" if row["clahe"] else "")
        )
    if options.json:
        report = {
            "model": options.model,
            "provider": options.provider,
            "operations_per_pixel": work,
            "matrix_rate": rate,
            "bare_graph": {"seconds": seconds, "in_convolutions": convolving},
            "sizes": rows,
        }
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
