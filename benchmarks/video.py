"""Frames a second of films, stage by stage, beside ffmpeg alone and another network; and memory.

    python benchmarks/video.py speed [--frames 48] [--threads 2] [SIZE ...]
    python benchmarks/video.py memory [--frames 10000]

`speed`, for 1280x720 and 1920x1080 or the sizes given (as 1280x720): decoding alone and encoding alone by PyAV,
transcoding by the program ffmpeg with the same encoder, and whole runs of `scotopic video` with the networks
`standard` and `fast`, with and without the filter over time, and a preview. Zero-DCE (Guo et al., CVPR
2020: seven convolutions of 32 channels, and eight iterations of its curve) is its graph alone in the same runtime, with random
weights, on which its speed does not depend. Run it on an idle machine.

`memory` enhances a small film of so many frames, and one of a tenth of them, each in a process of its own,
and prints the most memory that each took.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import numpy as np
import onnxruntime
import torch
import video_clips

from scotopic.enhancer import Enhancer
from scotopic.video.one import enhance_film
from scotopic.video.settings import VideoSettings

SIZES = ("1280x720", "1920x1080")
DARK = "lutyuv=y=minval+(val-minval)/5:u=val/3+85:v=val/3+85,noise=alls=4:allf=t"
WAYS = (
    ("standard", VideoSettings()),
    ("standard", VideoSettings(temporal=0)),
    ("fast", VideoSettings()),
    ("fast", VideoSettings(temporal=0)),
    ("fast", VideoSettings(preview=True)),
)
X264 = ["-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p"]


class ZeroDCE(torch.nn.Module):
    """The enhancement network of the paper, section 3.2."""

    def __init__(self) -> None:
        super().__init__()
        inputs, outputs = (3, 32, 32, 32, 64, 64, 64), (32, 32, 32, 32, 32, 32, 24)
        self.convs = torch.nn.ModuleList(
            torch.nn.Conv2d(a, b, 3, padding=1) for a, b in zip(inputs, outputs, strict=True)
        )

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Brighten pictures, (batch, 3, height, width), in 0..1."""
        first = torch.relu(self.convs[0](picture))
        second = torch.relu(self.convs[1](first))
        third = torch.relu(self.convs[2](second))
        joined = torch.relu(self.convs[3](third))
        joined = torch.relu(self.convs[4](torch.cat([third, joined], 1)))
        joined = torch.relu(self.convs[5](torch.cat([second, joined], 1)))
        curves = torch.tanh(self.convs[6](torch.cat([first, joined], 1)))
        for curve in torch.chunk(curves, 8, 1):
            picture = picture + curve * (picture * picture - picture)
        return picture


def film(folder: Path, size: str, frames: int) -> Path:
    """A dark film with noise and sound."""
    path, seconds = folder / f"{size}-{frames}.mp4", frames / video_clips.RATE
    picture = video_clips.picture(size, "testsrc2", seconds)
    video_clips.ffmpeg(
        *picture, *video_clips.tone(440, seconds), "-vf", DARK, *X264, "-c:a", "aac", str(path)
    )
    return path


def rate(name: str, frames: int, run: Callable[[], object]) -> None:
    """Print how many frames a second a way takes."""
    began = time.perf_counter()
    run()
    print(f"  {name:42} {frames / (time.perf_counter() - began):8.2f} frames a second", flush=True)


def decoded(path: Path) -> list[av.VideoFrame]:
    """All frames of a film."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def encode(frames: list[av.VideoFrame], path: Path) -> None:
    """Encode frames as `scotopic video` does."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=video_clips.RATE, options={"crf": "18"})
        stream.width, stream.height = frames[0].width, frames[0].height
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def speed(size: str, count: int, threads: int | None) -> None:
    """Print the table of a size."""
    print(f"{size}, {count} frames")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = film(folder, size, count)
        frames = decoded(path)
        rate("decoding alone", count, lambda: decoded(path))
        rate("encoding alone", count, lambda: encode(frames, folder / "encoded.mp4"))
        transcode = ["ffmpeg", "-v", "error", "-y", "-i", str(path), *X264, "-c:a", "copy"]
        transcode.append(str(folder / "transcoded.mp4"))
        rate("ffmpeg, transcoding", count, lambda: subprocess.run(transcode, check=True))
        for model, settings in WAYS:
            named = f"{model}, temporal {settings.temporal}" + ", preview" * settings.preview
            enhanced = partial(
                enhance_film,
                Enhancer(model, threads=threads),
                path,
                folder / f"{named}.mp4",
                settings,
            )
            rate(f"scotopic video, {named}", count, enhanced)
        width, height = map(int, size.split("x"))
        session = zero_dce(folder, height, width, threads)
        picture = np.random.default_rng(0).random((1, 3, height, width), np.float32)
        few = max(1, count // 8)

        def peer() -> None:
            for _ in range(few):
                session.run(None, {"picture": picture})

        rate("Zero-DCE, its graph alone", few, peer)


def zero_dce(
    folder: Path, height: int, width: int, threads: int | None
) -> onnxruntime.InferenceSession:
    """Zero-DCE in ONNX Runtime, for pictures of one size."""
    path = folder / "zero_dce.onnx"
    example = torch.zeros(1, 3, height, width)
    torch.onnx.export(
        ZeroDCE().eval(), (example,), str(path), input_names=["picture"], dynamo=False
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def memory(count: int) -> None:
    """Print the most memory of runs over films of two lengths."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for frames in (count // 10, count):
            path = film(folder, "320x180", frames)
            command = [sys.executable, __file__, "one", str(path), str(folder / f"{frames}.mkv")]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            print(f"{frames} frames: {told.strip()} MB at most", flush=True)


def one(path: Path, target: Path) -> None:
    """Enhance a film, and print the most memory of this process, in MB."""
    enhance_film(Enhancer("fast"), path, target, VideoSettings())
    print(round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["speed", "memory", "one"])
    parser.add_argument("given", nargs="*")
    parser.add_argument("--frames", type=int)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.what == "speed":
        for size in options.given or SIZES:
            speed(size, options.frames or 48, options.threads)
    elif options.what == "memory":
        memory(options.frames or 10_000)
    else:
        one(*map(Path, options.given))


if __name__ == "__main__":
    main()
