import json
import re

import pytest

onnx = pytest.importorskip("onnx", reason="changes the metadata of files")

from scotopic.errors import ModelError
from scotopic.networks.loading import load
from scotopic.networks.registry import WEIGHTS_FOLDER, find_model
from scotopic.networks.session import Session
from scotopic.networks.spec import ModelSpec

EXPOSING = ModelSpec("made", "0.1.0", 16, 126, 64, 64, 500, "none", "MIT", "")
ALONE = ModelSpec("made", "0.1.0", 8, None, None, None, 500, "none", "MIT", "", curve="none")


def changed(spec, **fields):
    """Metadata of a spec with other values in some fields."""
    given = {f"scotopic.{name}": json.dumps(value) for name, value in fields.items()}
    return {**spec.metadata(), **given}


@pytest.mark.parametrize("spec", [EXPOSING, ALONE])
def test_a_spec_goes_into_metadata_and_back(spec):
    assert ModelSpec.from_metadata(spec.metadata(), "x") == spec


def test_metadata_of_other_programs_is_ignored():
    assert ModelSpec.from_metadata({**EXPOSING.metadata(), "author": "me"}, "x") == EXPOSING


def test_networks_of_another_curve_are_refused():
    """As those are whose colours each have the curve of their own, of version 0.1.0."""
    metadata = {**EXPOSING.metadata(), "scotopic.curve": '"g*x/(1+(g-1)*x)"'}
    with pytest.raises(ModelError, match="field curve must be"):
        ModelSpec.from_metadata(metadata, "x")


def test_a_file_without_a_spec_is_no_network_of_ours():
    with pytest.raises(ModelError, match="^x: not a scotopic network: its metadata lacks name, "):
        ModelSpec.from_metadata({}, "x")


@pytest.mark.parametrize(
    "spec, fields",
    [
        (EXPOSING, {"layout": "NHWC"}),
        (EXPOSING, {"encoding": "linear light"}),
        (EXPOSING, {"curve": "x**g"}),
        (EXPOSING, {"curve": "none"}),
        (ALONE, {"curve": EXPOSING.curve}),
        (EXPOSING, {"name": ""}),
        (EXPOSING, {"name": 7}),
        (EXPOSING, {"version": 1}),
        (EXPOSING, {"training_data": None}),
        (EXPOSING, {"licence": ["MIT"]}),
        (EXPOSING, {"recipe_sha256": 0}),
        (EXPOSING, {"size_multiple": 0}),
        (EXPOSING, {"size_multiple": 16.0}),
        (EXPOSING, {"size_multiple": True}),
        (EXPOSING, {"size_multiple": None}),
        (EXPOSING, {"receptive_radius": -1}),
        (EXPOSING, {"receptive_radius": "126"}),
        (EXPOSING, {"receptive_radius": None}),
        (ALONE, {"receptive_radius": 30}),
        (EXPOSING, {"thumbnail_size": 0}),
        (EXPOSING, {"context_size": -64}),
        (EXPOSING, {"context_size": None}),
        (ALONE, {"context_size": 64}),
        (EXPOSING, {"bytes_per_pixel": 0}),
        (EXPOSING, {"bytes_per_pixel": [1]}),
        (EXPOSING, {"gamma": 2.2}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_field_that_is_not_understood_is_refused(spec, fields):
    (field,) = fields
    with pytest.raises(ModelError, match=rf"field {field}\b") as caught:
        ModelSpec.from_metadata(changed(spec, **fields), "night.onnx")
    assert caught.value.path == "night.onnx"


def test_a_field_that_is_not_json_is_refused():
    with pytest.raises(ModelError, match="field name is not JSON"):
        ModelSpec.from_metadata({**EXPOSING.metadata(), "scotopic.name": "made"}, "x")


@pytest.fixture(scope="module")
def graph():
    return onnx.load(str(find_model("standard")))


def with_metadata(graph, metadata, path):
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)
    return str(path)


def test_a_file_is_checked_when_it_is_loaded(graph, tmp_path):
    path = with_metadata(graph, changed(EXPOSING, layout="NHWC"), tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=rf"^{re.escape(path)}: .* field layout must be 'NCHW'"):
        Session(path)


@pytest.mark.parametrize(
    "metadata",
    [changed(EXPOSING, thumbnail_size=32), changed(EXPOSING, context_size=8), ALONE.metadata()],
    ids=["thumbnail", "context", "kind"],
)
def test_a_graph_that_is_not_as_its_spec_says_is_refused(graph, metadata, tmp_path):
    path = with_metadata(graph, metadata, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="its graph has an unexpected input"):
        load(path)


def test_shipped_files_say_what_they_are():
    for name in ("standard", "mirnet_small_lol"):
        spec = Session(name).spec
        assert spec.name == name
        assert spec.predicts_exposure == (name == "standard")
        assert (WEIGHTS_FOLDER / f"{name}.md").is_file()
