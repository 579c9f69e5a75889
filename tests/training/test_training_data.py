import dataclasses

import numpy as np
import pytest
import small_data
from PIL import Image
from small_data import smooth

pytest.importorskip("keras", reason="training needs keras")

from scotopic.errors import MissingFileError, MissingPackageError, ScotopicError
from scotopic.pixels.exposure import expose
from scotopic.pixels.gain_map import GainMap
from scotopic.pixels.shadows import exposed_calmly
from scotopic.pixels.thumbnail import reduced
from scotopic.training import presets, simulate, training_data
from scotopic.training.pairs import PairSet
from scotopic.training.training_data import load_training_data, with_colors_of_input

RECIPE = presets.find_recipe("smoke")
GAIN_RECIPE = presets.find_recipe("smoke", "gain")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return small_data.make(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Folders of 25 and of 5 photographs, with a subfolder, and what is none."""
    folders = [tmp_path_factory.mktemp(name) for name in ("many", "few")]
    for folder, count in zip(folders, (25, 5), strict=True):
        (folder / "below").mkdir()
        for index in range(count):
            place = folder / "below" if index % 2 else folder
            Image.fromarray(smooth(index, (256, 256))).save(place / f"{index}.JPG", "JPEG")
    Image.fromarray(smooth(0, (255, 400))).save(folders[0] / "too_small.png")
    (folders[0] / "notes.txt").write_text("no picture")
    return folders


@pytest.fixture
def no_free_photographs(monkeypatch):
    monkeypatch.setattr(training_data, "free_photographs", dict)


@pytest.fixture
def simulated_fast(monkeypatch):
    """Simulations that only divide a corner of the photograph, since true ones take long."""

    def simulate_fast(photograph, rng):
        corner = photograph[:64, :64]
        return corner // int(rng.integers(2, 200)), corner, GainMap.uniform(2)

    monkeypatch.setattr(simulate, "simulate", simulate_fast)


def by_name(sets):
    return {pairs.name: pairs for pairs in sets}


def photographs_of(pairs):
    """The photographs that a simulated set was made from."""
    return {name.rsplit("-", 1)[0] for name in pairs.names}


@pytest.mark.usefixtures("no_free_photographs", "simulated_fast")
def test_a_photograph_is_never_both_trained_on_and_held_out(data, photographs):
    for recipe, name in ((RECIPE, "simulated"), (GAIN_RECIPE, "underexposed")):
        recipe = dataclasses.replace(recipe, simulations=100)
        made = load_training_data([data], recipe, 0, photographs=photographs)
        trained, held = (
            photographs_of(by_name(sets)[name]) for sets in (made.sets, made.validation)
        )
        assert trained and held and not trained & held
        assert len(trained | held) == 30, "all photographs, those in subfolders too"
        again = load_training_data([data], recipe, 1, photographs=photographs)
        assert photographs_of(by_name(again.validation)[name]) == held, "whatever the seed"
        assert by_name(again.sets)[name].digest() != by_name(made.sets)[name].digest()


@pytest.mark.usefixtures("no_free_photographs")
def test_the_photographs_of_each_folder_are_underexposed_equally_often(data, photographs):
    recipe = dataclasses.replace(GAIN_RECIPE, simulations=40)
    made = by_name(load_training_data([data], recipe, 0, photographs=photographs).sets)
    folders = [name.split("/")[0] for name in made["underexposed"].names]
    assert {folders.count(folder.name) for folder in photographs} == {20}


@pytest.mark.usefixtures("simulated_fast")
def test_free_photographs_are_simulated_from_in_any_case(data, photographs):
    recipe = dataclasses.replace(RECIPE, simulations=20)
    made = by_name(load_training_data([data], recipe, 0, photographs=photographs[1:]).sets)
    names = photographs_of(made["simulated"])
    assert {name.split("/")[0] for name in names} == {"scikit-image", photographs[1].name}
    alone = by_name(load_training_data([data], GAIN_RECIPE, 0).sets)
    assert photographs_of(alone["underexposed"]) < set(training_data.free_photographs())


def test_without_scikit_image_it_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage", None)
    with pytest.raises(MissingPackageError, match="pip install scikit-image"):
        training_data.free_photographs()


def test_huge_photographs_are_held_smaller(tmp_path):
    Image.fromarray(smooth(0, (400, 2000))).save(tmp_path / "wide.png")
    (picture,) = training_data._photographs(tmp_path).values()
    assert picture.shape == (320, 1600, 3) and picture.dtype == np.uint8
    assert abs(picture.mean() - smooth(0, (400, 2000)).mean()) < 0.5


def test_shares_of_the_samples_are_those_of_the_recipe(data, tmp_path):
    other, texture = (
        small_data.make(tmp_path / "other", count=8),
        small_data.make(tmp_path / "texture"),
    )
    recipe = dataclasses.replace(RECIPE, simulated=0.5, texture=0.1, held_out=0.25)
    made = load_training_data([data, other], recipe, 0, texture=[texture])
    shares = {s.name: share for s, share in zip(made.sets, made.shares, strict=True)}
    assert shares[data.name] == pytest.approx(0.4 / 3) and shares["other"] == pytest.approx(0.8 / 3)
    assert shares["texture"] == pytest.approx(0.1) and shares["simulated"] == 0.5
    alone = load_training_data([data], recipe, 0)
    assert sum(alone.shares) == pytest.approx(1) and alone.shares[0] == 0.5
    assert [s.name for s in alone.validation] == [data.name, "simulated"]
    record = made.record()["training"]
    assert [one["name"] for one in record] == list(shares)
    assert len({one["sha256"] for one in record}) == 4


def test_nothing_is_held_out_where_all_is_to_be_trained_on(data):
    made = load_training_data([data], RECIPE, 0, hold_out=False)
    assert made.validation == [] and len(made.sets[0]) == 4
    assert len(load_training_data([data], RECIPE, 0, hold_out=False, limit=2).sets[0]) == 2


def test_siblings_of_the_test_set_are_left_out_where_they_are_known(tmp_path):
    data = small_data.make(tmp_path)
    (data / "scenes.json").write_text(
        '{"groups": [["0"], ["1"], ["2"], ["3"]], "siblings_of_test": {"9": ["1", "2"]}}'
    )
    made = load_training_data([data], RECIPE, 0, hold_out=False, exclude_siblings=True)
    assert made.sets[0].names == ["0", "3"]
    (data / "scenes.json").unlink()
    with pytest.raises(MissingFileError, match=r"no scenes\.json.*scotopic data split"):
        load_training_data([data], RECIPE, 0, exclude_siblings=True)


def test_a_set_of_which_nothing_is_left_is_refused(data, tmp_path):
    with pytest.raises(ScotopicError, match="no pairs are left"):
        load_training_data([data], RECIPE, 0, limit=1)
    texture = small_data.make(tmp_path / "texture")
    made = load_training_data([data], RECIPE, 0, texture=[texture], limit=2)
    assert len(made.sets[0]) == len(made.sets[1]) == 1


@pytest.fixture
def tinted():
    """A pair whose reference has other colours, and texture that the dark picture has too."""
    rng = np.random.default_rng(0)
    texture = rng.normal(0, 0.03, (120, 160, 1))
    dark = expose(smooth(2, (120, 160)) / 255, 0.1)
    high = np.clip(smooth(2, (120, 160)) / 255 * [1.0, 0.6, 0.8] + 0.05 + texture, 0, 1)
    return PairSet(
        "tinted",
        ["a"],
        [np.rint(255 * dark).astype(np.uint8)],
        [np.rint(255 * high).astype(np.uint8)],
    )


def test_texture_has_the_colours_of_the_exposed_picture(tinted):
    made = with_colors_of_input(tinted)
    low = tinted.low[0] / np.float32(255)
    exposed = exposed_calmly(low, tinted.map_of(0)[0])

    def apart(picture):
        """How far the mean colours of cells are from those of the exposed picture."""
        return np.abs(reduced(picture, 6, 8) - reduced(exposed, 6, 8)).mean()

    assert apart(made.high[0]) < 0.015 < 0.05 < apart(tinted.high[0])
    assert made.names == tinted.names and made.low == tinted.low
    assert tinted.teaches_exposure and not made.teaches_exposure


def test_texture_keeps_what_varies_within_cells(tinted):
    made = with_colors_of_input(tinted)

    def fine(picture):
        gray = picture.mean(-1)
        return gray[1:-1, 1:-1] - (gray[:-2, 1:-1] + gray[2:, 1:-1]) / 2

    pair = [fine(x.astype(float)).ravel() for x in (made.high[0], tinted.high[0])]
    assert np.corrcoef(*pair)[0, 1] > 0.9


def test_a_set_is_given_its_colours_only_as_texture(data):
    made = load_training_data([data], RECIPE, 0, texture=[data], hold_out=False)
    whole, texture = made.sets[:2]
    assert whole.digest() != texture.digest()
    assert whole.digest() == load_training_data([data], RECIPE, 0, hold_out=False).sets[0].digest()
