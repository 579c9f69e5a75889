import pytest

pytest.importorskip("keras", reason="training needs keras")

from counting import multiply_adds
from places import DOCS

from scotopic.errors import ScotopicError
from scotopic.training import presets


@pytest.mark.parametrize("name", presets.NETWORKS)
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
    with pytest.raises(ScotopicError, match="nonesuch"):
        presets.build_network("nonesuch")
