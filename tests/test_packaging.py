"""What the distributions and the project's pages must have."""

import ast
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import metadata
from pathlib import Path

import pytest
from PIL import Image
from places import DOCS, ROOT, SCRIPTS

import scotopic

PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
VERBS = ["build", "check", "demo", "docs", "gallery", "test"]


def test_the_version_stands_in_one_place():
    version = scotopic.__version__
    holders = [
        str(path.relative_to(ROOT))
        for path in [ROOT / "pyproject.toml", *sorted((ROOT / "scotopic").rglob("*.py"))]
        if f'"{version}"' in path.read_text(encoding="utf-8")
    ]
    assert holders == [str(Path("scotopic", "version.py"))]


def test_the_installed_metadata_names_author_and_version():
    found = metadata("scotopic")
    assert found["Version"] == scotopic.__version__
    assert found["Author"] == "scotopic contributors"
    assert found["License-Expression"] == "MIT"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_package_index_links_to_no_file(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)]*)\)", text)
    assert [link for link in links if not link.startswith("https://")] == []


def test_every_picture_of_the_readme_is_there_and_described():
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", (ROOT / "README.md").read_text("utf-8"))
    assert pictures
    for description, path in pictures:
        assert len(description) > 20
        assert (ROOT / path).is_file()


def test_every_page_that_the_readme_names_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = text.split("## Documentation")[1].split("`CHANGELOG.md`")[0]
    pages = re.findall(r"`([a-z]+\.md)`", listed)
    assert set(pages) == {path.name for path in DOCS.glob("*.md")}


def test_the_python_of_the_readme_can_be_run(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    with Image.open(DOCS / "sample_dark.png") as sample:
        small = sample.resize((64, 48))
    small.save("night.jpg")
    Path("photos").mkdir()
    small.save("photos/a.png")
    import numpy as np

    names = {"array": np.asarray(small), "data": Path("night.jpg").read_bytes()}
    exec(compile(ast.parse(code), "README.md", "exec"), names)
    assert Path("night_enhanced.jpg").is_file()
    assert Path("out/a.png").is_file()
    assert names["better"].mean() > 1.5 * names["array"].mean()
    assert names["data"].startswith(b"\xff\xd8")


def test_the_gallery_is_small():
    pictures = sorted((DOCS / "gallery").iterdir())
    assert 1 <= len(pictures) <= 3
    for path in pictures:
        assert path.stat().st_size < 150_000
        with Image.open(path) as image:
            assert image.width > image.height


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_a_file_that_make_calls(verb):
    assert f"scripts/{verb}" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert (SCRIPTS / verb).stat().st_mode & 0o111


def test_docs_says_which_pages_are_stale(tmp_path):
    (tmp_path / "docs").write_text((SCRIPTS / "docs").read_text(encoding="utf-8"))
    page = tmp_path / "page.md"
    (tmp_path / "docs_page.py").write_text(
        f"from pathlib import Path\nTARGET = Path({str(page)!r})\ndef text():\n    return 'new'\n"
    )
    page.write_text("old")
    command = [sys.executable, str(tmp_path / "docs")]
    checked = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert (checked.returncode, page.read_text()) == (1, "old")
    assert f"{page}: stale" in checked.stderr
    subprocess.run(command, check=True, capture_output=True)
    assert page.read_text() == "new"
    assert subprocess.run([*command, "--check"], check=False).returncode == 0


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The names in the wheel and in the source distribution, and the wheel."""
    pytest.importorskip("build", reason="extra dev")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Missing dependencies" in done.stdout + done.stderr:
        pytest.skip("setuptools is too old to build with")
    assert done.returncode == 0, done.stderr
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(source) as archive:
        in_source = {name.partition("/")[2] for name in archive.getnames()}
    return in_wheel, in_source, wheel


def files_under(*folders):
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT).as_posix()
        for path in found
        if "__pycache__" not in path.parts and not path.name.startswith(".")
    }


@pytest.mark.slow
def test_the_wheel_has_the_whole_package_and_nothing_else(distributions):
    in_wheel, _, wheel = distributions
    package = {name for name in in_wheel if name.startswith("scotopic/")}
    assert package == files_under("scotopic")
    rest = {name.split("/")[0] for name in in_wheel - package}
    assert rest == {f"scotopic-{scotopic.__version__}.dist-info"}
    assert wheel.stat().st_size < 8_000_000


@pytest.mark.slow
def test_the_source_distribution_has_what_its_tests_need(distributions):
    _, in_source, _ = distributions
    wanted = files_under("scotopic", "tests", "benchmarks", "scripts", "docs")
    assert wanted | {*PAGES, "LICENSE", "Makefile", "pyproject.toml"} <= in_source
