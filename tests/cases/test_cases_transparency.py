"""What is transparent decides nothing, whatever colours a program left there."""

import io
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image
from sample_files import saved

import scotopic
from scotopic.enhancer import Enhancer
from scotopic.jobs import one
from scotopic.jobs.many import run_job
from scotopic.jobs.settings import Job, Settings
from scotopic.photo import limits, reading
from scotopic.wish import Wish

UNDER = {"white": 255, "black": 0}


@pytest.fixture(scope="module")
def network():
    return Enhancer(threads=1)


def cutout(under, shape=(160, 200), noise=3, channels=3):
    """A dark subject, seen in a disc with a soft edge, over colours that nobody sees."""
    rng = np.random.default_rng(5)
    coarse = Image.fromarray(rng.integers(4, 50, (7, 9, 3), dtype=np.uint8))
    subject = np.asarray(coarse.resize(shape[::-1], Image.Resampling.BICUBIC)).astype(int)
    subject = np.clip(subject + rng.normal(0, noise, subject.shape), 0, 255).astype(np.uint8)
    y, x = np.mgrid[: shape[0], : shape[1]]
    far = np.hypot(y - shape[0] / 2, x - shape[1] / 2) / min(shape)
    alpha = np.clip((0.42 - far) * 900, 0, 255).astype(np.uint8)
    subject[alpha == 0] = under
    return np.dstack([subject[..., :channels], alpha])


def both(change=lambda picture: picture, **shape):
    return [change(cutout(under, **shape)) for under in UNDER.values()]


def seen(picture):
    """The colours that can be seen."""
    return picture[..., :-1][picture[..., -1] > 0]


def assert_same(results):
    first, second = results
    assert np.array_equal(first[..., -1], second[..., -1])
    assert np.array_equal(seen(first), seen(second))


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_arrays_are_exposed_by_what_is_seen(network, kind, channels):
    scale = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[kind]
    given = both(
        lambda picture: (picture.astype(kind) * kind(scale)).astype(kind), channels=channels
    )
    made = [network.enhance_array(picture) for picture in given]
    assert_same([result for result, _ in made])
    assert made[0][1] == made[1][1], "all that is said of them is the same, too"
    assert made[0][1].gain > 1.5
    for picture, (result, _) in zip(given, made, strict=True):
        hidden = picture[..., -1] == 0
        assert np.array_equal(picture[hidden], result[hidden]), "what is hidden stays as it is"


@pytest.mark.parametrize("wish", [Wish(exposure=0.4), Wish(ev=1), Wish(balance=0.0)])
def test_wishes_are_granted_to_what_is_seen(network, wish):
    results, reports = zip(*(network.enhance_array(each, wish) for each in both()), strict=True)
    assert_same(results)
    assert reports[0] == reports[1]
    if wish.exposure:
        weights = results[0][..., 3].astype(float)
        level = np.average(results[0][..., :3].mean(-1) / 255, weights=weights)
        assert level == pytest.approx(0.4, abs=0.06)


def test_a_cutout_is_exposed_about_as_the_picture_that_it_was_cut_from(network):
    whole = cutout(0)
    whole[..., 3] = 255
    middle = whole[40:120, 60:140]
    on_white = np.full((160, 200, 4), (255, 255, 255, 0), np.uint8)
    on_white[40:120, 60:140] = middle
    gains = [network.enhance_array(picture)[1].gain for picture in (middle, on_white)]
    assert gains[0] > 1.5 and abs(np.log(gains[1] / gains[0])) < 0.5


def test_tiles_show_the_same_as_the_whole(network):
    for picture in both(shape=(1500, 300)):
        whole, one_tile = network.enhance_array(picture)
        parts, tiles = Enhancer(memory=1, threads=1).enhance_array(picture)
        assert one_tile.tiles == 1 < tiles.tiles
        assert np.abs(whole.astype(int) - parts).max() <= 1


def test_noise_in_what_is_hidden_does_not_hold_the_gain_back(network):
    rng = np.random.default_rng(0)
    plain, noisy = cutout(0), cutout(0)
    hidden = noisy[..., 3] == 0
    noisy[hidden, :3] = rng.integers(0, 256, (hidden.sum(), 3))
    assert network.enhance_array(plain)[1] == network.enhance_array(noisy)[1]


def test_a_picture_is_bright_or_gray_by_what_is_seen(network):
    bright = np.full((60, 70, 4), 240, np.uint8)
    bright[:, :40] = 0
    assert network.enhance_array(bright, Wish(skip_bright=True))[1].tiles == 0
    dark = np.full((60, 70, 4), (255, 255, 255, 0), np.uint8)
    dark[:, 40:] = (20, 20, 20, 255)
    dark[:, 40:, :3] += np.arange(30, dtype=np.uint8)[:, None]
    assert network.enhance_array(dark, Wish(skip_bright=True))[1].tiles > 0
    dark[:, :40, :3] = (255, 0, 90)
    visible = seen(network.enhance_array(dark)[0])
    assert (visible == visible[:, :1]).all(), "gray that is seen stays gray"


def test_what_is_nearly_transparent_hardly_counts(network):
    clean, dirty = cutout(0), cutout(0)
    dirty[dirty[..., 3] == 0] = (255, 255, 255, 2)
    gains = [network.enhance_array(picture)[1].gain for picture in (clean, dirty)]
    assert gains[1] == pytest.approx(gains[0], rel=0.02)


def test_a_network_that_sees_the_picture_whole_does_not_see_what_is_hidden():
    network = Enhancer("mirnet_small_lol", threads=1)
    for wish in (Wish(), Wish(exposure=0.4)):
        made = [network.enhance_array(picture, wish) for picture in both(shape=(64, 80))]
        assert_same([result for result, _ in made])
        assert made[0][1] == made[1][1]


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_files_are_exposed_by_what_is_seen(form):
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    files = [saved(Image.fromarray(picture), form, **options) for picture in both()]
    made = [Image.open(io.BytesIO(scotopic.enhance(data))) for data in files]
    assert_same([np.asarray(image.convert("RGBA")) for image in made])
    images = [scotopic.enhance(Image.open(io.BytesIO(data))) for data in files]
    assert_same([np.asarray(image.convert("RGBA")) for image in images])


@pytest.mark.parametrize("channels", [3, 1])
def test_by_rows_a_picture_is_exposed_by_what_is_seen(tmp_path, monkeypatch, network, channels):
    whole = network.enhance_array(cutout(0, shape=(1500, 300), channels=channels))[0]
    monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)
    results, reports = [], []
    for name, under in UNDER.items():
        tifffile.imwrite(
            tmp_path / f"{name}.tif",
            cutout(under, shape=(1500, 300), channels=channels),
            photometric="rgb" if channels == 3 else "minisblack",
            extrasamples=["unassalpha"],
            planarconfig="contig",
            compression="zlib",
            rowsperstrip=64,
        )
        job = Job(tmp_path / f"{name}.tif", tmp_path / f"{name}_made.tif")
        reports.append(run_job(Enhancer(memory=2**20, threads=1), job, Settings()).report)
        results.append(tifffile.imread(job.target))
    assert_same(results)
    assert reports[0] == reports[1] and reports[0].tiles > 1
    assert np.abs(seen(results[1]).astype(int) - seen(whole)).max() <= 1


@pytest.mark.parametrize("wish", [Wish(exposure=0.4), Wish()])
def test_by_rows_a_picture_of_which_nothing_is_seen_is_enhanced_as_whole(
    tmp_path, monkeypatch, wish
):
    picture = cutout(0, shape=(300, 300), noise=9)
    picture[..., 3] = 0
    tifffile.imwrite(
        tmp_path / "a.tif", picture, photometric="rgb", extrasamples=["unassalpha"], rowsperstrip=64
    )
    settings = Settings(wish)
    for target in ("whole.tif", "rows.tif"):
        job = Job(tmp_path / "a.tif", tmp_path / target)
        run_job(Enhancer(memory=2**30, threads=1), job, settings)
        monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)
    first, second = (tifffile.imread(tmp_path / name) for name in ("whole.tif", "rows.tif"))
    assert np.abs(first.astype(int) - second).max() <= 1 and first[..., :3].max() > 60


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP"])
def test_frames_of_an_animation_are_exposed_by_what_is_seen(network, form):
    taken = []
    for under in UNDER.values():
        frames = [np.roll(cutout(under), shift, axis=1) for shift in (0, 9, 30)]
        frames[2][..., 3] = 0  # nothing is seen of it
        images = [Image.fromarray(frame) for frame in frames]
        photo = reading.read(
            saved(images[0], "PNG", save_all=True, append_images=images[1:], blend=0, disposal=1)
        )
        photo = replace(photo, format=form)
        report, _ = one.enhance_photo(network, photo, Wish())
        taken.append((report, photo))
    (first, white), (second, black) = taken
    assert first.gain == second.gain > 1.5
    shown = [[(p.pixels, p.alpha), *p.animation.frames] for p in (white, black)]
    for one_frame, other in zip(*shown, strict=True):
        assert_same([np.dstack(one_frame), np.dstack(other)])
