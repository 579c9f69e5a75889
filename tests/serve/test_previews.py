"""Previews: small pictures that any browser can show, decided on the whole picture."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational
from sample_files import encoded, exif_with, saved, smooth_pixels
from server_process import SAMPLE, parts_of

from scotopic.enhancer import Enhancer
from scotopic.jobs import preview
from scotopic.jobs.one import enhance_bytes
from scotopic.jobs.settings import Encoding, Settings
from scotopic.photo import reading
from scotopic.photo.photo import Photo
from scotopic.pixels.gain_map import GainMap
from scotopic.serve.work import Kept
from scotopic.wish import Wish

DARK = smooth_pixels(300, 400) // 4


@pytest.fixture(scope="module")
def fast():
    return Enhancer("fast", threads=1)


def asked(server, data, name="a.png", **fields):
    status, headers, body = server.post("/v1/preview", data, name, **fields)
    assert status == 200, body
    parts = parts_of(headers, body)
    assert list(parts) == ["before", "after", "report"]
    images = [Image.open(io.BytesIO(parts[each][1])) for each in ("before", "after")]
    return *images, json.loads(parts["report"][1])


def test_pictures_are_as_small_as_is_asked_and_the_second_is_brighter(server):
    before, after, report = asked(server, SAMPLE.read_bytes(), side=256)
    assert before.size == after.size == (256, 171)
    assert np.asarray(after).mean() > 1.5 * np.asarray(before).mean()
    assert (report["width"], report["height"], report["format"]) == (640, 427, "PNG")


def test_a_small_picture_is_not_enlarged(server):
    assert asked(server, saved(Image.fromarray(DARK[:40, :50]), "PNG"))[0].size == (50, 40)


@pytest.mark.parametrize("form", ["TIFF", "JPEGXL", "JPEG2000"])
def test_what_browsers_cannot_show_is_shown(server, form):
    photo = Photo(DARK.astype(np.uint16) * 257, format="TIFF")
    before, _, report = asked(server, encoded(photo, form), side=200)
    assert (before.format, before.size, report["bits"]) == ("JPEG", (200, 150), 16)


def test_heic_is_shown_upright(server):
    pillow_heif = pytest.importorskip("pillow_heif", reason="extra heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(DARK).rotate(90, expand=True)).save(buffer)
    before, _, report = asked(server, buffer.getvalue(), "a.heic", side=200)
    assert (before.size, report["format"]) == ((150, 200), "HEIC")


def test_orientation_and_transparency_are_seen(server):
    image = Image.fromarray(DARK).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    before, after, report = asked(server, saved(image, "PNG", exif=exif_with(6)), side=100)
    assert (before.format, before.mode, before.size) == ("PNG", "RGBA", (75, 100))
    assert np.array_equal(np.asarray(before)[..., 3], np.asarray(after)[..., 3])
    assert report["kept"] == ["EXIF", "transparency"]


def test_colours_of_another_profile_are_shown_in_srgb(fast):
    gray = ImageCms.createProfile("LAB")  # no profile of RGB: is passed over
    data = saved(Image.fromarray(DARK), "PNG", icc_profile=ImageCms.ImageCmsProfile(gray).tobytes())
    seen = preview.see(fast, data, "a", 64, Settings())
    assert preview.draw(fast, seen, Wish()).before.mode == "RGB"
    from scotopic.photo.carried import icc

    wide = icc.made((0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060), None)
    red = np.full((80, 80, 3), (90, 20, 20), np.uint8)
    data = saved(Image.fromarray(red), "PNG", icc_profile=wide)
    shown = preview.draw(fast, preview.see(fast, data, "a", 64, Settings()), Wish()).before
    assert np.asarray(shown)[0, 0, 0] > 95  # P3's red is more than that of sRGB
    alone = icc.in_srgb_8_bits(red, wide)
    assert np.abs(alone[0, 0].astype(int) - np.asarray(shown)[0, 0]).max() <= 1


@pytest.mark.parametrize("wish", [Wish(), Wish(ev=1), Wish(exposure=0.4, balance=0.5)])
def test_the_decision_is_that_of_the_whole_picture(fast, wish):
    data = SAMPLE.read_bytes()
    seen = preview.see(fast, data, "a", 128, Settings())
    _, outcome = enhance_bytes(fast, data, Settings(wish))
    drawn = preview.decision_of(preview.draw(fast, seen, wish).report)
    wanted = preview.decision_of(outcome.report)
    assert drawn == wanted


def test_a_preview_looks_like_the_result_made_small(fast):
    data = SAMPLE.read_bytes()
    whole = reading.read(enhance_bytes(fast, data, Settings())[0]).pixels
    small = Image.fromarray(whole).resize((160, 107), Image.Resampling.BOX)
    after = preview.draw(fast, preview.see(fast, data, "a", 160, Settings()), Wish()).after
    difference = np.abs(np.asarray(after).astype(int) - np.asarray(small))
    assert difference.mean() < 6  # the result is brighter than the source by 45


def test_the_gain_map_gives_the_exposure_that_was_decided(server, fast):
    report = asked(server, SAMPLE.read_bytes(), side=128)[2]
    told = report["gain_map"]
    shape = (told["rows"], told["columns"])
    slope, offset = (np.float32(told[name]).reshape(shape) for name in ("slope", "offset"))
    look = fast.decide(reading.read(SAMPLE.read_bytes()).pixels)
    assert np.abs(slope - look.gains.slope).max() < 1e-6
    gains = GainMap(slope, offset).balanced(0.5, told["middle"]).shifted(np.log(2))
    wanted = look.asked(Wish(ev=1, balance=0.5))
    assert gains.mean_log_gain(look.thumb) == pytest.approx(np.log(wanted.gain), abs=1e-4)


def test_how_it_was_taken_and_what_stays_is_told(server):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Maker X100"
    inner = exif.get_ifd(0x8769)
    inner[0x829A], inner[0x829D] = IFDRational(1, 60), IFDRational(28, 10)
    inner[0x8827], inner[0x920A] = 6400, IFDRational(35)
    inner[0x9003], inner[0xA434] = "2024:05:01 20:15:03", "35mm f/2"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)})
    data = saved(Image.fromarray(DARK), "JPEG", exif=exif.tobytes(), comment=b"hello")
    report = asked(server, data, "a.jpg", format="png", side=64)[2]
    assert report["exif"] == {
        "camera": "Maker X100",
        "lens": "35mm f/2",
        "taken": "2024-05-01 20:15:03",
        "exposure": "1/60 s",
        "aperture": "f/2.8",
        "focal_length": "35 mm",
        "iso": 6400,
        "place": True,
    }
    assert report["kept"] == ["EXIF", "comment"]
    stripped = asked(server, data, "a.jpg", strip="true", side=64)[2]
    assert stripped["kept"] == []


def test_damaged_exif_is_no_failure(server):
    data = saved(Image.fromarray(DARK), "JPEG", exif=b"Exif\0\0II*\0" + b"\xff" * 50)
    assert asked(server, data, "a.jpg", side=64)[2]["exif"]["camera"] is None


def test_notes_are_those_of_the_result(fast):
    data = encoded(Photo(DARK.astype(np.uint16) * 257, dpi=(72, 72)), "PNG")
    seen = preview.see(fast, data, "a", 64, Settings())
    _, notes = preview.what_stays(seen, Encoding("webp"))
    _, outcome = enhance_bytes(fast, data, Settings(encoding=Encoding("webp")))
    assert notes == outcome.notes and len(notes) == 2


def test_what_is_kept_is_bounded_and_the_oldest_goes(fast):
    def seen(level):
        data = saved(Image.fromarray(np.full((64, 64, 3), level, np.uint8)), "PNG")
        return preview.see(fast, data, "a", 64, Settings())

    first, second, third = seen(10), seen(20), seen(30)
    kept = Kept(2 * first.nbytes)
    kept.put(("a",), first)
    kept.put(("b",), second)
    assert kept.get(("a",)) is first  # and so the other one is the oldest
    kept.put(("c",), third)
    assert kept.get(("b",)) is None and kept.get(("a",)) is first and kept.get(("c",)) is third
    small = Kept(first.nbytes - 1)
    small.put(("a",), first)
    assert small.get(("a",)) is None
