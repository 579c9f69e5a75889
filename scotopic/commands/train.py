"""scotopic train and scotopic export."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from scotopic.commands.common import DEFAULT_MODEL, PATH, one_line_errors, progress
from scotopic.errors import ScotopicError


@click.command()
@click.option("--preset", default=DEFAULT_MODEL, show_default=True)
@click.option("--data", type=PATH, multiple=True, required=True, help="Data set; repeatable.")
@click.option("--recipe", default="default", show_default=True)
@click.option("--epochs", type=click.IntRange(1), help="Budget.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Budget.")
@click.option("--all-scenes", is_flag=True, help="Keep no scenes back for validation.")
@click.option("--exclude-siblings", is_flag=True, help="Leave out scenes of the test set.")
@click.option("--limit", type=click.IntRange(1), help="Pairs of each data set, for a trial.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--start", type=PATH, help="Finished run whose weights to go on from.")
@click.option("--resume", is_flag=True, help="Go on with the run in the output folder.")
@click.option("--tensorboard", is_flag=True, help="Write the log for TensorBoard too.")
@click.option("-o", "--output", type=PATH, required=True, help="Folder of the run.")
@one_line_errors
def train(
    preset: str,
    data: tuple[Path, ...],
    recipe: str,
    epochs: int | None,
    minutes: float | None,
    all_scenes: bool,
    exclude_siblings: bool,
    limit: int | None,
    seed: int,
    start: Path | None,
    resume: bool,
    tensorboard: bool,
    output: Path,
) -> None:
    """Train a network on pairs and simulated darkness."""
    _load_keras()
    from scotopic.training import loop, presets, schedule, training_data

    chosen = presets.find_recipe(recipe, preset)
    steps = None if epochs is None else epochs * chosen.steps_per_epoch
    budget = schedule.Budget(steps, minutes)
    click.echo("reading pairs, simulating darkness", err=True)
    prepared = training_data.load_training_data(
        data,
        chosen,
        seed,
        hold_out=not all_scenes,
        exclude_siblings=exclude_siblings,
        limit=limit,
    )
    with progress(1000, "training") as bar:

        def report(entry: dict[str, Any]) -> None:
            if "validation" in entry:
                click.echo(json.dumps(entry), err=True)
            else:
                done = int(1000 * min(entry["used"], 1))
                bar.update(done - bar.pos, f"step {entry['step']}, loss {entry['loss']:.4f}")

        loop.train(
            preset,
            prepared,
            chosen,
            budget,
            output,
            seed=seed,
            start=start,
            resume=resume,
            tensorboard=tensorboard,
            report=report,
        )
    click.echo(f"{output}: trained", err=True)


@click.command()
@click.argument("run", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The .onnx file to write.")
@click.option("--name", help="Of the model; by default the preset's.")
@one_line_errors
def export(run: Path, output: Path, name: str | None) -> None:
    """Export a trained network to ONNX, its parity proved."""
    _load_keras()
    from scotopic.training.export import export_run

    spec = export_run(run, output, name)
    click.echo(f"{output}: {spec.name}, its parity with the network proved", err=True)


def _load_keras() -> None:
    """Choose a backend unless the user has; say what is missing."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import keras  # noqa: F401
    except ImportError as error:
        backend = os.environ["KERAS_BACKEND"]
        raise ScotopicError(
            f"training needs Keras and {backend}: pip install 'scotopic[train]' {backend}"
        ) from error
