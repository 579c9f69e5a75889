"""The engine of the page without a server, in a browser: the pictures of the program."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from places import DATA, DOCS
from sample_files import PROFILE, exif_with, saved, smooth_pixels

import scotopic
from scotopic.enhancer import Enhancer
from scotopic.jobs.one import enhance_bytes
from scotopic.jobs.settings import Encoding, Settings
from scotopic.photo import reading, writing
from scotopic.photo.limits import Limits
from scotopic.photo.photo import Photo
from scotopic.wish import Wish

LIMITS = Limits(100, 2**31)
SAMPLE = (DOCS / "sample_dark.png").read_bytes()
PANEL = DATA / "panel"
FOUR = ["04.png", "06.png", "07.png", "10.png"]
AS_PNG = Encoding(format="png")


@pytest.fixture(scope="module")
def enhancers():
    return {name: Enhancer(name, threads=1) for name in ("standard", "fast")}


@pytest.fixture(scope="module")
def by_program(enhancers):
    """A function that gives what the program makes of a file."""

    def call(data, model="fast", encoding=AS_PNG, name="photo.png", **wish):
        settings = Settings(wish=Wish(**wish), encoding=encoding)
        return read(enhance_bytes(enhancers[model], data, settings, name)[0])

    return call


def read(data):
    return reading.read(data, "picture", LIMITS, False)


def apart(one, other):
    """The largest difference of two pictures, in levels."""
    assert one.pixels.shape == other.pixels.shape
    return int(np.abs(one.pixels.astype(int) - other.pixels.astype(int)).max())


def away(one, other):
    """The mean difference of two pictures, in levels."""
    return float(np.abs(one.pixels.astype(int) - other.pixels.astype(int)).mean())


def small_sample(side=200):
    """A part of the dark picture of the documentation, as an array."""
    return np.asarray(Image.open(io.BytesIO(SAMPLE)).convert("RGB"))[:side, : side + 40]


def png(pixels, alpha=None):
    return writing.encode(Photo(pixels, alpha, "PNG"), "PNG")[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sample", *FOUR])
def test_a_photo_is_enhanced_as_by_the_program_to_one_level(tab, by_program, name):
    if name != "sample" and not PANEL.is_dir():
        pytest.skip("the real pictures are not there")
    data = SAMPLE if name == "sample" else (PANEL / name).read_bytes()
    found = read(tab.enhanced(data))
    assert apart(found, by_program(data, "standard")) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "wish",
    [{"ev": 1.5}, {"ev": -2, "balance": 0.3}, {"exposure": 0.6}, {"strength": 0.4, "balance": 0}],
    ids=str,
)
def test_a_wish_is_granted_as_by_the_program(tab, by_program, wish):
    data = png(small_sample())
    found = read(tab.enhanced(data, model="fast", **wish))
    assert apart(found, by_program(data, **wish)) <= 1


@pytest.mark.slow
def test_a_picture_of_16_bits_keeps_them(tab, by_program):
    pytest.importorskip("imagecodecs")
    data = png(small_sample().astype(np.uint16) * 257 // 3 + 11)
    found = read(tab.enhanced(data, model="fast"))
    assert found.pixels.dtype == np.uint16
    assert apart(found, by_program(data)) <= 257


@pytest.mark.slow
def test_gray_stays_gray(tab, by_program):
    gray = small_sample()[..., 1]
    as_one = read(tab.enhanced(png(gray[..., None]), model="fast"))
    assert as_one.pixels.shape[-1] == 1
    assert apart(as_one, by_program(png(gray[..., None]))) <= 1
    as_three = read(tab.enhanced(png(np.repeat(gray[..., None], 3, axis=-1)), model="fast"))
    assert np.ptp(as_three.pixels.astype(int), axis=-1).max() == 0


@pytest.mark.slow
def test_opacity_is_kept_and_what_it_hides_stays_as_it_is(tab, by_program):
    pixels = small_sample()
    alpha = np.zeros(pixels.shape[:2], np.uint8)
    alpha[20:150, 30:180], alpha[40:90, 60:120] = 255, 70
    data = png(pixels, alpha)
    found = read(tab.enhanced(data, model="fast"))
    assert np.array_equal(found.alpha, alpha)
    assert np.array_equal(found.pixels[alpha == 0], pixels[alpha == 0])
    assert apart(found, by_program(data)) <= 1


@pytest.mark.slow
def test_a_turned_jpeg_comes_out_upright_with_what_it_carried(tab):
    source = Image.fromarray(small_sample())
    data = saved(source, "JPEG", quality=92, exif=exif_with(6), comment=b"by hand")
    made = tab.ask("enhance", data, "turned.jpg", {"model": "fast"})
    found = read(made["blob"])
    assert made["name"] == "turned_enhanced.jpg"
    assert found.pixels.shape[:2] == (240, 200)
    assert found.exif == exif_with(1)
    assert found.text == {"Comment": "by hand"}
    assert b"scotopic" in found.xmp
    result = Image.open(io.BytesIO(made["blob"]))
    assert result.quantization == Image.open(io.BytesIO(data)).quantization


def other_profile():
    """A profile of colours that are not those of sRGB: red and green change places."""
    made = bytearray(PROFILE)
    red, green = made.index(b"rXYZ"), made.index(b"gXYZ")
    made[red : red + 4], made[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(made)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_numbers_of_colours_are_not_converted_by_their_profile(tab, form):
    pixels = smooth_pixels(64, 80)
    options = {"subsampling": 0, "quality": 97} if form == "JPEG" else {"lossless": True}
    data = saved(Image.fromarray(pixels), form, icc_profile=other_profile(), **options)
    wish = {"model": "fast", "strength": 0, "format": "png"}
    found = read(tab.enhanced(data, f"photo.{form.lower()}", **wish))
    assert found.icc_profile == other_profile()
    assert apart(found, read(data)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_is_decoded_as_by_the_program_to_one_level(tab, subsampling):
    data = saved(Image.fromarray(small_sample()), "JPEG", quality=90, subsampling=subsampling)
    wish = {"model": "fast", "strength": 0, "format": "png"}
    found = read(tab.enhanced(data, "photo.jpg", **wish))
    assert apart(found, read(data)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("quality", [None, 60])
def test_webp_is_written_with_its_profile(tab, by_program, quality):
    data = saved(
        Image.fromarray(small_sample()), "WEBP", lossless=True, icc_profile=other_profile()
    )
    wish = {"model": "fast"} | ({"quality": quality} if quality else {})
    found = read(tab.enhanced(data, "photo.webp", **wish))
    assert found.icc_profile == other_profile()
    wanted = by_program(data)
    if quality is None:
        assert apart(found, wanted) <= 1
    else:
        encoded = by_program(data, encoding=Encoding(format="webp", quality=quality))
        assert away(found, wanted) < 1.1 * away(encoded, wanted)


@pytest.mark.slow
def test_a_preview_tells_what_the_program_decides(tab, enhancers):
    pixels = small_sample()
    made = tab.ask("preview", png(pixels), wish={"ev": 1, "balance": 0.5}, side=100)
    report = made["report"]
    look = enhancers["fast"].decide(pixels, Wish(ev=1, balance=0.5))
    automatic = enhancers["fast"].decide(pixels).gains
    grid = report["gain_map"]
    assert (grid["rows"], grid["columns"]) == automatic.slope.shape
    assert np.allclose(grid["slope"], automatic.slope.ravel(), atol=1e-3)
    assert np.allclose(grid["offset"], automatic.offset.ravel(), atol=2e-3)
    decision = report["decision"]
    assert decision["gain"] == pytest.approx(look.gain, rel=1e-3)
    assert decision["exposure_after"] == pytest.approx(look.exposure_after, abs=1e-3)
    assert decision["automatic"]["limited_by"] == look.automatic.limited_by
    assert decision["limited_by"] is None
    for key in ("before", "after"):
        image = Image.open(io.BytesIO(made[key]))
        assert (image.format, image.size) == ("JPEG", (100, 83))
    assert (report["width"], report["height"], report["format"]) == (240, 200, "PNG")
    brighter = np.asarray(Image.open(io.BytesIO(made["after"]))).mean()
    assert brighter > 1.3 * np.asarray(Image.open(io.BytesIO(made["before"]))).mean()


@pytest.mark.slow
def test_a_preview_shows_opacity_and_has_the_profile_of_its_colours(tab):
    pixels = small_sample()
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    alpha[:100] = 0
    source = Image.fromarray(np.dstack([pixels, alpha]))
    made = tab.ask("preview", saved(source, "PNG", icc_profile=other_profile()), side=120)
    for key in ("before", "after"):
        image = Image.open(io.BytesIO(made[key]))
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (120, 100))
        assert image.info["icc_profile"] == other_profile()
        shown = np.asarray(image)[..., 3]
        assert shown[:49].max() == 0 and shown[51:].min() == 255


@pytest.mark.slow
def test_a_frame_needs_no_file(tab):
    told = tab.page.evaluate(
        """async () => {
          const engine = await (window.testEngine ??= import("./engine.js").then((m) => m.createEngine()));
          const data = new Uint8ClampedArray(320 * 200 * 4).fill(255);
          for (let i = 0; i < data.length; i++) if (i % 4 < 3) data[i] = 10 + (i * 7) % 30;
          const image = await createImageBitmap(new ImageData(data, 320, 200));
          const { before, after, report } = await engine.frame(image, {}, { side: 160 });
          return [before.width, before.height, after.width, after.height, report.decision.gain, image.width];
        }"""
    )
    assert told[:4] == [160, 100, 160, 100]
    assert told[4] > 1.5
    assert told[5] == 0, "the frame was not closed"


def test_a_frame_that_is_not_wanted_any_more_is_closed(tab):
    width, kind = tab.page.evaluate(
        """async () => {
          const engine = await (window.testEngine ??= import("./engine.js").then((m) => m.createEngine()));
          const image = await createImageBitmap(new ImageData(32, 20));
          const signal = AbortSignal.abort();
          const kind = await engine.frame(image, {}, { signal }).catch((error) => error.name);
          return [image.width, kind];
        }"""
    )
    assert (width, kind) == (0, "AbortError")


@pytest.mark.slow
def test_the_worker_ends_work_that_is_stopped_and_does_the_next(tab):
    """The worker itself is asked: the page would not hear of shares after the stop."""
    data = saved(Image.fromarray(np.tile(small_sample(), (20, 20, 1))), "JPEG", quality=80)
    told = tab.page.evaluate(
        """async (data) => {
          const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
          const file = new File([bytes], "a.jpg");
          const worker = new Worker("./local/worker.js", { type: "module" });
          const ask = (id, call, argument) => new Promise((done) => {
            const shares = [];
            worker.onmessage = ({ data: { share, error, value } }) => {
              if (share === undefined) return done({ shares, kind: error?.name ?? typeof value });
              shares.push(share);
              worker.postMessage({ id, stop: true });
            };
            worker.postMessage({ id, call, argument });
          });
          const wish = { model: "fast" };
          const stopped = await ask(0, "enhance", { file, wish });
          const next = await ask(1, "preview", { file, wish, side: 64, key: 0 });
          worker.terminate();
          return { stopped, next };
        }""",
        base64.b64encode(data).decode(),
    )
    assert told["stopped"]["kind"] == "AbortError"
    # The stop may arrive while the next tile is computed, which is then told of, too.
    assert 1 <= len(told["stopped"]["shares"]) <= 2
    assert told["stopped"]["shares"][-1] < 0.5
    assert told["next"] == {"shares": [], "kind": "object"}


@pytest.mark.slow
def test_the_page_hears_no_more_of_work_that_it_has_stopped(tab):
    data = png(np.tile(small_sample(), (8, 8, 1)))
    told = tab.page.evaluate(
        """async (data) => {
          const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
          const engine = await (window.testEngine ??= import("./engine.js").then((m) => m.createEngine()));
          const stop = new AbortController();
          const shares = [];
          const progress = (share) => { shares.push(share); stop.abort(); };
          const wish = { model: "fast" };
          const done = engine.enhance(new File([bytes], "a.png"), wish, { signal: stop.signal, progress });
          const kind = await done.then(() => "done", (error) => error.name);
          return { kind, shares };
        }""",
        base64.b64encode(data).decode(),
    )
    assert told["kind"] == "AbortError"
    assert 0 < len(told["shares"]) < 3 and told["shares"][0] < 1
    assert "error" not in tab.ask("preview", png(small_sample(40)), side=64)


@pytest.mark.slow
def test_24_megapixels_are_enhanced_in_tiles(tab, by_program):
    rows, columns = 4000, 6000
    sample = np.asarray(Image.open(io.BytesIO(SAMPLE)).convert("RGB"))
    times = -(-rows // sample.shape[0]), -(-columns // sample.shape[1]), 1
    data = saved(Image.fromarray(np.tile(sample, times)[:rows, :columns]), "PNG", compress_level=1)
    made = tab.ask("enhance", data, "large.png", {"model": "fast"})
    assert made["report"]["tiles"] > 4
    assert made["shares"] == sorted(made["shares"]) and made["shares"][-1] == 1
    assert apart(read(made["blob"]), by_program(data)) <= 1


def test_what_the_browser_does_not_read_is_said_with_what_to_do(tab):
    made = tab.ask("enhance", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "phone.heic")
    assert made["kind"] == "EngineError"
    assert made["status"] == 415
    assert "HEIC" in made["error"]
    assert "scotopic enhance" in made["remedy"]


def test_a_wish_out_of_range_is_refused(tab):
    made = tab.ask("enhance", SAMPLE, wish={"ev": 9})
    assert made["error"] == "ev must lie between -8 and 8, not 9"


def test_the_version_is_the_programs(tab):
    models = tab.page.evaluate("async () => (await fetch('models/models.json')).json()")
    assert models["version"] == scotopic.__version__
    assert [each["name"] for each in models["models"]] == ["standard", "fast"]
