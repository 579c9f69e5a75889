"""What is transparent in a source is so in its result."""

import io
import zlib

import numpy as np
import pytest
from cases_kinds import chunk
from PIL import Image

import scotopic
from scotopic.photo import reading

imagecodecs = pytest.importorskip("imagecodecs", reason="needs scotopic[deep]")


def png(bits, colour, rows, transparent, palette=b""):
    """A PNG file by hand; rows are the packed bytes of each row."""
    size = len(rows[0]) * 8 // bits // {0: 1, 2: 3, 3: 1}[colour]
    header = size.to_bytes(4, "big") + len(rows).to_bytes(4, "big")
    parts = [chunk(b"IHDR", header + bytes([bits, colour, 0, 0, 0]))]
    parts += [chunk(b"PLTE", palette)] if palette else []
    parts += [chunk(b"tRNS", transparent)]
    parts += [chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, chunk(b"IEND", b"")])


def alpha_of(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA"))[..., 3]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_transparent_level_of_gray_stays_transparent(bits):
    per_byte = 8 // bits
    for level in {0, 1, 2**bits - 1}:
        other = 1 if level == 0 else 0
        clear, full = (sum(v << bits * i for i in range(per_byte)) for v in (level, other))
        rows = [bytes([clear] * 4 + [full] * 4)] * 16
        alpha = alpha_of(scotopic.enhance(png(bits, 0, rows, level.to_bytes(2, "big"))))
        half = alpha.shape[1] // 2
        assert (alpha[:, :half] == 0).all() and (alpha[:, half:] == 255).all()


def test_a_transparent_level_of_sixteen_bits_stays_transparent():
    for colour, count in ((0, 1), (2, 3)):
        rows = [(3000).to_bytes(2, "big") * count * 4 + (9000).to_bytes(2, "big") * count * 4] * 8
        made = scotopic.enhance(png(16, colour, rows, (3000).to_bytes(2, "big") * count))
        plane = imagecodecs.png_decode(made)[..., -1]
        assert (plane[:, :4] == 0).all() and (plane[:, 4:] == 65535).all()


def test_a_transparent_colour_stays_transparent():
    rows = [bytes([9, 8, 7] * 8 + [30, 20, 10] * 8)] * 8
    alpha = alpha_of(scotopic.enhance(png(8, 2, rows, bytes([0, 9, 0, 8, 0, 7]))))
    assert (alpha[:, :8] == 0).all() and (alpha[:, 8:] == 255).all()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("levels", [b"\0", b"\x80\xff"])
def test_the_transparency_of_a_palette_stays(bits, levels):
    per_byte = 8 // bits
    first, second = 0, sum(1 << bits * i for i in range(per_byte))
    rows = [bytes([first] * 4 + [second] * 4)] * 8
    palette = bytes([20, 10, 5, 40, 30, 20])
    alpha = alpha_of(scotopic.enhance(png(bits, 3, rows, levels, palette)))
    half = alpha.shape[1] // 2
    assert (alpha[:, :half] == levels[0]).all() and (alpha[:, half:] == 255).all()


def test_a_pillow_image_of_few_levels_keeps_its_transparency():
    rows = [bytes([0b01010101] * 4 + [0] * 4)] * 8
    given = Image.open(io.BytesIO(png(2, 0, rows, b"\0\1")))
    stored = given.info["transparency"]
    alpha = np.asarray(scotopic.enhance(given).convert("RGBA"))[..., 3]
    assert (alpha[:, :16] == 0).all() and (alpha[:, 16:] == 255).all()
    assert given.info["transparency"] == stored


def gif(frames, size=(60, 40), disposal=0, background=1):
    """A GIF file of plain frames: each is (place, size, index of its colour)."""
    palette = bytes([0, 0, 0, 200, 0, 0, 0, 60, 0, 30, 30, 60])
    head = b"GIF89a" + b"".join(side.to_bytes(2, "little") for side in size)
    parts = [head + bytes([0x91, background, 0]) + palette]
    for (left, top), (width, height), colour in frames:
        image = Image.new("P", (width, height), colour)
        image.putpalette(palette)
        buffer = io.BytesIO()
        image.save(buffer, "GIF", optimize=False)
        stored = buffer.getvalue()
        at = stored.rindex(b"\x2c\0\0\0\0")
        body = stored[at + 10 : -1]
        place = b"".join(side.to_bytes(2, "little") for side in (left, top, width, height))
        parts.append(b"\x21\xf9\x04" + bytes([disposal << 2]) + b"\x0a\0\0\0")
        parts.append(b"\x2c" + place + b"\0" + body)
    return b"".join(parts) + b";"


def planes(data):
    with Image.open(io.BytesIO(data)) as image:
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            yield np.asarray(image.convert("RGBA"))[..., 3]


@pytest.mark.parametrize("form", ["gif", "png", "webp"])
def test_what_a_gif_draws_nothing_to_is_transparent(form):
    one = gif([((10, 5), (30, 20), 2)])
    (alpha,) = planes(scotopic.enhance(one, format=form))
    wanted = np.zeros((40, 60), np.uint8)
    wanted[5:25, 10:40] = 255
    assert np.array_equal(alpha, wanted)


def test_frames_of_a_gif_uncover_its_canvas_as_they_are_drawn():
    frames = [((10, 5), (30, 20), 2), ((0, 0), (20, 10), 3)]
    for disposal, first_stays in ((1, True), (2, False)):
        _, second = planes(scotopic.enhance(gif(frames, disposal=disposal), format="webp"))
        wanted = np.zeros((40, 60), np.uint8)
        wanted[5:25, 10:40] = 255 * first_stays
        wanted[:10, :20] = 255
        assert np.array_equal(second, wanted)


def test_a_gif_that_fills_its_canvas_stays_opaque():
    made = scotopic.enhance(gif([((0, 0), (60, 40), 2)]), format="png")
    with Image.open(io.BytesIO(made)) as image:
        assert image.mode == "RGB"


def test_an_image_of_few_levels_keeps_its_text():
    rows = [bytes([0b01010101] * 4 + [0] * 4)] * 8
    data = png(2, 0, rows, b"\0\1")
    data = data[:33] + chunk(b"tEXt", b"Comment\0night") + data[33:]
    taken = reading.from_image(Image.open(io.BytesIO(data)))
    assert taken.text == {"Comment": "night"} and not any("left out" in n for n in taken.notes)
