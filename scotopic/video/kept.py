"""What a result has not kept of its source, found by reading both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scotopic.errors import ScotopicError
from scotopic.video.film import Film
from scotopic.video.joining import BUILT, COUNTED, is_written_anew
from scotopic.video.source import film_of, open_file, pictures_of

_RENAMED = {"handler_name", "vendor_id", "language", "filename", "mimetype"}
"""What containers write in their own words; the language is compared apart."""


def differences(film: Film, expected: Film, path: str, order: list[int]) -> list[str]:
    """What of the source is not in the result, each in a sentence.

    Parameters
    ----------
    film : Film
        The source.
    expected : Film
        The same at the size of the result.
    path : str
        Of the result.
    order : list of int
        Numbers of the source's streams in the order of the result.
    """
    with open_file(film.path) as source, open_file(path) as result:
        notes = [*_of_file(source, result)]
        streams = [each for each in result.streams if not is_written_anew(each, result)]
        for number, copy in zip(order, streams, strict=False):
            is_main = number == pictures_of(source, film.path).index
            notes += _of_stream(source.streams[number], copy, is_main)
        notes += _of_pictures(expected, result, path)
    return notes


def _of_file(source: Any, result: Any) -> Iterator[str]:
    lost = sorted(
        name
        for name, value in source.metadata.items()
        if name.lower() not in BUILT and result.metadata.get(name) != value
    )
    if lost:
        yield f"metadata that is not kept: {', '.join(lost)}"
    before, after = len(source.chapters()), len(result.chapters())
    if before != after:
        yield f"there were {before} chapters, and there are {after}"


def _of_stream(stream: Any, copy: Any, is_main: bool) -> Iterator[str]:
    ours = COUNTED if is_main else ("DURATION", "encoder", "ENCODER")
    lost = sorted(
        name
        for name, value in stream.metadata.items()
        if name not in _RENAMED and not name.startswith(ours) and copy.metadata.get(name) != value
    )
    if stream.language not in (None, "und") and copy.language != stream.language:
        lost.append("language")
    if lost:
        yield f"metadata of stream {stream.index} that is not kept: {', '.join(lost)}"
    if stream.disposition & ~copy.disposition:
        flags = (stream.disposition & ~copy.disposition).name
        yield f"what stream {stream.index} is for is not kept: {str(flags).replace('|', ', ')}"


def _of_pictures(expected: Film, result: Any, path: str) -> Iterator[str]:
    try:
        found = film_of(result, path, look_ahead=1)
    except ScotopicError as error:
        yield f"the result cannot be read again: {error.message}"
        return
    if (found.aspect or 1) != (expected.aspect or 1):
        yield f"the shape of pixels was {expected.aspect or 1}, and is {found.aspect or 1}"
    if found.matrix != expected.matrix:
        yield "how the pictures are turned when they are shown is not kept"
    names = {"primaries": "primaries", "transfer": "transfer", "matrix": "matrix", "full": "range"}
    for attribute, name in names.items():
        before, after = (getattr(each.colours, attribute) for each in (expected, found))
        if before != after and not expected.colours.is_rgb:
            yield f"the colours' {name} was {before}, and is {after}"
