"""scotopic models and scotopic doctor."""

from __future__ import annotations

import json
from typing import Any

import click

from scotopic.commands.common import SOME_FAILED, one_line_errors


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per model.")
@one_line_errors
def models(as_json: bool) -> None:
    """List the models that are shipped, and the presets that can be trained.

    The files of the shipped models are verified by their SHA-256.
    """
    from scotopic.networks.catalogue import describe_models

    for entry in describe_models():
        click.echo(json.dumps(entry) if as_json else _as_text(entry))


def _as_text(entry: dict[str, Any]) -> str:
    cost = (
        f"{entry['parameters']:,} parameters, {entry['multiply_adds'] / 1e9:.1f} billion "
        "multiply-adds for 256x256 pixels"
    )
    if entry["file"] is None:
        return f"{entry['name']}: {cost}; a preset to train, without weights"
    lines = [
        f"{entry['name']}: {cost}; {entry['bytes'] / 1e6:.1f} MB, licence {entry['licence']}",
        f"  trained on {entry['training_data']}",
    ]
    for data, scores in entry["scores"].items():
        lines.append(
            f"  {data}: PSNR {scores['psnr']:.2f} dB, SSIM {scores['ssim']:.3f}, "
            f"GT-mean PSNR {scores['gt_mean_psnr']:.2f} dB"
        )
    return "\n".join(lines)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@one_line_errors
def doctor(as_json: bool) -> None:
    """Show what this machine has for scotopic, and what is missing.

    Versions, execution providers, processors, memory, models, speed and optional
    packages. The exit code is 1 when the default model does not work.
    """
    from scotopic import doctor as examination

    found = examination.examine()
    click.echo(json.dumps(found) if as_json else examination.as_text(found))
    if found["seconds_600x400"] is None:
        raise SystemExit(SOME_FAILED)
