import csv
import io

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.evaluation import columns, pairing, scoring, statistics, tables
from scotopic.measures import likeness
from scotopic.photo import reading, writing


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
    for _ in range(100):
        reference = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        noise = rng.normal(0, rng.uniform(1, 60), reference.shape)
        result = np.clip(reference + noise, 0, 255).astype(np.uint8)
        assert (
            abs(likeness.psnr(result, reference) - peak_signal_noise_ratio(reference, result))
            < 1e-9
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
        assert abs(likeness.ssim(result, reference) - wanted) < 1e-6


def test_eight_bits_do_not_wrap():
    assert (
        abs(likeness.psnr(np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8))) < 1e-9
    )


def test_gt_mean_forgives_a_factor(folders):
    reference = np.asarray(Image.open(folders[1] / "a.png"))
    half = (reference / 2).astype(np.uint8)
    assert likeness.gt_mean_psnr(half, reference) > likeness.psnr(half, reference) + 20


def cases_of(folders):
    return pairing.pair_folders(inputs=folders[0], references=folders[1])[0]


def made(name, level=0.5, **values):
    return columns.Score(name, {"reference_exposure": level, **values})


@pytest.mark.parametrize("exposure", scoring.EXPOSURES)
def test_a_model_is_judged_by_what_it_saves(folders, tmp_path, exposure):
    saved = tmp_path / "saved"
    scores = list(scoring.judge_model(Enhancer(), cases_of(folders), exposure, saved))
    again, unpaired = pairing.pair_folders(results=saved, inputs=folders[0], references=folders[1])
    rescored = list(scoring.judge_results(again))
    assert not unpaired
    for one, other in zip(scores, rescored, strict=True):
        assert {**one.values, "exposure_error": 0} == {**other.values, "exposure_error": 0}
    if exposure == "reference":
        apart = [s.values["exposure"] - s.values["reference_exposure"] for s in scores]
        assert np.abs(apart).max() < 0.1


def test_small_pictures_have_no_ms_ssim_and_it_is_said(folders):
    (score, _) = scoring.judge_model(Enhancer(), cases_of(folders))
    assert "ms_ssim" not in score.values and "ssim" in score.values
    assert any("MS-SSIM: MS-SSIM needs pictures of at least 176x176" in n for n in score.notes)


def test_without_references_there_are_the_other_columns(folders):
    found, _ = pairing.pair_folders(inputs=folders[0])
    (score, _) = scoring.judge_model(Enhancer(), found)
    assert {"loe", "input_exposure", "exposure", "noise"} <= score.values.keys()
    assert "psnr" not in score.values
    (score, _) = scoring.judge_results(pairing.pair_folders(results=folders[1])[0])
    assert "loe" not in score.values and "colourfulness" in score.values


def test_csv_and_means_hold_the_same_numbers(folders):
    scores = list(scoring.judge_model(Enhancer(), cases_of(folders)))
    rows = list(csv.DictReader(io.StringIO(tables.as_csv({"x": scores}))))
    mean = sum(float(row["psnr"]) for row in rows) / 2
    assert abs(statistics.means(scores)["psnr"] - mean) < 1e-9
    assert tables.as_dict({"x": scores})["methods"]["x"]["mean"]["psnr"] == pytest.approx(mean)


def test_intervals_are_those_of_a_normal_mean():
    levels = np.random.default_rng(0).normal(20, 3, 200)
    scores = [made("x", psnr=level, gt_mean_psnr=float("inf")) for level in levels]
    low, high = statistics.intervals(scores)["psnr"]
    wanted = levels.mean() + np.array([-1.96, 1.96]) * levels.std() / np.sqrt(200)
    assert (low, high) == pytest.approx(wanted, abs=0.05)
    assert statistics.intervals(scores) == statistics.intervals(scores)
    assert statistics.intervals(scores)["gt_mean_psnr"] == (float("inf"), float("inf"))


def test_methods_are_compared_picture_by_picture():
    rng = np.random.default_rng(1)
    hard = rng.normal(20, 5, 30)

    def method(lead):
        return [made(str(i), psnr=x + lead + 0.1 * rng.normal()) for i, x in enumerate(hard)]

    one, other = method(0), method(0.5)
    lead = statistics.differences(other, one)
    low, high = statistics.intervals(lead)["psnr"]
    assert 0.4 < low < 0.5 < high < 0.6
    assert np.subtract(*statistics.intervals(one)["psnr"][::-1]) > 2
    table = tables.as_table({"one": one, "other": other})
    assert "other less one, picture by picture, 30 of them" in table
    told = tables.as_dict({"one": one, "other": other})
    assert told["differences"]["other"]["mean"]["psnr"] == pytest.approx(0.5, abs=0.1)
    assert len(statistics.differences(one, other[1:])) == 29
    assert statistics.differences(one[:1], other[1:]) == []
    apart = tables.as_dict({"one": one[:1], "other": other[1:]})
    assert apart["differences"] == {}
    assert "0 of them" in tables.as_table({"one": one[:1], "other": other[1:]})
    same = tables.as_dict({"x": [made("1", psnr=float("inf"))]})
    assert same["methods"]["x"]["mean"]["psnr"] is None


def test_the_best_constant_is_the_median_in_the_logarithm():
    scores = [made("x", level) for level in (0.1, 0.2, 0.8)]
    assert statistics.constant_exposure_error(scores) == pytest.approx(np.log(2 * 4) / 3)
    assert statistics.constant_exposure_error([columns.Score("x", {})]) is None


def test_names_that_are_numbers_are_in_their_order(tmp_path):
    for name in ("10", "9", "a", "100"):
        Image.new("RGB", (4, 4)).save(tmp_path / f"{name}.png")
    found, _ = pairing.pair_folders(results=tmp_path)
    assert [case.name for case in found] == ["9", "10", "100", "a"]


@pytest.mark.parametrize("fault", ["alone", "size", "broken"])
def test_one_faulty_picture_is_named_and_the_rest_judged(folders, fault):
    low, high = folders
    if fault == "alone":
        Image.new("RGB", (64, 48)).save(low / "c.png")
    elif fault == "size":
        Image.new("RGB", (60, 48)).save(low / "b.png")
    else:
        (low / "b.png").write_bytes((low / "b.png").read_bytes()[:60])
    word = {"alone": "c.png: without a partner", "size": "b: 60x48", "broken": "b.png"}[fault]
    found, unpaired = pairing.pair_folders(results=low, references=high)
    outcomes = [*unpaired, *scoring.judge_results(found)]
    (failure,) = (one for one in outcomes if isinstance(one, pairing.Failure))
    assert word in failure.reason
    assert sum(isinstance(one, columns.Score) for one in outcomes) == (2 if fault == "alone" else 1)


@pytest.mark.parametrize("fault", ["missing", "empty", "strangers"])
def test_faulty_folders_are_named(folders, tmp_path, fault):
    low = tmp_path / "other"
    if fault != "missing":
        low.mkdir()
    if fault == "strangers":
        Image.new("RGB", (64, 48)).save(low / "z.png")
    word = {"missing": "no such folder", "empty": "no pictures", "strangers": "no picture of one"}
    with pytest.raises(ScotopicError, match=word[fault]):
        pairing.pair_folders(results=low, references=folders[1])


@pytest.mark.parametrize("kind", ["gray", "alpha", "deep"])
def test_unusual_results_are_judged_and_it_is_said(tmp_path, kind):
    rng = np.random.default_rng(0)
    picture = np.repeat(rng.integers(0, 256, (48, 64, 1), dtype=np.uint8), 3, -1)
    for folder in ("result", "reference"):
        (tmp_path / folder).mkdir()
    Image.fromarray(picture).save(tmp_path / "reference" / "1.png")
    result = reading.Photo(picture)
    if kind == "gray":
        result.pixels = picture[..., :1]
    elif kind == "alpha":
        result.alpha = np.full((48, 64), 100, np.uint8)
    else:
        result.pixels = picture.astype(np.uint16) * 257
    storage.write_atomically(writing.encode(result, "PNG"), tmp_path / "result" / "1.png")
    found, _ = pairing.pair_folders(results=tmp_path / "result", references=tmp_path / "reference")
    (score,) = scoring.judge_results(found)
    assert score.values["psnr"] == float("inf")
    word = {"gray": "is gray", "alpha": "has alpha", "deep": "16 bits"}[kind]
    assert any(word in note for note in score.notes)
