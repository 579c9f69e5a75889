import numpy as np
import pytest
from PIL import Image

from scotopic.datasets import scenes
from scotopic.evaluation import pairing, sanity


def picture(seed=0, size=(64, 96)):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC))


def warnings_about(result, reference=None, given=None, path=None):
    return sanity.warnings_about(
        pairing.Case("1", result=path), pairing.Pictures(result, given, reference)
    )


def test_clean_results_have_no_warnings(tmp_path):
    result = picture()
    Image.fromarray(result).save(tmp_path / "1.png")
    Image.fromarray(result).save(tmp_path / "1.webp", lossless=True)
    for name in ("1.png", "1.webp"):
        assert warnings_about(result, result // 2, result // 4, tmp_path / name) == []


def test_copies_of_the_reference_and_of_the_input_are_found():
    assert warnings_about(picture(), picture(), picture() // 4) == ["is identical to its reference"]
    assert warnings_about(picture(), picture() // 2, picture()) == ["is identical to its input"]


@pytest.mark.parametrize("name", ["1.jpg", "1.webp"])
def test_lossy_files_are_found(tmp_path, name):
    Image.fromarray(picture()).save(tmp_path / name)
    (warning,) = warnings_about(picture(), path=tmp_path / name)
    assert "lossy" in warning


def test_values_of_a_wrong_scale_are_found():
    (warning,) = warnings_about((picture() > 100).astype(np.uint8))
    assert "no value above 1" in warning
    (warning,) = warnings_about(picture().astype(np.uint16))
    assert "no value above 255" in warning


def test_levels_that_were_given_to_the_method_are_found():
    wanted = np.linspace(0.3, 0.6, 15)
    errors = np.random.default_rng(0).normal(0, 1, 15)

    def values(error):
        levels = wanted * np.exp(error * errors)
        return [
            {"exposure": a, "reference_exposure": b} for a, b in zip(levels, wanted, strict=True)
        ]

    assert "was the method given them" in sanity.levels_are_given(values(0.003))
    assert sanity.levels_are_given(values(0.15)) is None
    assert sanity.levels_are_given(values(0)[:2]) is None


def test_pictures_and_scenes_of_the_training_set_are_found():
    known = sanity.TrainingSet({str(s): scenes.fingerprint(picture(s)) for s in range(20)})
    assert known.warnings_about(picture(3)) == ["has a reference that is in the training set: 3"]
    other = np.roll(picture(5), 2, axis=1) // 2 + 20
    assert known.warnings_about(other) == ["shows a scene of the training set: 5"]
    assert all(known.warnings_about(picture(s)) == [] for s in range(50, 60))
