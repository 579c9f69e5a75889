"""examples/: MIRNet from scratch, as a program and as a notebook."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs keras")
pytest.importorskip("matplotlib", reason="the example draws")

import docs_notebook
from counting import multiply_adds
from small_data import QUICK_XLA

from scotopic.measures import likeness
from scotopic.training.mirnet import Design, MIRNet
from scotopic.training.presets import NETWORKS
from scotopic.training.tasks import no_gradient

PROGRAM = docs_notebook.SOURCE.read_text(encoding="utf-8")
PARTS = PROGRAM.split("# %% [markdown]\n# ## ")


def run(*headings):
    """What the parts of the example with these headings define; they run here."""
    names = {}
    for heading in headings:
        [part] = [part for part in PARTS if part.startswith(heading + "\n")]
        exec(compile("# ## " + part, heading, "exec"), names)
    return names


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The settings and the network of the example."""
    backend = keras.backend.backend()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUT", str(tmp_path_factory.mktemp("out")))
        patch.setenv("KERAS_BACKEND", backend)
        patch.delenv("LOL", raising=False)
        return run("Settings", "The network")


def test_the_notebook_is_made_from_the_program():
    assert docs_notebook.TARGET.read_text(encoding="utf-8") == docs_notebook.text(), (
        "run: make docs"
    )


def test_text_and_code_become_cells():
    program = "# %% [markdown]\n# # Title\n#\n#     code\n\n# %%\na = 1\n\n\n# %%\nb = 2  # %% no\n"
    assert docs_notebook.cells(program) == [
        docs_notebook.Cell("markdown", "# Title\n\n    code"),
        docs_notebook.Cell("code", "a = 1"),
        docs_notebook.Cell("code", "b = 2  # %% no"),
    ]


@pytest.mark.parametrize(
    "size, preset",
    [("small", "mirnet_small"), pytest.param("full", "mirnet", marks=pytest.mark.slow)],
)
def test_its_networks_have_the_parameters_of_ours(example, size, preset):
    network = example["MIRNet"](**example["SIZES"][size])
    with no_gradient():
        network(np.zeros((1, 16, 16, 3), "float32"))
    settings = NETWORKS[preset]["settings"]
    assert network.count_params() == NETWORKS[preset]["parameters"]
    assert {"stem": 1, **settings, **example["SIZES"][size]} == {"stem": 1, **settings}


@pytest.mark.parametrize("size", ["tiny", "small", pytest.param("full", marks=pytest.mark.slow)])
def test_its_table_states_the_cost_of_each_size(example, size):
    settings = example["SIZES"][size]
    network = MIRNet(Design(**settings))
    with no_gradient():
        network(np.zeros((1, 16, 16, 3), "float32"))
    cost = multiply_adds(network, 256, 256) / 1e9
    assert f"# | `{size}` | {network.count_params():,} | {cost:.1f} |" in PROGRAM


def test_each_data_set_and_size_has_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    monkeypatch.delenv("OUT", raising=False)
    monkeypatch.delenv("LOL", raising=False)
    monkeypatch.setenv("SIZE", "tiny")
    folders = [run("Settings")["OUT"]]
    monkeypatch.setenv("LOL", "lol")
    folders.append(run("Settings")["OUT"])
    assert [folder.name for folder in folders] == ["sample_tiny", "lol_tiny"]


def test_a_size_that_there_is_not_is_refused_before_pictures_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    monkeypatch.setenv("SIZE", "medium")
    with pytest.raises(ValueError, match="SIZE=medium is not tiny, small or full"):
        run("Settings")


@pytest.mark.parametrize("stem", [1, 2])
def test_its_network_computes_what_ours_does_from_the_same_weights(example, stem):
    settings = {"channels": 8, "groups": 2, "blocks": 2, "stem": stem}
    theirs, ours = example["MIRNet"](**settings), MIRNet(Design(**settings))
    rng = np.random.default_rng(3)
    pictures = rng.random((2, 24, 32, 3), dtype=np.float32)
    with no_gradient():
        theirs(pictures)
        for weight in ours.weights:
            fan_in = max(1, int(np.prod(weight.shape[:-1])))
            weight.assign(rng.normal(0, fan_in**-0.5, weight.shape))
        theirs.set_weights(ours.get_weights())
        made, wanted = (keras.ops.convert_to_numpy(network(pictures)) for network in (theirs, ours))
    assert np.abs(wanted - pictures).max() > 0.1
    assert np.abs(made - wanted).max() < 1e-4


def test_its_scores_are_those_of_the_protocol(tmp_path, monkeypatch):
    [part] = [part for part in PARTS if part.startswith("Test: enhance")]
    functions = part[part.index("def psnr_of") : part.index('(OUT / "enhanced")')]
    names = {}
    exec(
        "import numpy as np\nfrom skimage.metrics import structural_similarity\n" + functions, names
    )
    rng = np.random.default_rng(0)
    reference = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    result = (reference * 0.6 + rng.integers(0, 60, reference.shape)).astype(np.uint8)
    for theirs, ours in (
        ("psnr_of", likeness.psnr),
        ("ssim_of", likeness.ssim),
        ("gt_mean_of", likeness.gt_mean_psnr),
    ):
        assert names[theirs](result, reference) == pytest.approx(ours(result, reference), abs=1e-5)


@pytest.mark.slow
def test_the_notebook_runs_from_sample_to_contact_sheet(tmp_path, monkeypatch):
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.delenv("LOL", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    made = docs_notebook.execute(tmp_path)
    outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert "MIRNet: 64x64x3 -> 64x64x3, 1,500,735 weights" in printed
    assert "average" in printed and len(figures) == 3
    check_results(tmp_path / "mirnet_results" / "sample_small")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_the_program_runs_on_another_backend(tmp_path, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    environment = {**os.environ, **QUICK_XLA, "KERAS_BACKEND": backend}
    environment |= {"EPOCHS": "1", "SIZE": "tiny"}
    environment.pop("LOL", None)
    done = subprocess.run(
        [sys.executable, docs_notebook.SOURCE],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"on {backend}" in done.stdout
    check_results(tmp_path / "mirnet_results" / "sample_tiny")


def check_results(folder):
    """The files of a finished run on the sample."""
    assert {path.name for path in (folder / "enhanced").iterdir()} == {
        "chelsea_0.png",
        "rocket_0.png",
    }
    for name in ("crops.png", "curves.png", "contact_sheet.png", "log.csv", "best.weights.h5"):
        assert (folder / name).stat().st_size > 0
    low, high = (folder / "sample" / "our485" / kind for kind in ("low", "high"))
    assert len(list(low.iterdir())) == len(list(high.iterdir())) == 9


def test_the_notebook_is_a_valid_notebook():
    nbformat = pytest.importorskip("nbformat")
    nbformat.validate(nbformat.reads(docs_notebook.text(), as_version=4))
