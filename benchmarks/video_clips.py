"""Small dark films of every kind, made with ffmpeg, for measurements and tests."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

SECONDS = 2
RATE = 25
_DARK = "lutyuv=y=minval+(val-minval)/5:u=val/3+85:v=val/3+85,noise=alls=4:allf=t"
_DEEP = "format=yuv420p10le,lutyuv=y=minval+(val-minval)/5:u=val/3+340:v=val/3+340"
_ODD = "scale=161:91,setsar=1"
_H264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
_CHAPTERS = """;FFMETADATA1
title=Night walk
artist=Nobody
comment=For tests
[CHAPTER]
TIMEBASE=1/1000
START=0
END=900
title=Street
[CHAPTER]
TIMEBASE=1/1000
START=900
END=2000
title=Bridge
"""
_SUBTITLES = """1
00:00:00,200 --> 00:00:00,900
First line

2
00:00:01,100 --> 00:00:01,800
Second line
"""


def picture(size: str = "192x108", source: str = "testsrc2", seconds: float = SECONDS) -> list[str]:
    """Arguments for a dark moving picture."""
    return ["-f", "lavfi", "-i", f"{source}=size={size}:rate={RATE}:duration={seconds}"]


def tone(frequency: int = 440, seconds: float = SECONDS) -> list[str]:
    """Arguments for a sound."""
    return ["-f", "lavfi", "-i", f"sine=frequency={frequency}:duration={seconds}:sample_rate=48000"]


def ffmpeg(*arguments: str) -> None:
    """Run ffmpeg."""
    command = ["ffmpeg", "-y", "-v", "error", "-nostdin", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def _simple(path: Path, *options: str, size: str = "192x108", vf: str = _DARK) -> Path:
    ffmpeg(
        *picture(),
        *tone(),
        "-vf",
        f"scale={size.replace('x', ':')},setsar=1,{vf}",
        *_H264,
        "-c:a",
        "aac",
        *options,
        str(path),
    )
    return path


def plain(folder: Path) -> Path:
    """H.264 and AAC in MP4."""
    return _simple(folder / "plain.mp4")


def two_audio(folder: Path) -> Path:
    """Two sounds of two languages, with titles, in MP4."""
    path = folder / "two_audio.mp4"
    maps = ["-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:a", "aac"]
    names = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"]
    names += ["-disposition:a:0", "default", "-disposition:a:1", "comment"]
    ffmpeg(*picture(), *tone(), *tone(880), "-vf", _DARK, *maps, *_H264, *names, str(path))
    return path


def two_audio_mkv(folder: Path) -> Path:
    """FLAC and Opus with titles in Matroska."""
    path = folder / "two_audio.mkv"
    maps = ["-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:a:0", "flac", "-c:a:1", "libopus"]
    names = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:0", "title=Sound"]
    names += ["-metadata:s:a:1", "language=deu", "-disposition:a:1", "visual_impaired"]
    ffmpeg(*picture(), *tone(), *tone(880), "-vf", _DARK, *maps, *_H264, *names, str(path))
    return path


def subtitles(folder: Path) -> Path:
    """SubRip and ASS subtitles, and an attachment, in Matroska."""
    path, text, font = folder / "subtitles.mkv", folder / "text.srt", folder / "font.ttf"
    text.write_text(_SUBTITLES)
    font.write_bytes(bytes(range(256)) * 8)
    inputs = [*picture(), *tone(), "-i", str(text), "-i", str(text)]
    maps = ["-map", "0:v", "-map", "1:a", "-map", "2:s", "-map", "3:s"]
    codecs = [*_H264, "-c:a", "aac", "-c:s:0", "subrip", "-c:s:1", "ass"]
    names = ["-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=fra"]
    names += ["-disposition:s:0", "default", "-disposition:s:1", "forced"]
    attach = ["-attach", str(font), "-metadata:s:t", "mimetype=application/x-truetype-font"]
    ffmpeg(*inputs, "-vf", _DARK, *maps, *codecs, *names, *attach, str(path))
    return path


def subtitles_mp4(folder: Path) -> Path:
    """Subtitles of MP4 (tx3g)."""
    path, text = folder / "subtitles.mp4", folder / "text.srt"
    text.write_text(_SUBTITLES)
    maps = ["-map", "0:v", "-map", "1:a", "-map", "2:s", "-metadata:s:s:0", "language=eng"]
    codecs = [*_H264, "-c:a", "aac", "-c:s", "mov_text"]
    ffmpeg(*picture(), *tone(), "-i", str(text), "-vf", _DARK, *maps, *codecs, str(path))
    return path


def _chapters(path: Path) -> Path:
    text = path.with_suffix(".txt")
    text.write_text(_CHAPTERS)
    inputs = [*picture(), *tone(), "-f", "ffmetadata", "-i", str(text)]
    maps = ["-map", "0:v", "-map", "1:a", "-map_metadata", "2", "-map_chapters", "2"]
    ffmpeg(*inputs, "-vf", _DARK, *maps, *_H264, "-c:a", "aac", str(path))
    return path


def chapters(folder: Path) -> Path:
    """Two chapters and metadata in Matroska."""
    return _chapters(folder / "chapters.mkv")


def chapters_mp4(folder: Path) -> Path:
    """The same in MP4."""
    return _chapters(folder / "chapters.mp4")


def rotated(folder: Path) -> Path:
    """Turned by 90 degrees by a display matrix, with a metadata name of its own."""
    upright, path = plain(folder), folder / "rotated.mp4"
    names = ["-metadata:s:v:0", "rotate=90", "-movflags", "use_metadata_tags"]
    names += ["-metadata", "com.example.lens=wide"]
    ffmpeg("-i", str(upright), "-c", "copy", *names, str(path))
    return path


def _variable(path: Path) -> Path:
    vary = f"{_DARK},select='lt(mod(n,7),3)+eq(mod(n,11),5)'"
    return _simple(path, "-vsync", "vfr", vf=vary)


def variable_rate(folder: Path) -> Path:
    """Frames at uneven times in MP4."""
    return _variable(folder / "variable_rate.mp4")


def variable_rate_mkv(folder: Path) -> Path:
    """The same in Matroska."""
    return _variable(folder / "variable_rate.mkv")


def ten_bits(folder: Path) -> Path:
    """HEVC with 10 bits, BT.709, in MP4."""
    path = folder / "ten_bits.mp4"
    colours = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"]
    codec = ["-c:v", "libx265", "-preset", "veryfast", "-x265-params", "log-level=none"]
    codec += ["-tag:v", "hvc1", "-pix_fmt", "yuv420p10le"]
    ffmpeg(*picture(), *tone(), "-vf", _DEEP, *codec, *colours, "-c:a", "aac", str(path))
    return path


def ten_bits_h264(folder: Path) -> Path:
    """H.264 with 10 bits in Matroska, full range, BT.601."""
    path = folder / "ten_bits_h264.mkv"
    colours = ["-color_range", "pc", "-colorspace", "smpte170m", "-color_primaries", "smpte170m"]
    codec = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p10le"]
    ffmpeg(*picture(), "-vf", _DEEP, *codec, *colours, str(path))
    return path


def odd_size(folder: Path) -> Path:
    """VP9 of 161x91 with Opus in WebM."""
    path = folder / "odd_size.webm"
    codec = ["-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-cpu-used", "8", "-c:a", "libopus"]
    ffmpeg(*picture(), *tone(), "-vf", f"{_ODD},{_DARK},format=yuv420p", *codec, str(path))
    return path


def odd_size_444(folder: Path) -> Path:
    """H.264 of 161x91, 4:4:4, in MP4."""
    return _simple(folder / "odd_size_444.mp4", "-pix_fmt", "yuv444p", size="161x91")


def odd_size_mjpeg(folder: Path) -> Path:
    """Motion JPEG of 161x91, 4:2:0 and full range, in QuickTime."""
    path = folder / "odd_size_mjpeg.mov"
    codec = ["-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"]
    ffmpeg(*picture(), "-vf", f"{_ODD},{_DARK}", *codec, str(path))
    return path


def anamorphic(folder: Path) -> Path:
    """Pixels of 4:3, BT.601 of 625 lines, in Matroska."""
    colours = ["-color_primaries", "bt470bg", "-color_trc", "gamma28", "-colorspace", "bt470bg"]
    return _simple(folder / "anamorphic.mkv", *colours, vf=f"{_DARK},setsar=4/3")


def anamorphic_mp4(folder: Path) -> Path:
    """Pixels of 4:3, full range, in MP4."""
    colours = ["-color_range", "pc", "-colorspace", "bt709"]
    return _simple(folder / "anamorphic.mp4", *colours, vf=f"{_DARK},setsar=4/3")


def no_audio(folder: Path) -> Path:
    """Pictures alone, in QuickTime, with a time code."""
    path = folder / "no_audio.mov"
    ffmpeg(*picture(), "-vf", _DARK, *_H264, "-timecode", "01:00:00:00", str(path))
    return path


def _cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    return path


def truncated(folder: Path) -> Path:
    """Matroska of which the last 40 % are missing."""
    return _cut(_simple(folder / "truncated.mkv"), 0.6)


def truncated_mp4(folder: Path) -> Path:
    """MP4, with its index at the start, of which the last 40 % are missing."""
    return _cut(_simple(folder / "truncated.mp4", "-movflags", "+faststart"), 0.6)


def damaged(folder: Path) -> Path:
    """Matroska with zeros in its middle."""
    path = _simple(folder / "damaged.mkv")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    return path


def stamps_back(folder: Path) -> Path:
    """Stamps that go back at every twentieth frame, in Matroska."""
    path, upright = folder / "stamps_back.mkv", folder / "upright.mkv"
    _simple(upright, "-bf", "0")
    stamps = r"setts=pts=if(eq(mod(N\,20)\,10)\,PTS+120\,PTS)"
    ffmpeg("-i", str(upright), "-c", "copy", "-bsf:v", stamps, str(path))
    return path


def no_frames(folder: Path) -> Path:
    """Matroska that ends after its head."""
    path = _simple(folder / "no_frames.mkv")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\x1f\x43\xb6\x75")])
    return path


def late_audio(folder: Path) -> Path:
    """Sound that begins 0.5 s after the pictures, in MP4."""
    path, whole = folder / "late_audio.mp4", plain(folder)
    inputs = ["-i", str(whole), "-itsoffset", "0.5", "-i", str(whole)]
    ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", str(path))
    return path


def late_pictures(folder: Path) -> Path:
    """Pictures that begin 0.5 s after the sound, in Matroska."""
    path, whole = folder / "late_pictures.mkv", plain(folder)
    inputs = ["-itsoffset", "0.5", "-i", str(whole), "-i", str(whole)]
    ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", str(path))
    return path


def edit_list(folder: Path) -> Path:
    """MP4 whose edit list hides the start, as one that was cut without encoding."""
    path, whole = folder / "edit_list.mp4", folder / "whole.mp4"
    _simple(whole, "-g", "50")
    ffmpeg("-ss", "0.7", "-i", str(whole), "-c", "copy", str(path))
    return path


def cover(folder: Path) -> Path:
    """MP4 with a cover."""
    path, whole, image = folder / "cover.mp4", plain(folder), folder / "cover.png"
    ffmpeg(*picture("64x64"), "-frames:v", "1", str(image))
    maps = ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1", "attached_pic"]
    ffmpeg("-i", str(whole), "-i", str(image), *maps, str(path))
    return path


def other_container(folder: Path) -> Path:
    """MPEG transport stream."""
    return _simple(folder / "other_container.ts")


def avi(folder: Path) -> Path:
    """MPEG-4 part 2 and MP3 in AVI."""
    path = folder / "old.avi"
    codec = ["-c:v", "mpeg4", "-q:v", "3", "-bf", "2", "-c:a", "libmp3lame"]
    ffmpeg(*picture(), *tone(), "-vf", _DARK, *codec, str(path))
    return path


def prores(folder: Path) -> Path:
    """ProRes, 4:2:2 with 10 bits, in QuickTime."""
    path = folder / "prores.mov"
    codec = ["-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"]
    ffmpeg(*picture(), *tone(), "-vf", _DARK, *codec, str(path))
    return path


def hdr(folder: Path) -> Path:
    """HEVC under PQ, in MP4."""
    path = folder / "hdr.mp4"
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=none"
    codec = ["-c:v", "libx265", "-preset", "veryfast", "-x265-params", colours]
    ffmpeg(*picture(), "-vf", _DEEP, *codec, "-pix_fmt", "yuv420p10le", str(path))
    return path


def interlaced(folder: Path) -> Path:
    """H.264 in fields, in MP4."""
    return _simple(folder / "interlaced.mp4", "-x264opts", "tff=1")


CASES: dict[str, Callable[[Path], Path]] = {
    each.__name__: each
    for each in (
        two_audio,
        two_audio_mkv,
        subtitles,
        subtitles_mp4,
        chapters,
        chapters_mp4,
        rotated,
        variable_rate,
        variable_rate_mkv,
        ten_bits,
        ten_bits_h264,
        odd_size,
        odd_size_444,
        odd_size_mjpeg,
        anamorphic,
        anamorphic_mp4,
        no_audio,
        truncated,
        truncated_mp4,
        damaged,
        stamps_back,
        no_frames,
        late_audio,
        late_pictures,
        edit_list,
        cover,
        other_container,
        avi,
        prores,
        hdr,
        interlaced,
    )
}
"""How each film is made; a function gets the folder and gives the path."""


def is_possible() -> bool:
    """Whether ffmpeg and ffprobe are there."""
    return bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))
