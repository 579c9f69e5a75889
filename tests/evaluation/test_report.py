import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from scotopic.evaluation.evaluate import evaluate
from scotopic.evaluation.report import html_report
from scotopic.evaluation.request import Request

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
    request = Request(
        results=(folders / "mine", folders / "low"),
        inputs=folders / "low",
        references=folders / "high",
        page=True,
    )
    return html_report(request, evaluate(request))


def content_of(page):
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', page)
    return json.loads(data[1])


def test_the_report_needs_no_other_file_and_no_network(page):
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page and "@import" not in page
    assert page.count("</script>") == 2, "no name of a file ends the data"


def test_the_report_holds_every_score_and_the_best_and_worst_pictures(page, folders):
    content = content_of(page)
    mine, low = content["methods"].values()
    names = [picture["name"] for picture in mine["pictures"]]
    assert names == [f"{index} <script>" for index in range(10)]
    assert len(mine["gallery"]) == len(low["gallery"]) == 8
    assert mine["gallery"][0]["views"].keys() == {"input", "result", "reference", "error"}
    (difference,) = content["differences"]
    assert difference["method"] == str(folders / "low") and difference["pictures"] == 10
    assert content["labels"]["psnr"] == ["PSNR, dB", 2]


def test_the_report_lists_warnings_and_failures(page, folders):
    warning = f"{folders / 'low'}: each picture: is identical to its input"
    assert warning in content_of(page)["warnings"]
    assert content_of(page)["failures"] == []
    request = Request(results=[folders / "high"], inputs=folders / "other")
    (folders / "other").mkdir()
    Image.open(folders / "low" / "0 <script>.png").save(folders / "other" / "0 <script>.png")
    failures = content_of(html_report(request, evaluate(request)))["failures"]
    assert len(failures) == 9 and "no picture of this name" in failures[0]


def test_the_report_says_what_was_evaluated(page, folders):
    text = f"Scores of the results in {folders / 'mine'}, {folders / 'low'}, against"
    assert text in page


@pytest.mark.slow
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
