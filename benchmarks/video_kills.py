"""A film killed at random moments and gone on with.

    python benchmarks/video_kills.py [--rounds 10] [--frames 240] [--model fast] [--seed 0]

Each round enhances the same film anew, kills the process (SIGKILL) at a random moment
once or several times, and runs the same command to its end. Then the decoded frames must
be those of an undisturbed run, by their hashes, and nothing may be left beside the target.
(That nothing is enhanced twice, `tests/video/test_resuming.py` counts.)
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import video_clips


def make(folder: Path, frames: int) -> Path:
    """A film with B-frames, sound and a cut."""
    path, seconds = folder / "film.mp4", frames / video_clips.RATE
    dark = "lutyuv=y=minval+(val-minval)/5:u=val/3+85:v=val/3+85,noise=alls=4:allf=t"
    codec = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    sound = video_clips.tone(440, seconds)
    video_clips.ffmpeg(
        *video_clips.picture("192x108", "testsrc2", seconds), *sound, "-vf", dark, *codec, str(path)
    )
    return path


def command(source: Path, target: Path, model: str) -> list[str]:
    """The command that is killed and run again."""
    start = [sys.executable, "-m", "scotopic", "video", str(source), "-o", str(target)]
    return [*start, "--model", model, "--json", "-q"]


def hashes(path: Path) -> list[str]:
    """Of all decoded frames, with their stamps."""
    call = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if not line.startswith("#")]


def one_round(
    source: Path, target: Path, model: str, pauses: Iterable[Callable[[], None]]
) -> tuple[int, int]:
    """Kill after each pause, go on; how often it was killed, and frames of the last run's start."""
    kills = 0
    for pause in pauses:
        with subprocess.Popen(command(source, target, model), stdout=subprocess.DEVNULL) as process:
            pause()
            kills += process.poll() is None
            process.kill()
        if target.exists():
            return kills, -1
    done = subprocess.run(
        command(source, target, model), capture_output=True, text=True, check=True
    )
    return kills, int(json.loads(done.stdout)["resumed_at"])


def main() -> None:
    """Run the rounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--model", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, whole = make(folder, options.frames), folder / "whole.mp4"
        began = time.monotonic()
        subprocess.run(command(source, whole, options.model), check=True, stdout=subprocess.DEVNULL)
        needed = time.monotonic() - began
        wanted = hashes(whole)
        print(f"undisturbed: {len(wanted)} frames in {needed:.1f} s")
        for number in range(options.rounds):
            target = folder / f"killed{number}.mp4"
            delays = list(rng.uniform(0.5, needed, 1 + number % 3))
            pauses = [partial(time.sleep, delay) for delay in delays]
            kills, earlier = one_round(source, target, options.model, pauses)
            found = hashes(target)
            left = [path.name for path in folder.glob(".*")]
            same = "the same frames" if found == wanted and not left else "OTHER FRAMES"
            print(
                f"round {number}: killed {kills} times after "
                f"{', '.join(f'{each:.1f}' for each in delays)} s, gone on at frame {earlier}: "
                f"{len(found)} frames, {same} {left or ''}"
            )


if __name__ == "__main__":
    main()
