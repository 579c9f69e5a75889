"""What is done to a picture, in the thread of a worker."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from scotopic import storage
from scotopic.errors import ScotopicError
from scotopic.jobs import preview
from scotopic.jobs.one import enhance_bytes
from scotopic.jobs.plan import name_of_result
from scotopic.jobs.preview import Seen
from scotopic.photo import formats
from scotopic.serve import failures
from scotopic.serve.fields import Asked
from scotopic.serve.form import Form
from scotopic.serve.networks import Enhancers

_QUALITY = 90
Told = Callable[[float], None]


@dataclass(frozen=True)
class Made:
    """A file for the client, and what is reported of it."""

    data: bytes
    name: str
    media_type: str
    report: dict[str, Any]


class Kept:
    """What previews keep of pictures, the least recently used thrown away beyond a size.

    Parameters
    ----------
    most : int
        Bytes.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._seen: OrderedDict[tuple[object, ...], Seen] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...]) -> Seen | None:
        """What is kept under a key, if it still is."""
        with self._lock:
            if key in self._seen:
                self._seen.move_to_end(key)
            return self._seen.get(key)

    def put(self, key: tuple[object, ...], seen: Seen) -> None:
        """Keep it, unless it is too large by itself."""
        with self._lock:
            if key in self._seen or seen.nbytes > self._most:
                return
            self._seen[key] = seen
            self._size += seen.nbytes
            while self._size > self._most:
                _, old = self._seen.popitem(last=False)
                self._size -= old.nbytes


class Worker:
    """Enhances pictures and draws previews of them.

    Parameters
    ----------
    enhancers : Enhancers
    kept_bytes : int
        What previews may keep.
    """

    def __init__(self, enhancers: Enhancers, kept_bytes: int) -> None:
        self._enhancers, self._kept = enhancers, Kept(kept_bytes)

    def enhance(self, form: Form, asked: Asked, told: Told) -> Made:
        """The file that ``scotopic enhance`` would write.

        Raises
        ------
        Failure
            When the picture cannot be enhanced.
        Stopped
            When it is to be given up.
        """
        data = b""
        try:
            told(0.0)
            enhancer = self._enhancers.get(asked.model)
            enhancer.network.check(asked.settings.wish)
            data = storage.read_all(form.file, form.name, enhancer.memory)  # type: ignore[arg-type]
            try:
                made, outcome = enhance_bytes(enhancer, data, asked.settings, form.name, told)
            finally:
                enhancer.release()
            name = name_of_result(form.name, data, asked.settings)
            told(1.0)
        except ScotopicError as error:
            raise failures.of_error(error, data) from None
        media_type = formats.FORMATS[str(outcome.format)].media_type
        report = replace(outcome, target=Path(name)).as_dict()
        return Made(made, name, media_type, report)

    def preview(self, form: Form, asked: Asked, told: Told) -> tuple[Made, Made, dict[str, Any]]:
        """Pictures before and after, made small, and what is to be known of them.

        Raises
        ------
        Failure, Stopped
            As for `enhance`.
        """
        data = b""
        try:
            told(0.0)
            enhancer = self._enhancers.get(asked.model)
            data = storage.read_all(form.file, form.name, enhancer.memory)  # type: ignore[arg-type]
            suffix, strict = Path(form.name).suffix, not asked.settings.allow_truncated
            key = (storage.sha256_of(data), suffix, strict, asked.model, asked.side)
            try:
                seen = self._kept.get(key)
                if seen is None:
                    told(0.1)
                    seen = preview.see(enhancer, data, form.name, asked.side, asked.settings)
                    self._kept.put(key, seen)
                told(0.5)
                drawn = preview.draw(enhancer, seen, asked.settings.wish)
                told(0.9)
            finally:
                enhancer.release()
            report = {
                "name": form.name,
                "bytes": len(data),
                **_facts(seen, asked),
                "decision": preview.decision_of(drawn.report),
                "gain_map": preview.gain_map_of(seen),
            }
        except ScotopicError as error:
            raise failures.of_error(error, data) from None
        return _encoded(drawn.before, "before"), _encoded(drawn.after, "after"), report


def _facts(seen: Seen, asked: Asked) -> dict[str, Any]:
    kept, notes = preview.what_stays(seen, asked.settings.encoding)
    row = formats.of_name(seen.photo.format)
    return {
        "format": seen.photo.format if row is None else row.label,
        "width": seen.size[0],
        "height": seen.size[1],
        "frames": seen.frames,
        "bits": seen.bits,
        "exif": asdict(seen.summary),
        "kept": list(kept),
        "notes": list(notes),
    }


def _encoded(image: Image.Image, name: str) -> Made:
    """A JPEG, or a PNG where it is transparent."""
    is_png = image.mode in ("LA", "RGBA")
    buffer = io.BytesIO()
    if is_png:
        image.save(buffer, "PNG", compress_level=1)
        return Made(buffer.getvalue(), f"{name}.png", "image/png", {})
    image.save(buffer, "JPEG", quality=_QUALITY)
    return Made(buffer.getvalue(), f"{name}.jpg", "image/jpeg", {})
