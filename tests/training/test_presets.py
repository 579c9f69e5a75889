import pytest

keras = pytest.importorskip("keras", reason="training needs keras")

from counting import multiply_adds
from places import DOCS

from scotopic.errors import InvalidValueError
from scotopic.training import optimizers, presets

LARGE = ("mirnet", "mirnet_tutorial")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in LARGE else ())
        for name in presets.NETWORKS
    ],
)
def test_parameters_and_multiply_adds_are_those_stated(name):
    network = presets.build_network(name)
    stated = presets.NETWORKS[name]
    assert network.count_params() == stated["parameters"]
    assert multiply_adds(network, 256, 256) == stated["multiply_adds"]


def test_multiply_adds_of_a_picture_are_those_by_hand():
    network = presets.build_network("tiny")
    small, large = (multiply_adds(network, side, side) for side in (64, 128))
    stem, down, up, head = 4 * 4 * 4 * 8 / 4, 2 * 2 * 8 * 16 / 16, 16 * 8 / 16, 3 * 3 * 8 * 12 / 4
    block = 2 * 3 * 3 * 16 * 16 / 16
    assert (large - small) / (128**2 - 64**2) == stem + down + block + up + head


@pytest.mark.parametrize("name", [name for name in presets.NETWORKS if "mirnet" in name])
def test_the_page_of_mirnet_states_the_same(name):
    entry = presets.NETWORKS[name]
    row = f"| `{name}` | {entry['parameters']:,} | {entry['multiply_adds'] / 1e9:.1f} |"
    assert row in (DOCS / "mirnet.md").read_text()


@pytest.mark.parametrize("name", ["standard", "fast", "tiny"])
def test_the_page_on_training_states_the_same_and_how_far_a_network_sees(name):
    network, page = presets.build_network(name), (DOCS / "training.md").read_text()
    seen = [multiply_adds(network, side, side) for side in (64, 128)]
    cost = (seen[1] - seen[0]) / (128**2 - 64**2) / 1000
    count, radius = presets.NETWORKS[name]["parameters"], network.receptive_radius()
    assert f"| `{name}` | `LightUNet` | {count:,} | {cost:.1f} | {radius} |" in page


def test_the_page_on_training_states_the_cost_of_the_gain_network():
    entry = presets.NETWORKS["gain"]
    cost = f"{entry['multiply_adds'] / 1e6:.1f} million"
    row = f"| `gain` | `GainNetwork` | {entry['parameters']:,} | {cost} for a picture"
    assert row in (DOCS / "training.md").read_text()


def test_an_unknown_preset_is_named():
    with pytest.raises(InvalidValueError, match="nonesuch'; the presets are standard, fast, gain"):
        presets.build_network("nonesuch")


@pytest.mark.parametrize("name", ["standard", "fast", "tiny", "gain", "mirnet_small"])
def test_every_preset_has_a_default_recipe_and_a_trial_of_few_steps(name):
    default, smoke = (presets.find_recipe(recipe, name) for recipe in ("default", "smoke"))
    assert smoke.steps_per_epoch * smoke.batch_size <= 20 < default.steps_per_epoch
    assert smoke.simulations <= 4
    with pytest.raises(InvalidValueError, match=f"no recipe 'nonesuch' for {name}"):
        presets.find_recipe("nonesuch", name)


def test_networks_train_in_the_format_that_is_fastest():
    torch = keras.backend.backend() == "torch"
    assert presets.fast_format("standard") == ("channels_first" if torch else "channels_last")
    assert presets.fast_format("gain") == presets.fast_format("standard")
    assert presets.fast_format("mirnet_small") == "channels_last"


@pytest.mark.parametrize(
    ("preset", "kind"),
    [("standard", optimizers.ConvolutionMuon), ("gain", keras.optimizers.AdamW)],
)
def test_optimizers_clip_decay_and_average(preset, kind):
    recipe = presets.find_recipe("default", preset)
    made = presets.optimizer(recipe, 100_000)
    assert isinstance(made, kind) and made.use_ema
    assert made.ema_momentum == recipe.ema and made.global_clipnorm == recipe.clip_norm
    assert made.weight_decay == recipe.weight_decay
    assert presets.optimizer(recipe, 100).ema_momentum == pytest.approx(0.95)
