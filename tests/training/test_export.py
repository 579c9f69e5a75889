import json

import numpy as np
import pytest
import small_data
from click.testing import CliRunner

onnx = pytest.importorskip("onnx", reason="export needs onnx")
keras = pytest.importorskip("keras", reason="export needs keras")

from scotopic.commands.train import export as export_command
from scotopic.enhancer import Enhancer
from scotopic.errors import InvalidValueError, MissingFileError, Parameter, ScotopicError
from scotopic.networks.loading import load
from scotopic.networks.registry import WEIGHTS_FOLDER, registry
from scotopic.networks.spec import ModelSpec
from scotopic.pixels.exposure import expose
from scotopic.pixels.gain_map import GainMap
from scotopic.training import (
    checkpoints,
    export,
    loop,
    onnx_graph,
    presets,
    schedule,
    tracing,
    training_data,
)
from scotopic.training.light_unet import LightUNet
from scotopic.training.mirnet import Design, MIRNet

pytestmark = [
    pytest.mark.skipif(keras.backend.backend() != "torch", reason="export needs torch"),
    pytest.mark.slow,
]

SHIPPED = [
    entry["file"]
    for entry in registry().values()
    if presets.NETWORKS.get(entry["preset"], {}).get("network") is LightUNet
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of a short run of the preset tiny, and of one of the preset gain."""
    pairs, folders = small_data.make(tmp_path_factory.mktemp("data")), []
    for preset in ("tiny", "gain"):
        folders.append(tmp_path_factory.mktemp(preset))
        recipe = presets.find_recipe("smoke", preset)
        data = training_data.load_training_data([pairs], recipe, 0)
        loop.train(loop.Run(preset, recipe, schedule.Budget(steps=6), data), folders[-1])
    return folders


@pytest.fixture(scope="module")
def traced_branches():
    """The graphs of both branches as traced, since tracing takes long."""
    return []


@pytest.fixture(scope="module")
def exported(runs, traced_branches):
    run, gain_run = runs

    def trace(*parts):
        traced_branches.append(tracing.trace_branches(*parts))
        return copied(traced_branches[-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "trace_branches", trace)
        return run / "out.onnx", export.export_run(run, run / "out.onnx", gain_run)


def copied(model):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


@pytest.fixture(scope="module")
def parts(runs):
    return tuple(
        checkpoints.load_weights(
            presets.build_network(preset, "channels_first"), folder / checkpoints.WEIGHTS
        )
        for preset, folder in zip(("tiny", "gain"), runs, strict=True)
    )


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
    return tracing.trace_mirnet(mirnet())


@pytest.fixture
def traced_already(trace, monkeypatch):
    monkeypatch.setattr(export, "trace_mirnet", lambda network: copied(trace))


@pytest.fixture
def exported_mirnet(traced_already, tmp_path):
    network, path = mirnet(), tmp_path / "made" / "out.onnx"
    export.export((network,), mirnet_spec(network), path)
    return network, path


def test_the_graph_gives_the_networks_results_at_sizes_that_were_not_traced(parts, exported):
    assert export.check_parity(parts, load(str(exported[0]))) < 1e-4


@pytest.mark.parametrize("which", [0, 1])
def test_a_graph_of_other_weights_is_told_from_the_networks(parts, exported, which):
    others = [presets.build_network(preset, "channels_first") for preset in ("tiny", "gain")]
    others[1 - which] = parts[1 - which]
    with pytest.raises(ScotopicError, match="differs from the network"):
        export.check_parity(tuple(others), load(str(exported[0])))


def test_the_traced_curve_is_that_of_the_reference():
    import torch

    rng = np.random.default_rng(0)
    picture = rng.random((20, 30, 3), dtype=np.float32) ** 3
    picture[:2], picture[2:4] = 0, 1
    gains = GainMap(*rng.uniform(-0.7, 5, (2, 4, 5)).astype(np.float32))
    maps = gains.coefficients(gains.weights((20, 30)))
    slope, offset = (torch.from_numpy(x[None, None, ..., 0]) for x in maps)
    planes = torch.from_numpy(np.moveaxis(picture, -1, 0).copy())[None]
    exposed, traced_logs = (
        np.moveaxis(maps.numpy()[0], 0, -1)
        for maps in tracing.exposed_with_gain(planes, slope, offset)
    )
    logs = gains.log_gain(picture)
    assert logs.max() > 5.9 and logs.min() < 0
    assert np.abs(traced_logs - logs).max() < 1e-4
    assert np.abs(exposed - expose(picture, np.exp(logs))).max() < 1e-4


def test_an_exported_file_runs_by_itself(exported):
    picture = np.random.default_rng(0).integers(0, 40, (37, 51, 3), dtype=np.uint8)
    result, report = Enhancer(str(exported[0])).enhance_array(picture)
    assert result.shape == picture.shape and report.model == "tiny"


def test_every_input_is_a_true_input(exported):
    graph = onnx.load(str(exported[0])).graph
    names = [value.name for value in graph.input]
    assert names == ["thumbnail", "picture", "slope", "offset", "rows", "columns", "context"]
    assert [value.name for value in graph.output] == ["log_gain", "seen", "exposed", "enhanced"]
    assert not {item.name for item in graph.initializer} & set(names)


def test_the_file_holds_nothing_that_no_runtime_needs(exported):
    path, spec = exported
    model = onnx.load(str(path))
    assert {entry.key for entry in model.metadata_props} == set(spec.metadata())
    assert not model.graph.value_info and not model.graph.doc_string
    for part in (*model.graph.node, *model.graph.input, *model.graph.initializer):
        assert not part.doc_string and not part.metadata_props
    assert not any(node.name for node in model.graph.node)
    weights = {item.name for item in model.graph.initializer}
    ends = {value.name for value in (*model.graph.input, *model.graph.output)}
    made = {name for node in model.graph.node for name in node.output} - weights - ends
    assert max(map(len, made)) < 5
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert not any(item.name == "dilations" for node in convolutions for item in node.attribute)


@pytest.mark.parametrize("file", [None, *SHIPPED])
def test_the_graph_is_made_of_what_runtimes_compute_fast(exported, file):
    path = exported[0] if file is None else WEIGHTS_FOLDER / file
    nodes = onnx.load(str(path)).graph.node
    kinds = [node.op_type for node in nodes]
    assert {"Resize", "Conv"} <= set(kinds)
    assert not {"SpaceToDepth", "DepthToSpace", "Expand", "Split"} & set(kinds)
    (joined,) = (node for node in nodes if node.op_type == "Concat" and "exposed" in node.input)
    users = [node.op_type for node in nodes if joined.output[0] in node.input]
    assert users == ["Conv"], "the exposed picture is not cut out of it"
    turned = {node.output[0] for node in nodes if node.op_type == "Transpose"}
    users = [node.op_type for node in nodes if turned.intersection(node.input)]
    assert sorted(users) == 2 * ["MatMul"] + 4 * ["Reshape"], (
        "only the weights of columns, the 4x4 maps that are flattened for the dense layers, and "
        "the result, moved in two steps"
    )


def test_mirnets_graph_gives_the_networks_results_at_five_sizes(exported_mirnet):
    network, path = exported_mirnet
    assert len(export.PARITY_SIZES) == 5
    assert export.check_parity((network,), load(str(path))) < 1e-4


def test_a_graph_that_differs_from_its_network_is_not_written(traced_already, tmp_path):
    network = mirnet()
    network.conv_out.kernel.assign(network.conv_out.kernel * 1.1)
    with pytest.raises(ScotopicError, match="differs from the network"):
        export.export((network,), mirnet_spec(network), tmp_path / "out.onnx")
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
    export.export((network,), mirnet_spec(network), path, half_precision=True)
    assert weight_bytes(path) < 0.6 * weight_bytes(exported_mirnet[1])
    assert export.check_parity((network,), load(str(path))) < 1e-4
    tile = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    whole, half = (load(str(p)).enhance(tile) for p in (exported_mirnet[1], path))
    assert 0 < np.abs(whole - half).max() < 0.01


def test_half_precision_halves_a_file_of_two_networks_too(
    runs, exported, traced_branches, monkeypatch, tmp_path
):
    monkeypatch.setattr(export, "trace_branches", lambda *parts: copied(traced_branches[0]))
    path = tmp_path / "half.onnx"
    export.export_run(runs[0], path, runs[1], half_precision=True)
    assert weight_bytes(path) < 0.55 * weight_bytes(exported[0])
    thumbs = np.random.default_rng(0).random((1, 64, 64, 3), dtype=np.float32)
    whole, half = (load(str(p)).glance(thumbs)[0] for p in (exported[0], path))
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
    names = [part.split(" (")[0] for part in spec.training_data.split(", ")]
    assert names[0].startswith("data") and sorted(names[1:]) == ["simulated", "underexposed"]
    assert spec.training_data.count(" pairs)") == 3
    assert load(str(path)).spec == spec


def test_the_spec_says_how_far_the_network_sees(exported, parts):
    spec = exported[1]
    assert (spec.size_multiple, spec.receptive_radius) == (4, parts[0].receptive_radius())
    assert (spec.thumbnail_size, spec.context_size) == (64, 16)
    assert spec.predicts_exposure


def test_a_folder_without_a_run_is_refused(runs, tmp_path):
    for given in ((tmp_path, runs[1]), (runs[0], tmp_path)):
        with pytest.raises(MissingFileError, match="no finished run"):
            export.export_run(given[0], tmp_path / "out.onnx", given[1])
    assert not list(tmp_path.iterdir())


@pytest.fixture
def run_of_mirnet(tmp_path):
    """The folder of a run that needed no training."""
    record = {"preset": "mirnet_small", "data": {"training": [{"name": "made", "pairs": 4}]}}
    (tmp_path / checkpoints.RECORD).write_text(json.dumps(record))
    network = presets.build_network("mirnet_small")
    checkpoints.save_weights(network, tmp_path / checkpoints.WEIGHTS)
    return tmp_path


def test_a_network_that_corrects_needs_a_run_of_a_gain_network(runs, run_of_mirnet, tmp_path):
    target = tmp_path / "out.onnx"
    with pytest.raises(InvalidValueError, match="needs one that predicts its gain map") as caught:
        export.export_run(runs[0], target)
    assert caught.value.remedy == Parameter("gain_run")
    for other, name in ((runs[0], "tiny"), (run_of_mirnet, "mirnet_small")):
        with pytest.raises(InvalidValueError, match=f"a run of {name}, not of gain"):
            export.export_run(runs[0], target, other)
    assert not target.exists()


def test_only_a_network_that_corrects_takes_a_run_of_a_gain_network(runs, run_of_mirnet, tmp_path):
    target = tmp_path / "out.onnx"
    for given in ((run_of_mirnet, runs[1]), (runs[1], None), (runs[1], runs[1])):
        with pytest.raises(InvalidValueError, match="only networks that correct"):
            export.export_run(given[0], target, given[1])
    assert not target.exists()


def test_the_command_says_which_option_is_missing(runs, tmp_path):
    command = [str(runs[0]), "-o", str(tmp_path / "out.onnx")]
    done = CliRunner().invoke(export_command, command)
    assert done.exit_code == 2 and "--gain-run" in done.stderr
    assert len(done.stderr.splitlines()) == 1


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
