"""Enhance one photo into demo/, and say what was written, its size and the seconds."""

import sys
import time
from pathlib import Path

from scotopic import ScotopicError
from scotopic.enhancer import Enhancer
from scotopic.jobs import many
from scotopic.photo import reading


def main(source: Path) -> None:
    """What `make demo` runs."""
    began = time.perf_counter()
    settings = many.Settings(output=Path("demo"), overwrite=True)
    (job,) = many.plan_jobs([source], settings)
    outcome = many.run_job(Enhancer(), job, settings)
    report = outcome.report
    assert report is not None, "without a record of the folder nothing is passed over"
    seconds = time.perf_counter() - began
    height, width = reading.read(job.target).pixels.shape[:2]
    kilobytes = job.target.stat().st_size / 1000
    print(f"{job.target}: {width}x{height} pixels, {kilobytes:.0f} kB, {seconds:.2f} s")
    print(f"mean level {report.exposure_before:.2f} to {report.exposure_after:.2f}", *outcome.notes)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except (ScotopicError, ValueError) as error:
        raise SystemExit(f"demo: {error}") from None
