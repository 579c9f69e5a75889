"""scotopic data verify and scotopic data split."""

from __future__ import annotations

from pathlib import Path

import click

from scotopic.commands.common import PATH, one_line_errors
from scotopic.errors import TargetExistsError


@click.group()
def data() -> None:
    """Verify known data sets, and find the scenes of any data set."""


@data.command()
@click.argument("folder", type=PATH)
@click.option(
    "--set",
    "name",
    default="lol_v1",
    show_default=True,
    metavar="NAME",
    help="Name of the published data set to compare with.",
)
@click.option(
    "--hashes", type=PATH, metavar="FILE", help="Compare the pixels with this list of hashes too."
)
@click.option(
    "--write-hashes",
    type=PATH,
    metavar="FILE",
    help="Write a list of the hashes of all pictures' pixels to this file.",
)
@one_line_errors
def verify(folder: Path, name: str, hashes: Path | None, write_hashes: Path | None) -> None:
    """Compare a copy of a data set with what was published.

    Names, numbers, sizes, brightness and encodings of the pictures are
    checked. The exit code is 1 if anything differs.
    """
    from scotopic import storage
    from scotopic.datasets import known

    published = known.known_set(name)
    findings, found = known.verify(folder, published)
    if hashes:
        findings += known.compare_hashes(found, known.read_hashes(hashes))
    if write_hashes:
        storage.write_json(found, write_hashes)
    for finding in findings:
        click.echo(finding)
    count = "1 difference" if len(findings) == 1 else f"{len(findings)} differences"
    click.echo(f"{folder}: {count} from {published.title}")
    raise SystemExit(1 if findings else 0)


@data.command()
@click.argument("folder", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="FILE",
    help="File to write; by default scenes.json in the folder, if it is not there yet.",
)
@one_line_errors
def split(folder: Path, output: Path | None) -> None:
    """Find which pictures of a data set show the same scene.

    Training reads the list, so as to hold out whole scenes for validation.
    """
    from scotopic import storage
    from scotopic.datasets import scenes

    target = output or folder / scenes.SCENES
    if output is None and target.exists():
        raise TargetExistsError(
            "exists already", path=target, remedy="name the file to write by --output"
        )
    found = scenes.split(folder)
    storage.write_json(found, target)
    siblings = {name for names in found["siblings_of_test"].values() for name in names}
    pictures = sum(map(len, found["groups"]))
    click.echo(
        f"{target}: {pictures} training pictures of {len(found['groups'])} scenes; "
        f"{len(siblings)} of them show a scene of the test set"
    )
