import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from scotopic.evaluation import evaluate, report, tables

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRAG = """
<script>
addEventListener("load", () => {
  const box = stage.getBoundingClientRect();
  const at = (kind, share) => stage.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, button: 0, buttons: 1, bubbles: true,
    clientX: box.left + share * box.width, clientY: box.top + 5,
  }));
  stage.setPointerCapture = () => {};
  at("pointerdown", 0.5);
  at("pointermove", 0.25);
  at("pointerup", 0.25);
  $("in").click();
});
</script>
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    for index in range(10):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        high = np.asarray(Image.fromarray(coarse).resize((96, 64), Image.Resampling.BICUBIC))
        for kind, pixels in (("low", high // 8), ("high", high), ("mine", high // (2 + index))):
            (folder / kind).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(folder / kind / f"{index} <script>.png")
    return folder


@pytest.fixture(scope="module")
def page(folders):
    request = evaluate.Request(
        results=(folders / "mine", folders / "low"),
        inputs=folders / "low",
        references=folders / "high",
        page=True,
    )
    return evaluate.page(request, evaluate.judge(request))


def test_the_report_asks_nothing_of_anyone(page):
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page and "@import" not in page
    assert page.count("</script>") == 2


def test_no_more_pictures_are_held_than_are_shown():
    gallery = report.Gallery("psnr")
    for value in np.random.default_rng(0).permutation(100):
        gallery.add(str(value), float(value), {"result": np.full((4, 4, 3), value, np.uint8)})
    assert [entry["value"] for entry in gallery.shown] == [0, 1, 2, 3, 96, 97, 98, 99]


def test_a_contact_sheet_has_a_row_a_picture():
    sheet = report.ContactSheet(("a", "b"))
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (2, 60, 80, 3), dtype=np.uint8)
    sheet.add("first", pictures)
    (caption, row) = sheet.rows[0]
    assert caption == "first" and [picture.size for picture in row] == [(240, 180)] * 2


def test_the_table_names_both_methods(folders):
    request = evaluate.Request(
        results=(folders / "mine", folders / "low"), references=folders / "high"
    )
    judged = evaluate.judge(request)
    assert "picture by picture" in tables.as_table(judged.scores)


@pytest.mark.skipif(BROWSER is None, reason="no chromium here")
def test_the_report_works_in_a_browser_without_a_network(page, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(page.replace("</body>", DRAG + "</body>"))
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=420,900"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr"]
    command += ["--virtual-time-budget=3000", f"--user-data-dir={tmp_path / 'profile'}"]
    run = {"capture_output": True, "text": True, "timeout": 120, "check": False}
    done = subprocess.run([*command, "--dump-dom", file.as_uri()], **run)
    shot = tmp_path / "report.png"
    subprocess.run([*command, f"--screenshot={shot}", file.as_uri()], **run)
    told = f"see {shot}\n{done.stderr[-3000:]}"
    assert "CONSOLE" not in done.stderr and "ERR_" not in done.stderr, told
    assert re.search(r'id="bar" style="left: 25%', done.stdout), told
    assert re.search(r'id="b"[^>]*scale\(1.5\)[^>]*clip-path: inset', done.stdout), told
    assert done.stdout.count("<circle") == 20, told
    assert done.stdout.count("aria-pressed") >= 8, told
    assert shot.stat().st_size > 10_000
