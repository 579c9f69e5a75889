"""scotopic train and scotopic export."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scotopic.commands.common import PATH, one_line_errors, progress
from scotopic.errors import InvalidValueError, MissingPackageError
from scotopic.networks.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from scotopic.training.loop import Run
    from scotopic.training.run_log import Entry

_BAR_LENGTH = 1000


@dataclass(frozen=True)
class _TrainOptions:
    """The options of `scotopic train`."""

    preset: str
    data: tuple[Path, ...]
    texture_data: tuple[Path, ...]
    photographs: tuple[Path, ...]
    recipe: str
    epochs: int | None
    minutes: float | None
    all_scenes: bool
    exclude_siblings: bool
    limit: int | None
    seed: int
    start: Path | None
    gain_run: Path | None
    resume: bool
    tensorboard: bool
    output: Path


@click.command()
@click.option(
    "--preset",
    default=DEFAULT_MODEL,
    show_default=True,
    metavar="NAME",
    help="Network to train; scotopic models lists them.",
)
@click.option(
    "--data",
    type=PATH,
    multiple=True,
    required=True,
    metavar="FOLDER",
    help="Data set to train on; can be given several times.",
)
@click.option(
    "--texture-data",
    type=PATH,
    multiple=True,
    metavar="FOLDER",
    help="Data set that teaches noise and texture, but neither colour nor exposure.",
)
@click.option(
    "--photographs",
    type=PATH,
    multiple=True,
    metavar="FOLDER",
    help="Clean, well exposed photographs, from which dark ones are simulated.",
)
@click.option(
    "--recipe",
    default="default",
    show_default=True,
    metavar="NAME",
    help="Recipe for training, such as default, refine or smoke (a trial of few steps).",
)
@click.option(
    "--epochs", type=click.IntRange(1), metavar="N", help="Number of epochs to train for."
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Time to train for, in minutes, instead of a number of epochs.",
)
@click.option(
    "--all-scenes", is_flag=True, help="Train on all pictures; hold none out for validation."
)
@click.option(
    "--exclude-siblings",
    is_flag=True,
    help="Leave out training pictures whose scene is also in the test set.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Use only the first N pairs of each data set, for a trial.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the first weights and of all random choices.",
)
@click.option(
    "--start",
    type=PATH,
    metavar="FOLDER",
    help="Start from the weights of the finished run in this folder.",
)
@click.option(
    "--gain-run",
    type=PATH,
    metavar="FOLDER",
    help="Expose the pairs by the gain maps that the finished run in this folder predicts.",
)
@click.option("--resume", is_flag=True, help="Continue the run in the output folder.")
@click.option(
    "--tensorboard", is_flag=True, help="Write the log for TensorBoard too (needs tensorboardX)."
)
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    metavar="FOLDER",
    help="Folder for the weights, the checkpoint and the log.",
)
@one_line_errors
def train(**options: Any) -> None:
    """Train a network on pairs of dark pictures and references.

    Give either --epochs or --minutes.
    """
    chosen = _TrainOptions(**options)
    if (chosen.epochs is None) == (chosen.minutes is None):
        raise InvalidValueError("give either --epochs or --minutes")
    _load_keras()
    from scotopic.training import loop

    run = _prepare(chosen)
    with progress(_BAR_LENGTH, "training") as bar:

        def report(entry: Entry) -> None:
            if "validation" in entry:
                click.echo(json.dumps(entry), err=True)
            else:
                done = int(_BAR_LENGTH * min(entry["used"], 1))
                bar.update(done - bar.pos, f"step {entry['step']}, loss {entry['loss']:.4f}")

        loop.train(
            run,
            chosen.output,
            resume=chosen.resume,
            tensorboard=chosen.tensorboard,
            report=report,
        )
    click.echo(f"{chosen.output}: trained", err=True)


def _prepare(chosen: _TrainOptions) -> Run:
    """Read the data sets, and put the run together."""
    from scotopic.training import loop, predicted_maps, presets, schedule, training_data

    recipe = presets.find_recipe(chosen.recipe, chosen.preset)
    steps = None if chosen.epochs is None else chosen.epochs * recipe.steps_per_epoch
    click.echo("reading pictures, and simulating dark ones", err=True)
    data = training_data.load_training_data(
        chosen.data,
        recipe,
        chosen.seed,
        texture=chosen.texture_data,
        photographs=chosen.photographs,
        hold_out=not chosen.all_scenes,
        exclude_siblings=chosen.exclude_siblings,
        limit=chosen.limit,
    )
    if chosen.gain_run is not None:
        predicted_maps.use_maps_of(chosen.gain_run, data)
    budget = schedule.Budget(steps, chosen.minutes)
    return loop.Run(chosen.preset, recipe, budget, data, chosen.seed, chosen.start, chosen.gain_run)


@click.command()
@click.argument("run", type=PATH)
@click.option(
    "-o", "--output", type=PATH, required=True, metavar="FILE", help="The .onnx file to write."
)
@click.option("--name", metavar="NAME", help="Name of the model; by default that of the preset.")
@click.option(
    "--half-precision",
    is_flag=True,
    help="Store the weights in half precision, which halves the file.",
)
@click.option(
    "--gain-run",
    type=PATH,
    metavar="FOLDER",
    help="Finished run of the preset gain, which predicts the gain map.",
)
@one_line_errors
def export(
    run: Path, output: Path, gain_run: Path | None, name: str | None, half_precision: bool
) -> None:
    """Export a trained network as an ONNX file.

    RUN is the folder of a finished run. The file is only written if it gives
    the same results as the network.
    """
    _load_keras()
    from scotopic.training.export import export_run

    spec = export_run(run, output, gain_run, name, half_precision=half_precision)
    click.echo(f"{output}: exported {spec.name}; it gives the network's results", err=True)


def _load_keras() -> None:
    """Choose a backend, unless the user has, and import Keras.

    Raises
    ------
    MissingPackageError
        When Keras or its backend is not installed.
    """
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import keras  # noqa: F401
    except ImportError as error:
        backend = os.environ["KERAS_BACKEND"]
        raise MissingPackageError(
            f"training needs Keras and {backend}",
            remedy=f"pip install 'scotopic[train]' {backend}",
        ) from error
