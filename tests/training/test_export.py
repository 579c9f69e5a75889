import numpy as np
import pytest
import small_data

onnx = pytest.importorskip("onnx", reason="export needs onnx")
keras = pytest.importorskip("keras", reason="export needs keras")

from scotopic.enhancer import Enhancer
from scotopic.errors import ScotopicError
from scotopic.networks.loading import load
from scotopic.networks.registry import WEIGHTS_FOLDER
from scotopic.networks.spec import ModelSpec
from scotopic.training import (
    checkpoints,
    export,
    loop,
    onnx_graph,
    presets,
    schedule,
    training_data,
)
from scotopic.training.mirnet import Design, MIRNet

pytestmark = [
    pytest.mark.skipif(keras.backend.backend() != "torch", reason="export needs torch"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder, pairs = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("data")
    recipe = presets.find_recipe("smoke")
    data = training_data.load_training_data([small_data.make(pairs)], recipe, 0)
    loop.train(loop.Run("exposure_unet_tiny", recipe, schedule.Budget(steps=10), data), folder)
    return folder


@pytest.fixture(scope="module")
def exported(run):
    return run / "out.onnx", export.export_run(run, run / "out.onnx")


@pytest.fixture(scope="module")
def network(run):
    network = presets.build_network("exposure_unet_tiny", "channels_first")
    return checkpoints.load_weights(network, run / checkpoints.WEIGHTS)


def mirnet():
    """A small MIRNet, the same at every call."""
    keras.utils.set_random_seed(0)
    network = MIRNet(Design(channels=8, groups=1, blocks=1, stem=2), "channels_first")
    for alpha in (v for v in network.variables if v.path.endswith("alpha")):
        alpha.assign(alpha + 0.3)
    return network


def mirnet_spec(network):
    return ModelSpec(
        "made",
        "0",
        training_data="",
        licence="",
        recipe_sha256="",
        bytes_per_pixel=100,
        **export.run_fields(network),
    )


@pytest.fixture(scope="module")
def trace():
    """The graph of `mirnet()` as traced, since tracing takes long."""
    return export._trace_mirnet(mirnet())


@pytest.fixture
def traced_already(trace, monkeypatch):
    def copied(network):
        model = onnx.ModelProto()
        model.CopyFrom(trace)
        return model

    monkeypatch.setattr(export, "_trace_mirnet", copied)


@pytest.fixture
def exported_mirnet(traced_already, tmp_path):
    network, path = mirnet(), tmp_path / "made" / "out.onnx"
    export.export(network, mirnet_spec(network), path)
    return network, path


def test_the_graph_gives_the_networks_results_at_sizes_that_were_not_traced(network, exported):
    assert export.check_parity(network, load(str(exported[0]))) < 1e-4


def test_an_exported_file_runs_by_itself(exported):
    picture = np.random.default_rng(0).integers(0, 40, (37, 51, 3), dtype=np.uint8)
    result, report = Enhancer(str(exported[0])).enhance_array(picture)
    assert result.shape == picture.shape and report.model == "exposure_unet_tiny"


def test_every_input_is_a_true_input(exported):
    graph = onnx.load(str(exported[0])).graph
    names = [value.name for value in graph.input]
    assert names == ["thumbnail", "picture", "gain", "context"]
    assert not {item.name for item in graph.initializer} & set(names)


def test_the_file_holds_nothing_that_no_runtime_needs(exported):
    path, spec = exported
    model = onnx.load(str(path))
    assert {entry.key for entry in model.metadata_props} == set(spec.metadata())
    assert not model.graph.value_info and not model.graph.doc_string
    for part in (*model.graph.node, *model.graph.input, *model.graph.initializer):
        assert not part.doc_string and not part.metadata_props
    assert not any(node.name for node in model.graph.node)


@pytest.mark.parametrize("shipped", [True, False])
def test_no_transpose_feeds_a_convolution(exported, shipped):
    path = WEIGHTS_FOLDER / "exposure_unet.onnx" if shipped else exported[0]
    nodes = onnx.load(str(path)).graph.node
    assert {"DepthToSpace", "SpaceToDepth", "Conv"} <= {node.op_type for node in nodes}
    turned = {node.output[0] for node in nodes if node.op_type == "Transpose"}
    users = [node.op_type for node in nodes if turned.intersection(node.input)]
    assert users in ([], ["Reshape"]), "only the 4x4 maps that are flattened for the dense layers"


def test_mirnets_graph_gives_the_networks_results_at_five_sizes(exported_mirnet):
    network, path = exported_mirnet
    assert len(export.PARITY_SIZES) == 5
    assert export.check_parity(network, load(str(path))) < 1e-4


def test_a_graph_that_differs_from_its_network_is_not_written(traced_already, tmp_path):
    network = mirnet()
    network.conv_out.kernel.assign(network.conv_out.kernel * 1.1)
    with pytest.raises(ScotopicError, match="differs from the network"):
        export.export(network, mirnet_spec(network), tmp_path / "out.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shipped", [True, False])
def test_mirnets_graph_has_no_transpose_and_few_operators(exported_mirnet, shipped):
    path = WEIGHTS_FOLDER / "mirnet_small_lol.onnx" if shipped else exported_mirnet[1]
    kinds = {node.op_type for node in onnx.load(str(path)).graph.node}
    assert {"SpaceToDepth", "DepthToSpace", "LeakyRelu"} <= kinds
    assert not {"Transpose", "Neg"} & kinds


def test_weights_that_layers_share_are_stored_once(exported_mirnet):
    initializers = onnx.load(str(exported_mirnet[1])).graph.initializer
    contents = [(i.data_type, tuple(i.dims), i.raw_data) for i in initializers]
    assert len(set(contents)) == len(contents)


def test_half_precision_halves_the_file_and_computes_as_the_rounded_network(
    exported_mirnet, tmp_path
):
    network, path = mirnet(), tmp_path / "half.onnx"
    export.export(network, mirnet_spec(network), path, half_precision=True)
    assert weight_bytes(path) < 0.6 * weight_bytes(exported_mirnet[1])
    assert export.check_parity(network, load(str(path))) < 1e-4
    tile = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    whole, half = (load(str(p)).enhance(tile) for p in (exported_mirnet[1], path))
    assert 0 < np.abs(whole - half).max() < 0.01


def weight_bytes(path):
    return sum(len(item.raw_data) for item in onnx.load(str(path)).graph.initializer)


@pytest.mark.parametrize(
    "values",
    [np.ones(8, np.float32), np.full(100, 1e5, np.float32), np.ones(100, np.int64)],
    ids=["few", "out of range", "integers"],
)
def test_some_values_stay_as_they_are_in_half_precision(values):
    assert onnx_graph.halved(values) is None


def test_the_spec_says_what_it_was_trained_on(exported):
    path, spec = exported
    parts = spec.training_data.split(", ")
    assert len(parts) == 2
    assert parts[0].startswith("data") and parts[0].endswith(" pairs)")
    assert parts[1].startswith("simulated (")
    assert load(str(path)).spec == spec


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ScotopicError, match="no finished run"):
        export.export_run(tmp_path, tmp_path / "out.onnx")
    assert not list(tmp_path.iterdir())


def test_openvino_gives_the_same_picture(exported):
    pytest.importorskip("openvino", reason="compares with OpenVINO")
    import openvino_checks

    path = exported[0]
    assert openvino_checks.inputs_of(path) == openvino_checks.expected_inputs(path)
    assert openvino_checks.difference(path, 5, 3) < 1e-4


def test_openvino_gives_the_same_picture_by_mirnet(exported_mirnet):
    pytest.importorskip("openvino", reason="compares with OpenVINO")
    import openvino_checks

    path = exported_mirnet[1]
    assert openvino_checks.inputs_of(path) == openvino_checks.expected_inputs(path)
    assert openvino_checks.difference(path, 5, 3) < 1e-4
