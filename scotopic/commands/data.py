"""scotopic data: sets verified and split."""

from __future__ import annotations

from pathlib import Path

import click

from scotopic.commands.common import PATH, one_line_errors
from scotopic.errors import ScotopicError


@click.group()
def data() -> None:
    """Verify known data sets, and find the scenes in any."""


@data.command()
@click.argument("folder", type=PATH)
@click.option("--set", "name", default="lol_v1", show_default=True, help="What it should be.")
@click.option("--hashes", type=PATH, help="List of pixel hashes to compare with.")
@click.option("--write-hashes", type=PATH, help="File for such a list.")
@one_line_errors
def verify(folder: Path, name: str, hashes: Path | None, write_hashes: Path | None) -> None:
    """Check a copy of a data set: names, counts, sizes, levels, encodings."""
    from scotopic import storage
    from scotopic.datasets import known

    if name not in known.KNOWN:
        raise ScotopicError(f"no data set {name!r} is known; there are: {', '.join(known.KNOWN)}")
    findings, found = known.verify(folder, known.KNOWN[name])
    if hashes:
        findings += known.compare_hashes(found, known.read_hashes(hashes))
    if write_hashes:
        storage.write_json(found, write_hashes)
    for finding in findings:
        click.echo(finding)
    click.echo(f"{folder}: {len(findings)} differences from {known.KNOWN[name].title}")
    raise SystemExit(1 if findings else 0)


@data.command()
@click.argument("folder", type=PATH)
@click.option("-o", "--output", type=PATH, help="File to write; by default FOLDER/scenes.json.")
@one_line_errors
def split(folder: Path, output: Path | None) -> None:
    """Find which pictures show one scene, and siblings of the test scenes."""
    from scotopic import storage
    from scotopic.datasets import scenes

    target = output or folder / scenes.SCENES
    if output is None and target.exists():
        raise ScotopicError(f"{target}: there already; name another by -o")
    found = scenes.split(folder)
    storage.write_json(found, target)
    siblings = {name for names in found["siblings_of_test"].values() for name in names}
    pictures = sum(map(len, found["groups"]))
    click.echo(
        f"{target}: {pictures} training pictures of {len(found['groups'])} scenes; "
        f"{len(siblings)} show a test scene"
    )
