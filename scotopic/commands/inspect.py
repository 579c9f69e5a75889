"""scotopic models and scotopic doctor: what there is."""

from __future__ import annotations

import json
from typing import Any

import click

from scotopic.commands.common import one_line_errors


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object a network.")
@one_line_errors
def models(as_json: bool) -> None:
    """List the networks: those shipped, verified, and presets to train."""
    from scotopic.networks.catalogue import describe_models

    for entry in describe_models():
        if as_json:
            click.echo(json.dumps(entry))
        elif entry["file"] is None:
            click.echo(f"{entry['name']}  {_cost(entry)}; no weights are shipped")
        else:
            size = f"{entry['bytes'] / 1e6:.1f} MB"
            click.echo(f"{entry['name']}  {_cost(entry)}; {size}, {entry['licence']}")
            click.echo(f"  trained on {entry['training_data']}")
            for data, scores in entry["scores"].items():
                told = f"{scores['psnr']:.2f} dB, SSIM {scores['ssim']:.3f}"
                click.echo(f"  {data}: {told}, GT-mean {scores['gt_mean_psnr']:.2f} dB")


def _cost(entry: dict[str, Any]) -> str:
    billions = entry["multiply_adds"] / 1e9
    return f"{entry['parameters']:,} parameters, {billions:.1f} billion multiply-adds at 256x256"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
@one_line_errors
def doctor(as_json: bool) -> None:
    """Say what this machine has, and what is missing."""
    from scotopic import doctor as examination

    found = examination.examine()
    click.echo(json.dumps(found) if as_json else examination.as_text(found))
    if found["seconds_600x400"] is None:
        raise SystemExit(1)
