import pytest

pytest.importorskip("keras", reason="training needs keras")

from counting import multiply_adds
from places import DOCS

from scotopic.errors import InvalidValueError
from scotopic.training import presets

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


@pytest.mark.parametrize("name", [name for name in presets.NETWORKS if "mirnet" in name])
def test_the_page_of_mirnet_states_the_same(name):
    entry = presets.NETWORKS[name]
    row = f"| `{name}` | {entry['parameters']:,} | {entry['multiply_adds'] / 1e9:.1f} |"
    assert row in (DOCS / "mirnet.md").read_text()


def test_an_unknown_preset_is_named():
    with pytest.raises(InvalidValueError, match="nonesuch'; the presets are exposure_unet"):
        presets.build_network("nonesuch")
