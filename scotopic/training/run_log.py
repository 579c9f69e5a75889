"""The log of a training run: JSON lines, a picture of the curves, TensorBoard."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scotopic.errors import MissingPackageError
from scotopic.storage import atomic_file, write_atomically
from scotopic.training.checkpoints import LOG

CURVES = "curves.png"
TENSORBOARD = "tensorboard"
_NEEDED = {"step", "loss", "validation"}
"""What an entry of the log must have, besides one of the metrics."""
METRICS = {"psnr": "PSNR in dB", "level_error": "error of levels"}
"""The metrics by which networks are watched while they train, and their titles."""
_LOWER_IS_BETTER = {"level_error"}

Entry = dict[str, Any]
"""Numbers of a step or an epoch, by name."""
EventWriter = Any
"""A ``tensorboardX.SummaryWriter``."""


class RunLog:
    """The entries of the epochs of a run, in ``log.jsonl``, and their curves.

    Parameters
    ----------
    folder : Path
        Folder of the run; entries that are there already are read.
    writer : callable, optional
        What `event_writer` returns, to write the entries for TensorBoard too.
    """

    def __init__(self, folder: Path, writer: Callable[..., EventWriter] | None = None) -> None:
        self.folder = folder
        self.entries = _entries(folder / LOG)
        self._events: EventWriter = None
        if writer is not None:
            last = self.entries[-1]["step"] if self.entries else 0
            self._events = writer(str(folder / TENSORBOARD), purge_step=last + 1)

    def add(self, entry: Entry) -> None:
        """Append the entry of an epoch, and draw the curves again."""
        self.entries.append(entry)
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        save_curves(self.entries, self.folder / CURVES)
        if self._events is not None:
            for name, value in flat(entry).items():
                self._events.add_scalar(name, value, entry["step"])

    def close(self) -> None:
        """Write the events for TensorBoard that are still in memory."""
        if self._events is not None:
            self._events.close()

    def history(self) -> list[float]:
        """Score of each epoch: of the validation if there is one, else of the training.

        The PSNR, or what the network is watched by instead; a higher score is
        better.
        """
        return [_score(entry) for entry in self.entries]


def event_writer() -> Callable[..., EventWriter]:
    """Return the class that writes events for TensorBoard.

    Raises
    ------
    MissingPackageError
        When tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise MissingPackageError(
            "writing for TensorBoard needs tensorboardX", remedy="pip install tensorboardX"
        ) from error
    writer: Callable[..., EventWriter] = SummaryWriter
    return writer


def _metric(entry: Entry) -> str:
    """The name of the metric that an entry has."""
    return next(name for name in METRICS if name in entry)


def _score(entry: Entry) -> float:
    metric = _metric(entry)
    scores = [scores[metric] for scores in entry["validation"].values()]
    score = float(sum(scores) / len(scores) if scores else entry[metric])
    return -score if metric in _LOWER_IS_BETTER else score


def flat(entry: Entry) -> dict[str, float]:
    """Name the numbers of an entry ``training/...`` and ``SET/...``."""
    named = ("loss", _metric(entry), "learning_rate")
    numbers = {f"training/{key}": entry[key] for key in named}
    for name, scores in entry["validation"].items():
        numbers.update({f"{name}/{key}": value for key, value in scores.items()})
    return numbers


def forget_after(step: int, log: Path) -> None:
    """Drop the entries after a step, since a resumed run does those steps again."""
    if log.exists():
        kept = [json.dumps(entry) + "\n" for entry in _entries(log) if entry["step"] <= step]
        write_atomically("".join(kept).encode(), log)


def _entries(log: Path) -> list[Entry]:
    """Read a log; a line that is damaged, as a power failure may leave it, is skipped."""
    entries = []
    for line in log.read_bytes().splitlines() if log.exists() else []:
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if _is_entry(entry):
                entries.append(entry)
    return entries


def _is_entry(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return value.keys() >= _NEEDED and not METRICS.keys().isdisjoint(value)


def save_curves(entries: Sequence[Entry], target: Path) -> None:
    """Draw loss and metric by step as a PNG."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 4), layout="constrained")
    loss, score = figure.subplots(1, 2)
    metric = _metric(entries[0])
    steps = [entry["step"] for entry in entries]
    loss.plot(steps, [entry["loss"] for entry in entries], ".-", label="training, crops")
    score.plot(steps, [entry[metric] for entry in entries], ".-", label="training, crops")
    for name in entries[0]["validation"]:
        scores = [entry["validation"][name][metric] for entry in entries]
        score.plot(steps, scores, ".-", label=f"{name}, held out")
    for axes, title in ((loss, "loss"), (score, METRICS[metric])):
        axes.set(title=title, xlabel="step", xlim=(0, None))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    with atomic_file(target) as file:
        figure.savefig(file, format="png", dpi=100)
