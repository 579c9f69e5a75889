import json
import os
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from scotopic.enhancer import Enhancer
from scotopic.errors import InvalidValueError, ModelError, TooLargeError
from scotopic.measures.likeness import psnr
from scotopic.networks.registry import find_model
from scotopic.pixels.exposure import exposure_of
from scotopic.pixels.thumbnail import thumbnail
from scotopic.wish import Wish


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
    assert np.array_equal(Enhancer().enhance_array(dark, Wish(strength=0))[0], dark)


@pytest.mark.parametrize("level", [0.2, 0.35, 0.5])
def test_the_level_asked_for_is_planned_exactly(dark, level):
    _, report = Enhancer().enhance_array(dark, Wish(exposure=level))
    assert report.chosen_by == "exposure" and abs(report.exposure_after - level) < 1e-4


def test_stops_are_added_to_the_automatic_gain(dark):
    gains = [Enhancer().enhance_array(dark, Wish(ev=ev))[1].gain for ev in (0, 1)]
    assert gains[1] == pytest.approx(2 * gains[0])


def test_balance_takes_the_variation_of_the_gain_and_keeps_its_mean(dark):
    room = dark.copy()
    room[:300, 600:] = 215
    reports = [Enhancer().enhance_array(room, Wish(balance=b))[1] for b in (0, 0.5, 1)]
    spans = [np.log(r.gain_range[1] / r.gain_range[0]) for r in reports]
    assert spans[0] == pytest.approx(0, abs=1e-5) and spans[1] < 0.7 * spans[2]
    assert reports[0].gain == pytest.approx(reports[2].gain, rel=0.05)


def test_gray_in_gray_out(dark):
    gray = np.repeat(dark[:200, :300, :1], 3, axis=-1)
    result, _ = Enhancer().enhance_array(gray)
    one, _ = Enhancer().enhance_array(gray[..., 0])
    assert (result == result[..., :1]).all()
    assert np.abs(result[..., 0].astype(int) - one).max() <= 1


def test_black_stays_black():
    result, report = Enhancer().enhance_array(np.zeros((50, 60, 3), np.uint8))
    assert report.gain == 1 and result.max() == 0


def test_black_around_a_subject_stays_black_in_tiles_as_in_the_whole(dark):
    picture = np.zeros((800, 900, 3), np.uint8)
    picture[100:400, 100:500] = dark[:300, :400]
    whole, _ = Enhancer().enhance_array(picture, Wish(exposure=0.2))
    parts, report = Enhancer(memory=1).enhance_array(picture, Wish(exposure=0.2))
    assert report.tiles > 1 and np.abs(whole.astype(int) - parts).max() <= 1
    assert whole[450:].max() == 0 and whole[120:380, 120:480].mean() > 60


@pytest.mark.parametrize(
    "pixels, word",
    [
        (np.zeros((4, 4, 3), np.int32), "int32"),
        (np.zeros((4, 4, 5), np.uint8), "4, 4, 5"),
        (np.zeros(4, np.uint8), "4,"),
        (np.zeros((0, 4, 3), np.uint8), "0, 4, 3"),
        (np.full((4, 4, 3), np.nan, np.float32), "0..1"),
        (np.full((4, 4, 3), 200.0), "0..1"),
    ],
)
def test_pixels_of_another_kind_are_refused(pixels, word):
    with pytest.raises(InvalidValueError, match=word):
        Enhancer().enhance_array(pixels)


@pytest.mark.parametrize("opacity", [255, 128, 0])
def test_alpha_that_is_the_same_everywhere_comes_back_and_changes_nothing(dark, opacity):
    dark = dark[:300, :200]
    alpha = np.full((*dark.shape[:2], 1), opacity, np.uint8)
    for color in (dark, dark[..., :1]):
        result, report = Enhancer().enhance_array(np.concatenate([color, alpha], axis=-1))
        wanted, plain = Enhancer().enhance_array(color)
        assert np.array_equal(result[..., -1:], alpha)
        assert np.abs(result[..., :-1].astype(int) - wanted).max() <= 1
        assert report.gain == pytest.approx(plain.gain, rel=1e-3)


def test_a_bright_picture_is_left_only_if_the_wish_says_so(dark):
    enhancer, bright = Enhancer(), np.full((60, 70, 4), 240, np.uint8)
    result, report = enhancer.enhance_array(bright, Wish(skip_bright=True))
    assert report.tiles == 0 and np.array_equal(result, bright) and result is not bright
    assert enhancer.enhance_array(bright)[1].tiles == 1
    assert enhancer.enhance_array(dark, Wish(skip_bright=True))[1].tiles == 1
    assert enhancer.enhance_array(bright, Wish(skip_bright=True, ev=-1))[1].tiles == 1


def test_an_unlimited_wish_takes_what_is_predicted():
    noisy = np.random.default_rng(0).integers(0, 12, (300, 300, 3), dtype=np.uint8)
    limited, unlimited = (
        Enhancer().enhance_array(noisy, Wish(limited=x))[1] for x in (True, False)
    )
    assert limited.gain < unlimited.gain
    assert unlimited.gain == pytest.approx(unlimited.automatic.predicted_gain, rel=0.1)


def test_a_report_is_plain_for_json(dark):
    report = Enhancer().enhance_array(dark[:50, :50])[1].as_dict()
    assert json.loads(json.dumps(report)) == report
    assert report["model"] == "standard" and "noise" in report["automatic"]["limited"]


@pytest.mark.parametrize(
    "model, shape", [("standard", (700, 660, 3)), ("mirnet_small_lol", (700, 40, 3))]
)
def test_progress_rises_to_one(model, shape):
    picture, shares = np.full(shape, 20, np.uint8), []
    enhancer = Enhancer(model, memory=1)
    enhancer.apply(picture, enhancer.decide(picture), np.empty_like(picture), shares.append)
    assert len(shares) > 1 and shares == sorted(set(shares)) and shares[-1] == 1


def test_progress_is_told_of_every_tile_and_may_end_the_work():
    picture, shares = np.full((90, 4000, 3), 20, np.uint8), []
    enhancer = Enhancer("fast", memory=1, threads=1)
    result = np.empty_like(picture)
    tiles = enhancer.apply(picture, enhancer.decide(picture), result, shares.append).tiles
    assert tiles > 1 and len(shares) == tiles

    def enough(share):
        raise KeyError(share)

    with pytest.raises(KeyError):
        enhancer.apply(picture, enhancer.decide(picture), result, enough)


def test_a_look_is_asked_again_under_another_wish(dark):
    enhancer, part = Enhancer("fast", threads=1), dark[:100, :120]
    automatic = enhancer.decide(part)
    for wish in (Wish(exposure=0.4, balance=0.3), Wish(ev=-1, strength=0.5), Wish(balance=0)):
        asked, decided = automatic.asked(wish), enhancer.decide(part, wish)
        assert np.array_equal(asked.gains.offset, decided.gains.offset)
        assert np.array_equal(asked.gains.slope, decided.gains.slope)
        assert (asked.wish, asked.chosen_by) == (decided.wish, decided.chosen_by)
        assert asked.exposure_after == decided.exposure_after


class TestAsAnObject:
    """How an enhancer is closed, copied, pickled and shared."""

    def test_a_pickled_one_gives_the_same_results(self, dark):
        enhancer = Enhancer(memory=2**28, threads=1)
        copy = pickle.loads(pickle.dumps(enhancer))
        assert (copy.model, copy.memory) == (enhancer.model, enhancer.memory)
        assert copy.network.sha256 == enhancer.network.sha256
        part = dark[:100, :120]
        assert np.array_equal(copy.enhance_array(part)[0], enhancer.enhance_array(part)[0])

    def test_one_of_a_file_is_unpickled_in_any_folder(self, tmp_path, monkeypatch):
        shutil.copy(find_model("standard"), tmp_path / "mine.onnx")
        monkeypatch.chdir(tmp_path)
        pickled = pickle.dumps(Enhancer("mine.onnx"))
        os.chdir("/")
        assert pickle.loads(pickled).model == "standard"

    def test_a_context_closes_the_network(self, dark):
        with Enhancer() as enhancer:
            enhancer.enhance_array(dark[:40, :40])
        with pytest.raises(ModelError, match="closed"):
            enhancer.enhance_array(dark[:40, :40])

    def test_one_with_other_memory_shares_the_network(self, dark):
        enhancer = Enhancer()
        small = enhancer.with_memory(1)
        assert (enhancer.memory, small.memory) == (Enhancer().memory, 1)
        assert small.network is enhancer.network
        assert small.enhance_array(dark)[1].tiles > 1 == enhancer.enhance_array(dark)[1].tiles
        assert pickle.loads(pickle.dumps(small)).memory == 1

    @pytest.mark.parametrize("full_at", [None, 3])
    def test_threads_may_share_one(self, monkeypatch, full_at):
        pictures = [
            np.random.default_rng(seed).integers(0, 60, (500 + 40 * seed, 450, 3), dtype=np.uint8)
            for seed in range(6)
        ]
        enhancer = Enhancer(memory=1, threads=1)
        wanted = [enhancer.enhance_array(picture) for picture in pictures]
        if full_at is not None:
            fail_once(enhancer, monkeypatch, full_at)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(enhancer.enhance_array, pictures))
        for (result, report), (right, plan) in zip(found, wanted, strict=True):
            assert report == plan
            assert np.abs(result.astype(int) - right).max() <= (0 if full_at is None else 1)


def fail_once(enhancer, monkeypatch, call):
    """Let the runtime be out of memory for one tile of many."""
    session, calls = enhancer.network._session, []
    graph = session._graph

    class FullOnce:
        def run(self, outputs, inputs, *options):
            calls.extend(outputs)
            if outputs == ["enhanced"] and calls.count("enhanced") == call:
                raise MemoryError
            return graph.run(outputs, inputs, *options)

    monkeypatch.setattr(session, "_graph", FullOnce())


class TestNetworksThatTakeThePictureAlone:
    """By `mirnet_small_lol`."""

    @pytest.fixture
    def dark(self, dark):
        """A part of the picture, since this network takes much longer."""
        return dark[:330, :400]

    def test_tiles_are_blended_without_a_seam(self, dark, monkeypatch):
        enhancer = Enhancer("mirnet_small_lol", memory=1)
        monkeypatch.setattr(enhancer.network, "enhance", lambda tile: tile)
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
        enhancer, dark = Enhancer("mirnet_small_lol"), dark[:120, :160]
        for level in (0.2, 0.5):
            result, report = enhancer.enhance_array(dark, Wish(exposure=level))
            assert abs(exposure_of(thumbnail(result)) - level) < 0.01
            assert report.chosen_by == "exposure"
        plain, brighter = (enhancer.enhance_array(dark, Wish(ev=ev))[0].mean() for ev in (0, 1))
        assert brighter > plain

    def test_no_strength_gives_the_picture_back(self, dark):
        result, _ = Enhancer("mirnet_small_lol").enhance_array(dark, Wish(strength=0))
        assert np.array_equal(result, dark)

    def test_bright_ones_cannot_be_skipped(self, dark):
        with pytest.raises(InvalidValueError, match="predicts no exposure"):
            Enhancer("mirnet_small_lol").enhance_array(dark, Wish(skip_bright=True))

    @pytest.mark.parametrize("shape", [(100, 101, 3), (401, 603, 3)])
    def test_the_whole_picture_is_one_tile_where_memory_allows(self, shape):
        picture = np.zeros(shape, np.uint8)
        assert Enhancer("mirnet_small_lol").enhance_array(picture)[1].tiles == 1


def test_where_memory_fails_tiles_are_halved_and_the_result_is_the_same(monkeypatch):
    picture = np.random.default_rng(0).integers(0, 60, (700, 900, 3), dtype=np.uint8)
    enhancer = Enhancer()
    wanted, _ = enhancer.enhance_array(picture, Wish(ev=2))
    usual, sizes = enhancer.network.correct, []

    def limited(tile, *rest):
        sizes.append(tile.shape[2] * tile.shape[3])
        if sizes[-1] > 400 * 400:
            raise MemoryError
        return usual(tile, *rest)

    monkeypatch.setattr(enhancer.network, "correct", limited)
    result, _ = enhancer.enhance_array(picture, Wish(ev=2))
    assert max(sizes) > 400 * 400 > min(sizes)
    assert np.abs(result.astype(int) - wanted).max() <= 1

    def never(*_):
        raise MemoryError

    monkeypatch.setattr(enhancer.network, "correct", never)
    with pytest.raises(TooLargeError, match="not enough memory for even the smallest tile"):
        enhancer.enhance_array(picture)


def test_the_result_may_take_the_pictures_place():
    picture = np.random.default_rng(0).integers(0, 60, (1100, 700, 3), dtype=np.uint8)
    enhancer = Enhancer(memory=2**20)
    wanted, report = enhancer.enhance_array(picture)
    assert report.tiles > 2
    look = enhancer.decide(picture)
    assert enhancer.apply(picture, look, picture) == report
    assert np.array_equal(picture, wanted)
