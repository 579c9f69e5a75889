import numpy as np
import pytest
from PIL import Image

from scotopic import storage
from scotopic.enhancer import Enhancer
from scotopic.errors import TooLargeError
from scotopic.evaluation import columns, pairing, scoring
from scotopic.photo import writing
from scotopic.photo.photo import Photo

FILLED = {"standard": "correct", "mirnet_small_lol": "enhance"}
"""The method of each network that takes most memory."""


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer()


def cases_of(folders):
    return pairing.pair_folders(inputs=folders[0], references=folders[1])[0]


@pytest.mark.parametrize("exposure_from", scoring.EXPOSURES)
def test_a_model_is_scored_by_what_it_saves(enhancer, folders, tmp_path, exposure_from):
    saved = tmp_path / "saved"
    scores = list(scoring.score_model(enhancer, cases_of(folders), exposure_from, saved))
    again, unpaired = pairing.pair_folders(results=saved, inputs=folders[0], references=folders[1])
    rescored = list(scoring.score_results(again))
    assert not unpaired and len(scores) == len(rescored) == 2
    for one, other in zip(scores, rescored, strict=True):
        assert one.values["psnr"] > 5
        assert {**one.values, "exposure_error": 0} == {**other.values, "exposure_error": 0}


def test_a_model_is_given_the_level_of_the_reference_only_if_asked(enhancer, folders):
    def apart(exposure_from):
        scores = scoring.score_model(enhancer, cases_of(folders), exposure_from)
        levels = [(s.values["exposure"], s.values["reference_exposure"]) for s in scores]
        return np.abs(np.subtract(*np.transpose(levels))).max()

    assert apart("reference") < 0.1 < apart("automatic")


def test_small_pictures_have_no_ms_ssim_and_it_is_noted(enhancer, folders):
    score, _ = scoring.score_model(enhancer, cases_of(folders))
    assert "ms_ssim" not in score.values and "ssim" in score.values
    assert any(note.startswith("has no MS-SSIM: ") and "176" in note for note in score.notes)


def test_without_references_there_are_the_scores_that_need_none(enhancer, folders):
    cases, _ = pairing.pair_folders(inputs=folders[0])
    score, _ = scoring.score_model(enhancer, cases)
    assert {"loe", "input_exposure", "exposure", "noise"} <= score.values.keys()
    assert "psnr" not in score.values
    score, _ = scoring.score_results(pairing.pair_folders(results=folders[1])[0])
    assert "loe" not in score.values and "colourfulness" in score.values


@pytest.mark.parametrize("model", ["standard", "mirnet_small_lol"])
def test_a_picture_that_memory_does_not_suffice_for_is_a_failure(folders, monkeypatch, model):
    def full(*_):
        raise MemoryError

    enhancer = Enhancer(model)
    monkeypatch.setattr(enhancer.network, FILLED[model], full)
    first, second = scoring.score_model(enhancer, cases_of(folders))
    for failure, path in ((first, "a.png"), (second, "b.png")):
        assert isinstance(failure.error, TooLargeError)
        assert failure.error.path == str(folders[0] / path)


@pytest.mark.parametrize("fault", ["size", "damaged"])
def test_one_faulty_picture_is_named_and_the_rest_scored(folders, fault):
    low, high = folders
    if fault == "size":
        Image.new("RGB", (60, 48)).save(low / "b.png")
    else:
        (low / "b.png").write_bytes((low / "b.png").read_bytes()[:60])
    cases, _ = pairing.pair_folders(results=low, references=high)
    score, failure = scoring.score_results(cases)
    assert isinstance(score, columns.Score) and score.name == "a"
    assert failure.name == "b" and str(failure.error).startswith(f"{low / 'b.png'}: ")
    if fault == "size":
        assert "the result is 60x48 pixels, its reference 64x48" in str(failure.error)


def test_a_model_is_not_scored_on_16_bit_inputs(enhancer, tmp_path):
    deep = Photo(np.full((8, 8, 3), 3000, np.uint16))
    storage.write_atomically(writing.encode(deep, "PNG")[0], tmp_path / "1.png")
    (failure,) = scoring.score_model(enhancer, pairing.pair_folders(inputs=tmp_path)[0])
    assert str(failure.error).startswith(f"{tmp_path / '1.png'}: has 16 bits per channel")


@pytest.mark.parametrize(
    ("kind", "note"),
    [("gray", "is gray"), ("alpha", "has an alpha channel"), ("deep", "has 16 bits per channel")],
)
def test_unusual_results_are_scored_and_it_is_noted(tmp_path, kind, note):
    rng = np.random.default_rng(0)
    picture = np.repeat(rng.integers(0, 256, (48, 64, 1), dtype=np.uint8), 3, -1)
    for folder in ("result", "reference"):
        (tmp_path / folder).mkdir()
    Image.fromarray(picture).save(tmp_path / "reference" / "1.png")
    result = Photo(picture)
    if kind == "gray":
        result.pixels = picture[..., :1]
    elif kind == "alpha":
        result.alpha = np.full((48, 64), 100, np.uint8)
    else:
        result.pixels = picture.astype(np.uint16) * 257
    encoded, _ = writing.encode(result, "PNG")
    storage.write_atomically(encoded, tmp_path / "result" / "1.png")
    cases, _ = pairing.pair_folders(results=tmp_path / "result", references=tmp_path / "reference")
    (score,) = scoring.score_results(cases)
    assert score.values["psnr"] == float("inf")
    assert any(found.startswith(note) for found in score.notes)


def test_the_level_of_given_results_stands_for_the_prediction():
    result, reference = np.full((8, 8, 3), 51, np.uint8), np.full((8, 8, 3), 102, np.uint8)

    def error(predicted):
        pictures = pairing.Pictures(result, None, reference, predicted)
        return scoring.Scorer().score(pairing.Case("1"), pictures).values["exposure_error"]

    assert error(None) == pytest.approx(np.log(2), abs=1e-6)
    assert error(0.1) == pytest.approx(np.log(4), abs=1e-6)
