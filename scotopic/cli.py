"""The commands: arguments in, calls out, messages and exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from scotopic import __version__
from scotopic.errors import ScotopicError

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}
_PATH = click.Path(path_type=Path)
_STREAM = click.Path(path_type=Path, allow_dash=True)
_DEFAULT_MODEL = "exposure_unet"
_STREAM_NAME = "-"


class _MemorySize(click.ParamType):
    """Bytes of a size such as ``512M`` or ``1.5G``."""

    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        unit = _UNITS.get(value[-1:].upper(), 1)
        try:
            size = int(float(value.rstrip("kKmMgG")) * unit)
        except (ValueError, OverflowError):
            size = 0
        if size <= 0:
            self.fail(f"{value!r} is no size such as 512M or 2G", param, ctx)
        return size


def _one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a `ScotopicError` into one line and exit code 2."""

    @wraps(command)
    def guarded(**options: Any) -> None:
        try:
            command(**options)
        except ScotopicError as error:
            if options.get("verbose", 0) > 1:
                raise
            _complain(str(error))
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            _complain("stopped")
            raise SystemExit(130) from None

    return guarded


def _complain(message: str) -> None:
    click.echo(f"scotopic: {' '.join(message.split())}", err=True)


@contextlib.contextmanager
def _progress(length: int, label: str = "", hidden: bool = False) -> Iterator[Any]:
    """A bar on standard error; nothing unless that is a terminal."""
    hidden = hidden or not sys.stderr.isatty()
    with click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=hidden,
        item_show_func=lambda item: None if item is None else str(item),
    ) as bar:
        yield bar


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scotopic")
def main() -> None:
    """Turn dark photographs into good ones, on your own machine."""


@main.command()
@click.argument("paths", nargs=-1, required=True, type=_STREAM)
@click.option("-o", "--output", type=_STREAM, help="File or folder; - is standard output.")
@click.option("--model", default=_DEFAULT_MODEL, show_default=True, help="Name, or .onnx file.")
@click.option("--exposure", type=float, help="Mean level wanted of the result, 0 to 1.")
@click.option("--ev", type=float, default=0.0, help="Stops added to the automatic exposure.")
@click.option(
    "--strength", type=float, default=1.0, show_default=True, help="0 none, 1 the whole effect."
)
@click.option(
    "--memory",
    type=_MemorySize(),
    help="Memory to stay near, such as 1G.  [default: half of what is free, 4G at most]",
)
@click.option("--jobs", type=click.IntRange(1), help="Threads of the network.")
@click.option("--provider", default="cpu", show_default=True, help="Execution provider.")
@click.option("--format", "extension", help="Format to write, such as png.")
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    help="Of JPEG and WebP.  [default: as the source, or 95]",
)
@click.option(
    "--suffix", default="_enhanced", show_default=True, help="Of names beside their sources."
)
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@click.option("--strip", is_flag=True, help="Drop all metadata but the colour profile.")
@click.option("--times", is_flag=True, help="Give results the file times of their sources.")
@click.option(
    "--max-megapixels",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Refuse larger pictures, before they are decoded.",
)
@click.option("--skip-bright", is_flag=True, help="Copy pictures that are bright enough already.")
@click.option(
    "--resume/--no-resume",
    default=True,
    help="In an output folder, pass over what an earlier call did the same way.  [default: resume]",
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and stop.")
@click.option(
    "--watch", is_flag=True, help="Go on with what is put into the folders, until Ctrl-C."
)
@click.option("--json", "as_json", is_flag=True, help="One object a picture on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what failed.")
@click.option("-v", "--verbose", count=True, help="Say more; -vv shows tracebacks.")
@_one_line_errors
def enhance(
    paths: tuple[Path, ...],
    model: str,
    memory: int | None,
    jobs: int | None,
    provider: str,
    resume: bool,
    dry_run: bool,
    watch: bool,
    as_json: bool,
    quiet: bool,
    verbose: int,
    **settings: Any,
) -> None:
    """Enhance pictures, folders of them, or standard input (-)."""
    from scotopic import batch, machine
    from scotopic.enhancer import Enhancer
    from scotopic.manifest import Manifest

    chosen = batch.Settings(**settings)
    if watch and (chosen.output is None or chosen.output_is_file):
        raise ScotopicError("--watch needs an output folder: -o FOLDER")
    planned = [] if watch else batch.plan_jobs(paths, chosen)
    if as_json and any(job.target == batch.STREAM for job in planned):
        raise ScotopicError("--json and the picture cannot both go to standard output")
    if dry_run:
        for job in planned:
            click.echo(f"{job.source} -> {job.target}")
        return
    in_folder = resume and chosen.output is not None and not chosen.output_is_file
    manifest = Manifest(chosen.output) if in_folder else None
    enhancer = Enhancer(model, memory or machine.default_memory(), provider, jobs)
    failed = 0
    for some in batch.arrivals(paths, chosen) if watch else [planned]:
        failed += _enhance_all(some, enhancer, chosen, manifest, as_json, quiet, verbose)
    raise SystemExit(1 if failed else 0)


def _enhance_all(
    planned: Sequence[Any],
    enhancer: Any,
    chosen: Any,
    manifest: Any,
    as_json: bool,
    quiet: bool,
    verbose: int,
) -> int:
    """Run jobs and tell of each; how many failed."""
    from scotopic import batch

    failed = before = 0
    with _progress(len(planned), hidden=quiet or len(planned) == 1) as bar:
        for job in planned:
            try:
                outcome = batch.run_job(enhancer, job, chosen, manifest)
            except ScotopicError as error:
                if verbose > 1:
                    raise
                failed += 1
                _complain(str(error))
            else:
                before += outcome.status == "done before"
                if as_json:
                    entry = {"source": str(job.source), "target": str(job.target)}
                    click.echo(json.dumps({**entry, **outcome.as_dict()}))
                if not quiet:
                    _tell(job.target, outcome, bar.hidden or verbose > 0)
            bar.update(1, job.source.name)
    if before and not quiet:
        _complain(f"{before} of {len(planned)} pictures were done before")
    if failed and len(planned) > 1:
        _complain(f"{failed} of {len(planned)} pictures failed")
    return failed


def _tell(target: Path, outcome: Any, in_full: bool) -> None:
    report = outcome.report
    if report is None:
        return
    said = "copied" if outcome.status == "copied" else _done(report)
    if in_full:
        click.echo(f"{target}: {said}", err=True)
    for note in outcome.notes:
        click.echo(f"{target}: {note}", err=True)


def _done(report: Any) -> str:
    if report.automatic is None:
        return f"level {report.exposure_before:.2f} to {report.exposure_after:.2f}"
    limit = report.automatic.limited_by if report.chosen_by == "automatic" else None
    return f"gain {report.gain:.2f}" + (f", limited by {limit}" if limit else "")


@main.command()
@click.option("--inputs", type=_PATH, help="Dark pictures, for --model; or those of --results.")
@click.option("--references", type=_PATH, help="What results should be, by the same names.")
@click.option("--model", help="Name, or .onnx file; judges what it makes of the inputs.")
@click.option(
    "--results",
    type=_PATH,
    multiple=True,
    help="Results of any method, judged as they are; repeatable, to compare with the first.",
)
@click.option(
    "--exposure-from",
    type=click.Choice(["automatic", "unlimited", "reference"]),
    default="automatic",
    show_default=True,
    help="The model's exposure: limited, the bare prediction, or the reference's.",
)
@click.option(
    "--training", type=_PATH, multiple=True, help="References trained on, to find these in."
)
@click.option(
    "--measure",
    "measures",
    type=click.Choice(["lpips", "dists", "musiq"]),
    multiple=True,
    help="More measures, by pyiqa if it is installed; repeatable.",
)
@click.option("--save", type=_PATH, help="Folder for the results of a model.")
@click.option("--sheet", type=_PATH, help="Contact sheet of a model's results, a .png file.")
@click.option("--html", "html_file", type=_PATH, help="Report for a browser, one file.")
@click.option(
    "--json", "json_file", type=_STREAM, help="File for the scores; - is standard output."
)
@click.option("--csv", "csv_file", type=_STREAM, help="File for the scores; - is standard output.")
@_one_line_errors
def evaluate(
    sheet: Path | None,
    html_file: Path | None,
    json_file: Path | None,
    csv_file: Path | None,
    **asked: Any,
) -> None:
    """Judge a model, or results of any methods, with references or without."""
    from scotopic import evaluation, judging

    request = judging.Request(**asked, sheet=sheet is not None, page=html_file is not None)
    quiet = _STREAM_NAME in (str(json_file), str(csv_file))
    lines: list[str] = []
    with _progress(1, hidden=quiet) as bar:

        def tell(total: int, outcome: Any) -> None:
            bar.length = total
            if isinstance(outcome, evaluation.Score) and "psnr" in outcome.values:
                line = f"PSNR for image {outcome.name}: {outcome.values['psnr']:.2f} dB"
                if not bar.hidden:
                    lines.append(line)
                elif not quiet:
                    click.echo(line)
            bar.update(1, outcome.name)

        judged = judging.judge(request, tell)
    for line in lines:
        click.echo(line)
    if sheet and judged.sheet:
        judged.sheet.save(sheet)
    if html_file:
        _write(html_file, judging.page(request, judged))
    if json_file:
        told = evaluation.as_dict(judged.scores, judged.failures)
        _write(json_file, json.dumps(told, indent=1) + "\n")
    _write(csv_file, evaluation.as_csv(judged.scores))
    if not quiet:
        click.echo(evaluation.as_table(judged.scores))
    for doubt in judged.doubts():
        _complain(doubt)
    failed = [failure for failures in judged.failures.values() for failure in failures]
    for failure in failed:
        _complain(failure.reason)
    raise SystemExit(1 if failed else 0)


def _write(target: Path | None, text: str) -> None:
    if target is None:
        return
    if str(target) == _STREAM_NAME:
        click.echo(text, nl=False)
        return
    from scotopic.photo import write_atomically

    write_atomically(text.encode(), target)


@main.command()
@click.option("--preset", default=_DEFAULT_MODEL, show_default=True)
@click.option("--data", type=_PATH, multiple=True, required=True, help="Data set; repeatable.")
@click.option("--recipe", default="default", show_default=True)
@click.option("--epochs", type=click.IntRange(1), help="Budget.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Budget.")
@click.option("--all-scenes", is_flag=True, help="Keep no scenes back for validation.")
@click.option("--exclude-siblings", is_flag=True, help="Leave out scenes of the test set.")
@click.option("--limit", type=click.IntRange(1), help="Pairs of each data set, for a trial.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--start", type=_PATH, help="Finished run whose weights to go on from.")
@click.option("--resume", is_flag=True, help="Go on with the run in the output folder.")
@click.option("--tensorboard", is_flag=True, help="Write the log for TensorBoard too.")
@click.option("-o", "--output", type=_PATH, required=True, help="Folder of the run.")
@_one_line_errors
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
    from scotopic.training import fit, presets

    chosen = presets.find_recipe(recipe, preset)
    steps = None if epochs is None else epochs * chosen.steps_per_epoch
    budget = fit.Budget(steps, minutes)
    click.echo("reading pairs, simulating darkness", err=True)
    prepared = fit.load_training_data(
        data,
        chosen,
        seed,
        hold_out=not all_scenes,
        exclude_siblings=exclude_siblings,
        limit=limit,
    )
    with _progress(1000, "training") as bar:

        def report(entry: dict[str, Any]) -> None:
            if "validation" in entry:
                click.echo(json.dumps(entry), err=True)
            else:
                done = int(1000 * min(entry["used"], 1))
                bar.update(done - bar.pos, f"step {entry['step']}, loss {entry['loss']:.4f}")

        fit.train(
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


@main.command()
@click.argument("run", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, help="The .onnx file to write.")
@click.option("--name", help="Of the model; by default the preset's.")
@_one_line_errors
def export(run: Path, output: Path, name: str | None) -> None:
    """Export a trained network to ONNX, its parity proved."""
    _load_keras()
    from scotopic.training.export import export_run

    spec = export_run(run, output, name)
    click.echo(f"{output}: {spec.name}, its parity with the network proved", err=True)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One object a network.")
@_one_line_errors
def models(as_json: bool) -> None:
    """List the networks: those shipped, verified, and presets to train."""
    from scotopic.session import describe_models

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


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
@_one_line_errors
def doctor(as_json: bool) -> None:
    """Say what this machine has, and what is missing."""
    from scotopic import doctor as examination

    found = examination.examine()
    click.echo(json.dumps(found) if as_json else examination.as_text(found))
    if found["seconds_600x400"] is None:
        raise SystemExit(1)


@main.group()
def data() -> None:
    """Verify known data sets, and find the scenes in any."""


@data.command()
@click.argument("folder", type=_PATH)
@click.option("--set", "known", default="lol_v1", show_default=True, help="What it should be.")
@click.option("--hashes", type=_PATH, help="List of pixel hashes to compare with.")
@click.option("--write-hashes", type=_PATH, help="File for such a list.")
@_one_line_errors
def verify(folder: Path, known: str, hashes: Path | None, write_hashes: Path | None) -> None:
    """Check a copy of a data set: names, counts, sizes, levels, encodings."""
    from scotopic import data as sets

    if known not in sets.KNOWN:
        raise ScotopicError(f"no data set {known!r} is known; there are: {', '.join(sets.KNOWN)}")
    findings, found = sets.verify(folder, sets.KNOWN[known])
    if hashes:
        findings += sets.compare_hashes(found, sets.read_hashes(hashes))
    if write_hashes:
        sets.write_json(found, write_hashes)
    for finding in findings:
        click.echo(finding)
    click.echo(f"{folder}: {len(findings)} differences from {sets.KNOWN[known].title}")
    raise SystemExit(1 if findings else 0)


@data.command()
@click.argument("folder", type=_PATH)
@click.option("-o", "--output", type=_PATH, help="File to write; by default FOLDER/scenes.json.")
@_one_line_errors
def split(folder: Path, output: Path | None) -> None:
    """Find which pictures show one scene, and siblings of the test scenes."""
    from scotopic import data as sets

    target = output or folder / sets.SCENES
    if output is None and target.exists():
        raise ScotopicError(f"{target}: there already; name another by -o")
    found = sets.split(folder)
    sets.write_json(found, target)
    siblings = {name for names in found["siblings_of_test"].values() for name in names}
    pictures = sum(map(len, found["groups"]))
    click.echo(
        f"{target}: {pictures} training pictures of {len(found['groups'])} scenes; "
        f"{len(siblings)} show a test scene"
    )


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
