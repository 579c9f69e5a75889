"""What ffprobe says of films and of their results, side by side.

    python benchmarks/video_streams.py [--model fast] [--threads N] [--folder DIR] [CASE ...]

Makes small dark films with ffmpeg (benchmarks/video_clips.py), enhances each as
`scotopic video` does, and prints for source and result every stream, chapters and
metadata; whether the copied packets are identical by hash; whether the stamps of the
pictures are the same; and how far the pictures' start has moved against the sound's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import video_clips

from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.video import containers
from scotopic.video.one import enhance_film
from scotopic.video.settings import VideoSettings

_SHOWN = (
    "codec_name width height pix_fmt sample_aspect_ratio color_range color_space color_transfer "
    "color_primaries r_frame_rate time_base start_time duration channels sample_rate"
)


def probed(path: Path, *options: str) -> dict[str, Any]:
    """What ffprobe says of a file."""
    command = ["ffprobe", "-v", "quiet", "-of", "json", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout or "{}")
    return found


def said(path: Path) -> dict[str, str]:
    """A file, as names and values."""
    found = probed(path, "-show_streams", "-show_format", "-show_chapters")
    values: dict[str, str] = {}
    for stream in found.get("streams", []):
        place = f"#{stream['index']} "
        values[place] = stream.get("codec_type", "")
        for name in _SHOWN.split():
            if stream.get(name) not in (None, "N/A"):
                values[place + name] = str(stream[name])
        flags = [name for name, on in stream["disposition"].items() if on]
        values[place + "for"] = ",".join(flags)
        for each in stream.get("side_data_list", []):
            if "rotation" in each:
                values[place + "rotation"] = str(each["rotation"])
        values |= {f"{place}{name.lower()}": text for name, text in stream.get("tags", {}).items()}
    for chapter in found.get("chapters", []):
        span = f"{chapter['start_time']} to {chapter['end_time']}"
        values[f"chapter {chapter['id']}"] = f"{span} {chapter.get('tags', {}).get('title')}"
    tags = found.get("format", {}).get("tags", {})
    return {**values, **{name.lower(): text for name, text in tags.items()}}


def packets(path: Path) -> dict[int, list[dict[str, Any]]]:
    """The packets of each stream, with hashes."""
    found = probed(path, "-show_packets", "-show_data_hash", "sha256")
    streams: dict[int, list[dict[str, Any]]] = {}
    for packet in found.get("packets", []):
        streams.setdefault(packet["stream_index"], []).append(packet)
    return streams


def kinds(path: Path) -> list[tuple[int, str]]:
    """Number and kind of each stream, but for the titles of chapters and time codes."""
    found = probed(path, "-show_streams").get("streams", [])
    return [
        (
            stream["index"],
            "cover" if stream["disposition"]["attached_pic"] else stream["codec_type"],
        )
        for stream in found
        if stream["codec_type"] != "data"
    ]


def copied(source: Path, result: Path) -> Iterator[str]:
    """Whether the packets of each stream that is copied are the same."""
    before, after = packets(source), packets(result)
    for (number, kind), (other, _) in zip(kinds(source), kinds(result), strict=False):
        if kind in ("video", "attachment"):
            continue
        hashes = [
            hashlib.sha256("".join(p["data_hash"] for p in each).encode()).hexdigest()[:12]
            for each in (before.get(number, []), after.get(other, []))
        ]
        counts = len(before.get(number, [])), len(after.get(other, []))
        same = "identical" if hashes[0] == hashes[1] else "DIFFERENT"
        yield f"packets of {kind} {number}: {counts[0]} and {counts[1]}, {same} ({hashes[0]})"


def stamps(path: Path, kind: str = "v:0") -> list[float]:
    """The times of a stream's frames or packets, as they are shown.

    Frames between others have no time of their own in AVI: FFmpeg tells it by its order.
    """
    guess = "best_effort_timestamp_time"
    entry = f"frame=pts_time,{guess}" if kind.startswith("v") else "packet=pts_time"
    found = probed(path, "-select_streams", kind, "-show_entries", entry)
    items = found.get("frames") or found.get("packets") or []
    times = (item.get("pts_time", item.get(guess)) for item in items)
    return [float(time) for time in times if time is not None]


def timing(source: Path, result: Path) -> Iterator[str]:
    """Whether the stamps are the same, and whether pictures and sound moved apart."""
    before, after = stamps(source), stamps(result)
    shared = list(zip(before, after, strict=False))
    worst = max((abs(one - other) for one, other in shared), default=0.0)
    yield f"frames: {len(before)} and {len(after)}; stamps differ by {1000 * worst:.3f} ms at most"
    sounds = [stamps(path, "a:0")[:1] for path in (source, result)]
    if all(sounds) and shared:
        offsets = [
            frames[0] - sound[0] for frames, sound in zip((before, after), sounds, strict=True)
        ]
        yield f"pictures against sound: {1000 * (offsets[1] - offsets[0]):+.3f} ms"


def main() -> None:
    """Make, enhance and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[[], *video_clips.CASES])
    parser.add_argument("--model", default="fast")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--folder", type=Path, help="keep the films here")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="scotopic-films-"))
    results = folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    with Enhancer(options.model, threads=options.threads) as enhancer:
        for name in options.cases or video_clips.CASES:
            make = video_clips.CASES[name]
            source = make(folder)
            result = results / f"{source.stem}{containers.suffix_of_result(source)}"
            print(f"\n=== {name}: {make.__doc__}\n    {source} -> {result}")
            try:
                outcome = enhance_film(enhancer, source, result, VideoSettings(overwrite=True))
            except ScotopicError as error:
                print(f"    refused: {error}")
                continue
            before, after = said(source), said(result)
            for key in dict.fromkeys([*before, *after]):
                left, right = before.get(key, "-"), after.get(key, "-")
                print(f"{' ' if left == right else '*'} {key:28} {left[:36]:36} | {right[:36]}")
            for text in (*copied(source, result), *timing(source, result)):
                print(f"    {text}")
            for note in outcome.notes:
                print(f"    note: {note}")


if __name__ == "__main__":
    main()
