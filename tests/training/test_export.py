import numpy as np
import pytest
import small_data

onnx = pytest.importorskip("onnx", reason="export needs onnx")
keras = pytest.importorskip("keras", reason="export needs keras")

from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.networks.registry import WEIGHTS_FOLDER
from scotopic.networks.session import Session
from scotopic.storage import sha256_of_file
from scotopic.training import checkpoints, export, loop, presets, schedule, training_data
from scotopic.training.mirnet import MIRNet

pytestmark = pytest.mark.skipif(keras.backend.backend() != "torch", reason="export needs torch")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    data = small_data.make(tmp_path_factory.mktemp("data"))
    recipe = presets.find_recipe("smoke")
    prepared = training_data.load_training_data([data], recipe, 0)
    loop.train("exposure_unet_tiny", prepared, recipe, schedule.Budget(steps=10), folder)
    return folder


@pytest.fixture(scope="module")
def exported(run):
    return run / "out.onnx", export.export_run(run, run / "out.onnx")


def test_the_graph_is_the_network_at_sizes_that_were_not_traced(run, exported):
    path, spec = exported
    network = presets.build_network(spec.name, "channels_first")
    checkpoints.load_weights(network, run / checkpoints.WEIGHTS)
    assert export.check_parity(network, Session(str(path))) < 1e-4


def test_an_exported_file_runs_by_itself(exported):
    picture = np.random.default_rng(0).integers(0, 40, (37, 51, 3), dtype=np.uint8)
    result, report = Enhancer(str(exported[0])).enhance_array(picture)
    assert result.shape == picture.shape and report.model == "exposure_unet_tiny"


@pytest.mark.parametrize("shipped", [True, False])
def test_no_transpose_feeds_a_convolution(exported, shipped):
    path = WEIGHTS_FOLDER / "exposure_unet.onnx" if shipped else exported[0]
    nodes = onnx.load(str(path)).graph.node
    assert {"DepthToSpace", "SpaceToDepth", "Conv"} <= {node.op_type for node in nodes}
    turned = {node.output[0] for node in nodes if node.op_type == "Transpose"}
    users = [node.op_type for node in nodes if turned.intersection(node.input)]
    assert users in ([], ["Reshape"]), "only the 4x4 maps that are flattened for the dense layers"


@pytest.fixture(scope="module")
def exported_mirnet(tmp_path_factory):
    network = MIRNet(channels=8, groups=1, blocks=1, stem=2, data_format="channels_first")
    for alpha in (v for v in network.variables if v.path.endswith("alpha")):
        alpha.assign(alpha + 0.3)
    path = tmp_path_factory.mktemp("mirnet") / "out.onnx"
    spec = export.ModelSpec(
        "made",
        "0",
        training_data="",
        licence="",
        recipe_sha256="",
        bytes_per_pixel=100,
        **export._ways(network),
    )
    export.export(network, spec, path)
    return network, path


def test_mirnets_graph_is_the_network_at_five_sizes(exported_mirnet):
    network, path = exported_mirnet
    assert len(export.PARITY_SIZES) == 5
    assert export.check_parity(network, Session(str(path))) < 1e-4
    network.conv_out.kernel.assign(network.conv_out.kernel * 1.1)
    with pytest.raises(ScotopicError, match="differs from the network"):
        export.check_parity(network, Session(str(path)))


@pytest.mark.parametrize("shipped", [True, False])
def test_mirnets_graph_has_no_transpose_and_few_operators(exported_mirnet, shipped):
    path = WEIGHTS_FOLDER / "mirnet_small_lol.onnx" if shipped else exported_mirnet[1]
    kinds = {node.op_type for node in onnx.load(str(path)).graph.node}
    assert {"SpaceToDepth", "DepthToSpace", "LeakyRelu"} <= kinds
    assert not {"Transpose", "Neg"} & kinds


def test_the_spec_says_what_it_was_trained_on(exported):
    spec = exported[1]
    assert "our485" in spec.training_data or "data" in spec.training_data
    assert Session(str(exported[0])).spec == spec


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ScotopicError, match="no finished run"):
        export.export_run(tmp_path, tmp_path / "out.onnx")
    assert not list(tmp_path.iterdir())


def test_shipped_weights_are_those_of_the_registry():
    from scotopic.networks.registry import registry

    for entry in registry().values():
        assert sha256_of_file(WEIGHTS_FOLDER / entry["file"]) == entry["sha256"]
        assert (WEIGHTS_FOLDER / entry["card"]).is_file()
