"""The commands: arguments in, calls out, messages and exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from scotopic import __version__, photo
from scotopic.enhancer import Enhancer, check_settings
from scotopic.errors import ScotopicError
from scotopic.session import DEFAULT_MODEL

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def memory_size(text: str) -> int:
    """Bytes of a size such as ``512M`` or ``1.5G``."""
    unit = _UNITS.get(text[-1:].upper(), 1)
    try:
        return int(float(text.rstrip("kKmMgG")) * unit)
    except ValueError as error:
        raise ScotopicError(f"memory: {text!r} is no size such as 512M or 2G") from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scotopic")
def main() -> None:
    """Turn dark photographs into good ones, on your own machine."""


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-o", "--output", type=click.Path(path_type=Path, allow_dash=True), help="File or folder to write; - is standard output.")
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Name or exported file.")
@click.option("--exposure", type=float, help="Mean level wanted of the result, 0 to 1.")
@click.option("--ev", type=float, default=0.0, help="Stops added to the automatic exposure.")
@click.option("--strength", type=float, default=1.0, show_default=True, help="0 leaves the picture, 1 is the whole effect.")
@click.option("--memory", default="2G", show_default=True, help="Memory to stay near.")
@click.option("--jobs", type=click.IntRange(1), help="Threads of the network.")
@click.option("--provider", default="cpu", show_default=True, help="Execution provider.")
@click.option("--format", "extension", help="Format to write, such as png.")
@click.option("--quality", type=click.IntRange(1, 100), default=photo.DEFAULT_QUALITY, show_default=True, help="Of JPEG and WebP.")
@click.option("--suffix", default="_enhanced", show_default=True, help="Added to names beside their sources.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@click.option("--strip", is_flag=True, help="Drop all metadata but the colour profile.")
@click.option("--json", "as_json", is_flag=True, help="One object a picture on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what failed.")
@click.option("-v", "--verbose", count=True, help="Say more; -vv shows tracebacks.")
def enhance(paths: tuple[Path, ...], **options: Any) -> None:
    """Enhance pictures, folders of them, or standard input (-)."""
    try:
        check_settings(options["exposure"], options["ev"], options["strength"])
        if options["extension"] and f".{options['extension'].lstrip('.')}".lower() not in photo.FORMATS:
            raise ScotopicError(f"no format {options['extension']!r}; there are: {', '.join(photo.FORMATS)}")
        jobs = [(source, _target(source, root, options)) for source, root in _sources(paths)]
        if len(jobs) > 1 and options["output"] and options["output"].suffix.lower() in photo.FORMATS:
            raise ScotopicError(f"{options['output']}: one file for {len(jobs)} pictures; name a folder")
        enhancer = Enhancer(
            options["model"], memory_size(options["memory"]), options["provider"], options["jobs"]
        )
    except ScotopicError as error:
        if options["verbose"] > 1:
            raise
        raise SystemExit(_fail(str(error), 2)) from None
    show = len(jobs) > 1 and sys.stderr.isatty() and not options["quiet"]
    failed = 0
    with click.progressbar(jobs, file=sys.stderr if show else open("/dev/null", "w")) as bar:  # noqa: SIM115
        for source, target in bar:
            try:
                _enhance_one(enhancer, source, target, options)
            except ScotopicError as error:
                if options["verbose"] > 1:
                    raise
                failed += 1
                _fail(str(error), 1)
    raise SystemExit(1 if failed else 0)


def _fail(message: str, code: int) -> int:
    click.echo(f"scotopic: {' '.join(message.split())}", err=True)
    return code


def _sources(paths: tuple[Path, ...]) -> list[tuple[Path, Path]]:
    """Pictures with the folder that their place in the output is relative to."""
    found: list[tuple[Path, Path]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in photo.FORMATS)
            if not inside:
                raise ScotopicError(f"{path}: no pictures in this folder")
            found += [(one, path) for one in inside]
        else:
            found.append((path, path.parent))
    return found


def _target(source: Path, root: Path, options: dict[str, Any]) -> Path:
    output: Path | None = options["output"]
    stdin = str(source) == "-"
    if output is None and stdin:
        output = Path("-")
    if output is not None and (str(output) == "-" or output.suffix.lower() in photo.FORMATS):
        return output
    suffix = source.suffix.lower() if source.suffix.lower() in photo.FORMATS else ".png"
    suffix = source.suffix if suffix == source.suffix.lower() else suffix
    if options["extension"]:
        suffix = "." + options["extension"].lstrip(".").lower()
    if output is None:
        return source.with_name(source.stem + options["suffix"] + suffix)
    return (output / source.relative_to(root)).with_suffix(suffix)


def _enhance_one(
    enhancer: Enhancer, source: Path, target: Path, options: dict[str, Any]
) -> None:
    stdout = str(target) == "-"
    if not stdout and target.exists() and not options["overwrite"]:
        raise ScotopicError(f"{target}: exists; give --overwrite or another -o")
    data: Any = sys.stdin.buffer.read() if str(source) == "-" else source
    picture = photo.read(data, str(source))
    pixels = picture.pixels
    picture.pixels, report = enhancer.enhance_array(
        pixels, exposure=options["exposure"], ev=options["ev"], strength=options["strength"]
    )
    if options["strip"]:
        picture.exif, picture.xmp, picture.text, picture.dpi = None, None, {}, None
    else:
        software = f"scotopic {__version__} ({report.model})"
        picture.xmp = photo.credit(picture.xmp, software)
    form = picture.format if picture.format in photo.FORMATS.values() else "PNG"
    if options["extension"]:
        form = photo.FORMATS["." + options["extension"].lstrip(".").lower()]
    elif not stdout:
        form = photo.FORMATS.get(target.suffix.lower(), form)
    encoded = photo.encode(picture, form, options["quality"])
    if stdout:
        sys.stdout.buffer.write(encoded)
    else:
        photo.write_atomically(encoded, target)
    if options["as_json"] and not stdout:
        entry = {"source": str(source), "target": str(target), "notes": picture.notes}
        click.echo(json.dumps({**entry, **report.as_dict()}))
    elif not options["quiet"]:
        limit = report.automatic.limited_by
        why = f", limited by {limit}" if limit and report.chosen_by == "automatic" else ""
        click.echo(f"{target}: gain {report.gain:.2f}{why}", err=True)
        for note in picture.notes:
            click.echo(f"{source}: {note}", err=True)
