import numpy as np
import pytest
from PIL import Image

from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.measures.likeness import psnr
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.thumbnail import thumbnail


@pytest.fixture(scope="module")
def dark():
    coarse = np.random.default_rng(0).integers(0, 50, (12, 16, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((1100, 830), Image.Resampling.BICUBIC))


def test_tiles_joined_are_the_picture_whole(dark):
    whole, one = Enhancer().enhance_array(dark)
    parts, many = Enhancer(memory=1).enhance_array(dark)
    assert one.tiles == 1 < many.tiles
    assert np.abs(whole.astype(int) - parts).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (17, 33, 3), (40, 50)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_any_size_and_type_comes_back_the_same(shape, kind):
    scale = 1 if kind == np.float32 else np.iinfo(kind).max
    picture = (np.random.default_rng(1).random(shape) * 0.2 * scale).astype(kind)
    result, report = Enhancer().enhance_array(picture)
    assert (result.shape, result.dtype) == (picture.shape, picture.dtype)
    assert report.gain >= 1


def test_no_strength_gives_the_picture_back(dark):
    assert np.array_equal(Enhancer().enhance_array(dark, strength=0)[0], dark)


@pytest.mark.parametrize("level", [0.2, 0.35, 0.5])
def test_the_level_asked_for_is_planned_exactly(dark, level):
    _, report = Enhancer().enhance_array(dark, exposure=level)
    assert report.chosen_by == "exposure" and abs(report.exposure_after - level) < 1e-4


def test_stops_are_added_to_the_automatic_gain(dark):
    gains = [Enhancer().enhance_array(dark, ev=ev)[1].gain for ev in (0, 1)]
    assert gains[1] == pytest.approx(2 * gains[0])


def test_black_stays_black():
    result, report = Enhancer().enhance_array(np.zeros((50, 60, 3), np.uint8))
    assert report.gain == 1 and result.max() == 0


def test_black_around_a_subject_stays_black_in_tiles_as_in_the_whole(dark):
    picture = np.zeros((800, 900, 3), np.uint8)
    picture[100:400, 100:500] = dark[:300, :400]
    whole, _ = Enhancer().enhance_array(picture, exposure=0.2)
    parts, report = Enhancer(memory=1).enhance_array(picture, exposure=0.2)
    assert report.tiles > 1 and np.abs(whole.astype(int) - parts).max() <= 1
    assert whole[450:].max() == 0 and whole[120:380, 120:480].mean() > 60


@pytest.mark.parametrize(
    "pixels, word",
    [
        (np.zeros((4, 4, 3), np.int32), "int32"),
        (np.zeros((4, 4, 2), np.uint8), "4, 4, 2"),
        (np.zeros((0, 4, 3), np.uint8), "0, 4, 3"),
        (np.full((4, 4, 3), np.nan, np.float32), "0..1"),
        (np.full((4, 4, 3), 200.0), "0..1"),
    ],
)
def test_pixels_of_another_kind_are_refused(pixels, word):
    with pytest.raises(ScotopicError, match=word):
        Enhancer().enhance_array(pixels)


@pytest.mark.parametrize(
    "settings", [{"exposure": 1.0}, {"strength": 2}, {"ev": 9}, {"exposure": 0.3, "ev": 1}]
)
def test_settings_out_of_range_are_refused(dark, settings):
    with pytest.raises(ScotopicError):
        Enhancer().enhance_array(dark, **settings)


class TestNetworksThatTakeThePictureAlone:
    """By `mirnet_small_lol`."""

    def test_tiles_are_blended_without_a_seam(self, dark, monkeypatch):
        enhancer = Enhancer("mirnet_small_lol", memory=1)
        monkeypatch.setattr(enhancer.session, "enhance", lambda tile: tile)
        result, report = enhancer.enhance_array(dark)
        assert report.tiles > 4 and np.abs(result.astype(int) - dark).max() <= 2

    def test_tiles_come_near_the_picture_whole(self, dark):
        whole, one = Enhancer("mirnet_small_lol", memory=2**33).enhance_array(dark)
        parts, many = Enhancer("mirnet_small_lol", memory=1).enhance_array(dark)
        assert one.tiles == 1 and many.tiles > 4
        assert psnr(parts, whole) > 28

    @pytest.mark.parametrize("shape", [(1, 1, 3), (17, 33, 3), (40, 50)])
    @pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
    def test_any_size_and_type_comes_back_the_same(self, shape, kind):
        scale = 1 if kind == np.float32 else np.iinfo(kind).max
        picture = (np.random.default_rng(1).random(shape) * 0.2 * scale).astype(kind)
        result, report = Enhancer("mirnet_small_lol").enhance_array(picture)
        assert (result.shape, result.dtype) == (picture.shape, picture.dtype)
        assert report.automatic is None and result.mean() > picture.mean()

    def test_an_exposure_asked_for_is_given_to_the_result(self, dark):
        enhancer = Enhancer("mirnet_small_lol")
        for level in (0.2, 0.5):
            result, report = enhancer.enhance_array(dark, exposure=level)
            assert abs(exposure_of(thumbnail(result)) - level) < 0.01
            assert report.chosen_by == "exposure"
        plain, brighter = (enhancer.enhance_array(dark, ev=ev)[0].mean() for ev in (0, 1))
        assert brighter > plain

    def test_no_strength_gives_the_picture_back(self, dark):
        result, _ = Enhancer("mirnet_small_lol").enhance_array(dark, strength=0)
        assert np.array_equal(result, dark)

    def test_bright_ones_cannot_be_skipped(self, dark):
        with pytest.raises(ScotopicError, match="predicts no exposure"):
            Enhancer("mirnet_small_lol").enhance_array(dark, skip_bright=True)

    @pytest.mark.parametrize("shape", [(100, 101, 3), (401, 603, 3)])
    def test_the_whole_picture_is_one_tile_where_memory_allows(self, shape):
        picture = np.zeros(shape, np.uint8)
        assert Enhancer("mirnet_small_lol").enhance_array(picture)[1].tiles == 1


def test_where_memory_fails_tiles_are_halved_and_the_result_is_the_same(monkeypatch):
    picture = np.random.default_rng(0).integers(0, 60, (700, 900, 3), dtype=np.uint8)
    enhancer = Enhancer()
    wanted, _ = enhancer.enhance_array(picture, ev=2)
    usual, sizes = enhancer.session.correct, []

    def limited(tile, *rest):
        sizes.append(tile.shape[2] * tile.shape[3])
        if sizes[-1] > 400 * 400:
            raise MemoryError
        return usual(tile, *rest)

    monkeypatch.setattr(enhancer.session, "correct", limited)
    result, _ = enhancer.enhance_array(picture, ev=2)
    assert max(sizes) > 400 * 400 > min(sizes)
    assert np.abs(result.astype(int) - wanted).max() <= 1

    def never(*_):
        raise MemoryError

    monkeypatch.setattr(enhancer.session, "correct", never)
    with pytest.raises(ScotopicError, match="not enough memory for even the smallest tile"):
        enhancer.enhance_array(picture)


def test_the_result_may_take_the_pictures_place():
    picture = np.random.default_rng(0).integers(0, 60, (1100, 700, 3), dtype=np.uint8)
    enhancer = Enhancer(memory=2**20)
    wanted, report = enhancer.enhance_array(picture)
    assert report.tiles > 2
    look = enhancer.decide(picture)
    assert enhancer.apply(picture, look, 1, picture) == report
    assert np.array_equal(picture, wanted)
