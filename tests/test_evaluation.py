import csv
import io

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from scotopic import evaluation, metrics
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError


@pytest.fixture
def folders(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        high = np.asarray(Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC))
        for kind, pixels in (("low", high // 8), ("high", high)):
            (tmp_path / kind).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / kind / f"{name}.png")
    return tmp_path / "low", tmp_path / "high"


def test_psnr_and_ssim_are_those_of_scikit_image():
    rng = np.random.default_rng(1)
    for _ in range(20):
        reference = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        noise = rng.normal(0, rng.uniform(1, 60), reference.shape)
        result = np.clip(reference + noise, 0, 255).astype(np.uint8)
        assert (
            abs(metrics.psnr(result, reference) - peak_signal_noise_ratio(reference, result)) < 1e-9
        )
        wanted = structural_similarity(
            result,
            reference,
            channel_axis=-1,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        assert abs(metrics.ssim(result, reference) - wanted) < 1e-6


def test_eight_bits_do_not_wrap():
    assert (
        abs(metrics.psnr(np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8))) < 1e-9
    )


def test_gt_mean_forgives_a_factor(folders):
    reference = np.asarray(Image.open(folders[1] / "a.png"))
    half = (reference / 2).astype(np.uint8)
    assert metrics.gt_mean_psnr(half, reference) > metrics.psnr(half, reference) + 20


@pytest.mark.parametrize("exposure", evaluation.EXPOSURES)
def test_a_model_is_scored_by_what_it_saves(folders, tmp_path, exposure):
    pairs = evaluation.pair_folders(*folders)
    saved = tmp_path / "saved"
    scores = list(evaluation.score_model(Enhancer(), pairs, exposure, saved))
    again = list(evaluation.score_results(evaluation.pair_folders(saved, folders[1])))
    assert [s.psnr for s in scores] == [s.psnr for s in again]
    if exposure == "reference":
        assert all(abs(s.exposure - s.reference_exposure) < 0.1 for s in scores)


def test_csv_and_means_hold_the_same_numbers(folders):
    scores = list(evaluation.score_results(evaluation.pair_folders(*folders)))
    rows = list(csv.DictReader(io.StringIO(evaluation.as_csv({"x": scores}))))
    mean = sum(float(row["psnr"]) for row in rows) / 2
    assert abs(evaluation.means(scores)["psnr"] - mean) < 1e-9
    assert evaluation.as_dict({"x": scores})["methods"]["x"]["mean"]["psnr"] == pytest.approx(mean)


def test_intervals_are_those_of_a_normal_mean():
    levels = np.random.default_rng(0).normal(20, 3, 200)
    scores = [evaluation.Score("x", level, 0, float("inf"), 0, 0.5, 0) for level in levels]
    low, high = evaluation.intervals(scores)["psnr"]
    wanted = levels.mean() + np.array([-1.96, 1.96]) * levels.std() / np.sqrt(200)
    assert (low, high) == pytest.approx(wanted, abs=0.05)
    assert evaluation.intervals(scores) == evaluation.intervals(scores)
    assert evaluation.intervals(scores)["gt_mean_psnr"] == (float("inf"), float("inf"))


def test_methods_are_compared_picture_by_picture():
    rng = np.random.default_rng(1)
    hard = rng.normal(20, 5, 30)

    def method(lead):
        return [
            evaluation.Score(str(i), psnr + lead + 0.1 * rng.normal(), 0, 0, 0, 0.5, 0)
            for i, psnr in enumerate(hard)
        ]

    one, other = method(0), method(0.5)
    lead = evaluation.differences(other, one)
    low, high = evaluation.intervals(lead)["psnr"]
    assert 0.4 < low < 0.5 < high < 0.6
    assert np.subtract(*evaluation.intervals(one)["psnr"][::-1]) > 2
    table = evaluation.as_table({"one": one, "other": other})
    assert "other less one, picture by picture" in table
    told = evaluation.as_dict({"one": one, "other": other})
    assert told["differences"]["other"]["mean"]["psnr"] == pytest.approx(0.5, abs=0.1)
    with pytest.raises(ScotopicError, match="same pictures"):
        evaluation.differences(one, other[1:])


def test_the_best_constant_is_the_median_in_the_logarithm():
    def score(level):
        return evaluation.Score("x", 0, 0, 0, 0, level, 0)

    scores = [score(level) for level in (0.1, 0.2, 0.8)]
    assert evaluation.constant_exposure_error(scores) == pytest.approx(np.log(2 * 4) / 3)


@pytest.mark.parametrize("fault", ["alone", "size", "missing", "empty"])
def test_faulty_folders_are_named(folders, tmp_path, fault):
    low, high = folders
    if fault == "alone":
        Image.new("RGB", (64, 48)).save(low / "c.png")
    elif fault == "size":
        Image.new("RGB", (60, 48)).save(low / "b.png")
    elif fault == "missing":
        low = tmp_path / "nowhere"
    else:
        low = tmp_path / "empty"
        low.mkdir()
    word = {"alone": "c.png", "size": "b: 60x48", "missing": "nowhere", "empty": "no pictures"}[
        fault
    ]
    with pytest.raises(ScotopicError, match=word):
        list(evaluation.score_results(evaluation.pair_folders(low, high)))
