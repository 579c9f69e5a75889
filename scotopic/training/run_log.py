"""The log of a training run: JSON lines, a picture of the curves, TensorBoard."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scotopic.errors import ScotopicError
from scotopic.training.checkpoints import LOG

CURVES = "curves.png"
TENSORBOARD = "tensorboard"


class Log:
    """The entries of a run's epochs, in ``log.jsonl``; curves drawn of them.

    Parameters
    ----------
    folder : Path
        Of the run; entries that are there already are read.
    writer : class, optional
        `event_writer()`, to write events for TensorBoard too.
    """

    def __init__(self, folder: Path, writer: Any = None) -> None:
        self.folder = folder
        self.entries = _entries(folder / LOG)
        self._events = None
        if writer is not None:
            last = self.entries[-1]["step"] if self.entries else 0
            self._events = writer(str(folder / TENSORBOARD), purge_step=last + 1)

    def add(self, entry: dict[str, Any]) -> None:
        """Write an epoch's entry, and draw the curves anew."""
        self.entries.append(entry)
        with (self.folder / LOG).open("a") as file:
            file.write(json.dumps(entry) + "\n")
        save_curves(self.entries, self.folder / CURVES)
        if self._events is not None:
            for name, value in flat(entry).items():
                self._events.add_scalar(name, value, entry["step"])

    def close(self) -> None:
        """Write out the events that still wait."""
        if self._events is not None:
            self._events.close()

    def history(self) -> list[float]:
        """Each epoch's validation PSNR, or without validation its training PSNR."""
        return [_score(entry) for entry in self.entries]


def event_writer() -> Any:
    """The class that writes events for TensorBoard.

    Raises
    ------
    ScotopicError
        When tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ScotopicError("--tensorboard needs: pip install tensorboardX") from error
    return SummaryWriter


def _score(entry: dict[str, Any]) -> float:
    scores = [scores["psnr"] for scores in entry["validation"].values()]
    return float(sum(scores) / len(scores) if scores else entry["psnr"])


def flat(entry: dict[str, Any]) -> dict[str, float]:
    """An entry's numbers, named ``training/...`` and ``SET/...``."""
    numbers = {f"training/{key}": entry[key] for key in ("loss", "psnr", "learning_rate")}
    for name, scores in entry["validation"].items():
        numbers.update({f"{name}/{key}": value for key, value in scores.items()})
    return numbers


def forget_after(step: int, log: Path) -> None:
    """Drop entries of steps that a killed run did and that will be done again."""
    kept = [json.dumps(entry) + "\n" for entry in _entries(log) if entry["step"] <= step]
    if log.exists():
        temporary = log.with_suffix(".tmp")
        temporary.write_text("".join(kept))
        temporary.replace(log)


def _entries(log: Path) -> list[dict[str, Any]]:
    """Entries of a log; a line that a power cut left unfinished is passed over."""
    entries = []
    for line in log.read_text().splitlines() if log.exists() else []:
        with contextlib.suppress(ValueError):
            entries.append(json.loads(line))
    return entries


def save_curves(entries: Sequence[dict[str, Any]], target: Path) -> None:
    """Draw loss and PSNR by step, for people."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 4), layout="constrained")
    loss, psnr = figure.subplots(1, 2)
    steps = [entry["step"] for entry in entries]
    loss.plot(steps, [entry["loss"] for entry in entries], ".-", label="training, crops")
    psnr.plot(steps, [entry["psnr"] for entry in entries], ".-", label="training, crops")
    for name in entries[0]["validation"]:
        scores = [entry["validation"][name]["psnr"] for entry in entries]
        psnr.plot(steps, scores, ".-", label=f"{name}, held out")
    for axes, title in ((loss, "loss"), (psnr, "PSNR in dB")):
        axes.set(title=title, xlabel="step", xlim=(0, None))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    temporary = target.with_suffix(".tmp.png")
    figure.savefig(temporary, dpi=100)
    temporary.replace(target)
