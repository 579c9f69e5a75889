"""How results are encoded: as the source is, as far as encoders and containers allow."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
from av.codec.context import Flags

from scotopic.errors import UnreadableError
from scotopic.video.containers import Container
from scotopic.video.film import Film
from scotopic.video.settings import PREVIEW_SIDE, VideoSettings

os.environ.setdefault("SVT_LOG", "1")  # errors alone; it reads this when it is first loaded


@dataclass(frozen=True)
class _Encoder:
    """An encoder, and what it is told.

    Attributes
    ----------
    name : str
        FFmpeg's name.
    crf : int
        The usual constant rate factor, at which a loss is hard to see.
    options, hasty : dict
        For results, and for previews instead.
    """

    name: str
    crf: int
    options: dict[str, str]
    hasty: dict[str, str]


_ENCODERS = {
    "h264": _Encoder("libx264", 18, {"preset": "medium"}, {"preset": "ultrafast"}),
    "hevc": _Encoder("libx265", 20, {"preset": "medium"}, {"preset": "ultrafast"}),
    "vp9": _Encoder(
        "libvpx-vp9",
        24,
        {"deadline": "good", "cpu-used": "4", "row-mt": "1"},
        {"deadline": "realtime", "cpu-used": "8", "row-mt": "1"},
    ),
    "av1": _Encoder("libsvtav1", 24, {"preset": "8"}, {"preset": "12"}),
}
_PREVIEW_CRF = 8
"""Added to the constant rate factor of previews."""


@dataclass(frozen=True)
class Encoding:
    """How the pictures of one film are encoded.

    Attributes
    ----------
    codec : str
        ``h264``, ``hevc``, ``vp9`` or ``av1``.
    encoder : str
        FFmpeg's name.
    pixel_format : str
        FFmpeg's name.
    bits : int
        Of a level.
    options : tuple of (str, str)
        For the encoder.
    gop : int
        Most frames from one that stands alone to the next.
    notes : tuple of str
        What is not as in the source.
    """

    codec: str
    encoder: str
    pixel_format: str
    bits: int
    options: tuple[tuple[str, str], ...]
    gop: int
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What a result depends on."""
        return {
            "encoder": self.encoder,
            "pixel_format": self.pixel_format,
            "options": dict(self.options),
            "gop": self.gop,
        }


def choose(film: Film, container: Container, settings: VideoSettings) -> Encoding:
    """Choose an encoder: the source's codec, depth and chroma if there is one for them.

    Parameters
    ----------
    film : Film
    container : Container
    settings : VideoSettings
        A preview has 8 bits and 4:2:0, is encoded in haste, and as H.264 where that fits.

    Raises
    ------
    UnreadableError
        When none of the encoders that the container takes is there.
    """
    preview = settings.preview
    bits, chroma = (8, "420") if preview else (film.bits, film.chroma)
    codecs = list(container.codecs)
    if film.codec in codecs and not preview:
        codecs = [film.codec, *(codec for codec in codecs if codec != film.codec)]
    if not preview and (film.width % 2 or film.height % 2) and chroma != "444":
        codecs.sort(key=lambda codec: codec != "vp9")  # the others have even sizes alone
    for depth, sampling in _wishes(bits, chroma):
        pixel_format = f"yuv{sampling}p" + ("" if depth == 8 else f"{depth}le")
        for codec in codecs:
            if pixel_format in _formats(_ENCODERS[codec].name):
                options = _options(codec, settings.crf, preview)
                notes = () if preview else tuple(_notes(film, codec, depth, sampling))
                name = _ENCODERS[codec].name
                gop = settings.segment_frames(float(film.rate))
                return Encoding(codec, name, pixel_format, depth, options, gop, notes)
    raise UnreadableError(
        f"PyAV has no encoder for {container.name} here ({', '.join(container.codecs)})",
        path=film.path,
    )


def _wishes(bits: int, chroma: str) -> Iterator[tuple[int, str]]:
    """Depths and samplings, from what the source has to what every encoder can."""
    depths = [depth for depth in (12, 10, 8) if depth <= max(bits, 8)]
    yield from (
        (depth, sampling) for depth in depths for sampling in dict.fromkeys([chroma, "420"])
    )


def _formats(encoder: str) -> frozenset[str]:
    try:
        found = av.Codec(encoder, "w").video_formats
    except av.FFmpegError:  # not in this build of FFmpeg
        return frozenset()
    except ValueError:
        return frozenset()
    return frozenset(each.name for each in found or ())


def _options(codec: str, crf: int | None, preview: bool) -> tuple[tuple[str, str], ...]:
    own = _ENCODERS[codec]
    options = dict(own.hasty if preview else own.options)
    options["crf"] = str(own.crf + _PREVIEW_CRF * preview if crf is None else crf)
    if codec == "hevc":
        options["x265-params"] = "log-level=none:open-gop=0"
    if codec == "h264" and preview:
        options["tune"] = "zerolatency"
    if codec == "h264" and _has_avx512():
        options["x264-params"] = "asm=AVX2"
    return tuple(options.items())


def _has_avx512() -> bool:
    """Whether the processor has AVX-512, with which x264 165 encodes the same frames differently.

    Its rate control (`mbtree`) does so from run to run, measured on an AMD EPYC (Zen 4), where
    it is the same with AVX2, so that a film that is continued would not be that of a whole run.
    """
    for name in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath"):  # 2 and 1
        with contextlib.suppress(ImportError):
            return bool(importlib.import_module(name).__cpu_features__.get("AVX512F"))
    return False


def _notes(film: Film, codec: str, depth: int, sampling: str) -> Iterator[str]:
    if film.codec != codec:
        yield f"the pictures were {film.codec_label}, and are encoded as {codec}"
    if film.bits > depth:
        yield f"the pictures had {film.bits} bits a level, and have {depth}"
    if film.is_rgb:
        yield f"the pictures were RGB, and are encoded as YUV 4:{sampling[1]}:{sampling[2]}"
    elif film.chroma != sampling:
        yield f"the chroma was {film.chroma_label}, and is 4:{sampling[1]}:{sampling[2]}"
    if film.has_alpha:
        yield "the pictures were transparent in places, and are opaque"


def prepare(context: Any, film: Film, encoding: Encoding) -> None:
    """Set an encoder up, alike for each segment and for the head of the result.

    Parameters
    ----------
    context : av.VideoCodecContext
        Of an encoder that is not open yet.
    film : Film
        With the size of the result.
    encoding : Encoding
    """
    context.width, context.height = film.width, film.height
    context.pix_fmt = encoding.pixel_format
    context.time_base = film.time_base
    context.framerate = film.rate
    context.gop_size = encoding.gop
    context.color_range = int(film.colours.range) if film.colours.says_range else 0
    context.colorspace = 2 if film.colours.is_rgb else film.colours.matrix
    context.color_primaries = film.colours.primaries
    context.color_trc = film.colours.transfer
    context.sample_aspect_ratio = film.aspect or Fraction(0, 1)
    context.flags |= int(Flags.global_header) | int(Flags.closed_gop)
    context.options = dict(encoding.options)


def encoder(film: Film, encoding: Encoding) -> Any:
    """An open encoder of its own, for one segment."""
    context = av.CodecContext.create(encoding.encoder, "w")
    prepare(context, film, encoding)
    context.open()
    return context


def of_result(
    film: Film, encoding: Encoding, preview: bool = False
) -> tuple[Film, tuple[str, ...]]:
    """A film at the size at which it is encoded, and what is to be said of that.

    A preview is reduced. H.264 and HEVC have no odd sizes where pixels share a chroma: a row
    or column at the edge is doubled then.
    """
    width, height = film.width, film.height
    if preview:
        scale = min(1.0, PREVIEW_SIDE / max(width, height))
        width, height = (max(2, 2 * round(side * scale / 2)) for side in (width, height))
        return replace(film, width=width, height=height), ()
    if encoding.codec in ("h264", "hevc"):
        across, down = {"420": (2, 2), "422": (2, 1)}.get(encoding.pixel_format[3:6], (1, 1))
        width, height = width + width % across, height + height % down
    if (width, height) == (film.width, film.height):
        return film, ()
    note = (
        f"the pictures were {film.width}x{film.height}, and are {width}x{height}: "
        f"{encoding.codec} has no odd sizes, so that the last row or column is doubled"
    )
    return replace(film, width=width, height=height), (note,)
