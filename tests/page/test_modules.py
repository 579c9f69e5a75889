"""The page's modules that have no document, by themselves."""

import base64
import io
import zipfile
import zlib

import pytest


@pytest.fixture
def run(page):
    """Run JavaScript with a module of the page as `m`."""

    def call(module, body, argument=None):
        code = f"async (a) => {{ const m = await import('/{module}'); {body} }}"
        return page.tab.evaluate(code, argument)

    return call


def archive(run, files, date="2024, 1, 29, 13, 5, 8"):
    given = [[name, base64.b64encode(data).decode()] for name, data in files]
    text = run(
        "files/zip.js",
        f"""const files = a.map(([name, text]) => (
              {{name, blob: new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))])}}));
            const bytes = new Uint8Array(await (await m.zip(files, new Date({date}))).arrayBuffer());
            let made = "";
            for (const byte of bytes) made += String.fromCharCode(byte);
            return btoa(made);""",
        given,
    )
    return zipfile.ZipFile(io.BytesIO(base64.b64decode(text)))


def test_an_archive_is_read_by_another_program(run):
    files = [
        ("a.jpg", b"\xff\xd8" * 5000),
        ("leer.png", b""),
        ("Straße 夜🌙.png", bytes(range(256))),
    ]
    found = archive(run, files)
    assert found.testzip() is None
    assert [(name, found.read(name)) for name in found.namelist()] == files
    assert found.infolist()[0].date_time == (2024, 2, 29, 13, 5, 8)
    assert all(info.flag_bits & 0x800 for info in found.infolist())


def test_an_archive_of_nothing_is_one(run):
    assert archive(run, []).namelist() == []


def test_the_checksum_is_the_usual_one_in_any_pieces(run):
    data = bytes(range(256)) * 40
    got = run(
        "files/crc.js",
        "const blob = new Blob([new Uint8Array(a)]);"
        "return [await m.crcOfBlob(blob, 7), await m.crcOfBlob(blob), m.crc32(new Uint8Array())];",
        list(data),
    )
    assert got == [zlib.crc32(data)] * 2 + [0]


def test_large_archives_are_divided(run):
    sizes = run(
        "files/zip.js",
        "const files = a.map((size, i) => ({name: `${i}.jpg`, blob: {size}}));"
        "const of = (...rest) => m.parts(files, ...rest).map((group) => group.length);"
        "return [of(), of(1300), of(1e9, 2), m.parts([])];",
        [1000, 200, 1000, 100, 3000],
    )
    assert sizes == [[5], [1, 1, 1, 1, 1], [2, 2, 1], []]


def test_names_are_told_apart_without_regard_to_capitals(run):
    names = ["a_enhanced.jpg", "A_enhanced.jpg", "a_enhanced.jpg", "b", "b", "../c.png", ".d"]
    assert run("files/names.js", "return m.distinct(a)", names) == [
        *("a_enhanced.jpg", "A-2_enhanced.jpg", "a-3_enhanced.jpg"),
        *("b", "b-2", ".._c.png", ".d"),
    ]


def test_the_suffixes_are_those_that_are_read(run):
    from scotopic.photo.formats import READ_SUFFIXES

    found = run("files/names.js", "return [...m.READ_SUFFIXES]")
    assert {f".{suffix}" for suffix in found} == set(READ_SUFFIXES)


def test_the_formats_offered_are_those_that_are_written(run):
    from scotopic.photo import formats

    offered = run("views/controls.js", "return m.FORMATS.slice(1)")
    assert len(offered) == 7
    assert all(formats.named(name).is_written for name in offered)


def test_only_the_formats_that_an_engine_writes_are_offered(run):
    some, all_of_them = run(
        "views/controls.js", "return [m.offered({formats: ['png', 'jpg']}), m.offered({})]"
    )
    assert some == ["", "jpg", "png"]
    assert len(all_of_them) == 8


def test_what_cannot_be_read_in_a_drop_stops_no_other_file(run):
    found = run(
        "files/intake.js",
        """const entry = (name, file) => ({isFile: true, name, file});
           const good = (name) => entry(name, (done) => done(new File([], name)));
           const bad = (name) => entry(name, (_, failed) => failed(new Error("no")));
           const folder = (...portions) => ({createReader: () => ({
             readEntries: (done, failed) => portions.length ? done(portions.shift()) : failed()})});
           const drop = [bad("x.png"), folder([good("b.png"), bad("a.png")]), good("c.png")];
           const items = drop.map((each) => ({kind: "file", webkitGetAsEntry: () => each}));
           const {files, others} = await m.dropped({items});
           return [files.map((file) => file.name), others];""",
    )
    assert found == [["b.png", "c.png"], 3]


def test_a_thumbnail_that_comes_too_late_is_freed(run):
    made, freed = run(
        "work/previews.js",
        """const {Library} = await import("/work/library.js");
           const made = [], freed = [], library = new Library();
           const canvas = new OffscreenCanvas(4, 4);
           canvas.getContext("2d");
           const after = await canvas.convertToBlob();
           let previews;
           const create = URL.createObjectURL, revoke = URL.revokeObjectURL;
           URL.createObjectURL = (blob) => {
             made.push(create.call(URL, blob));
             previews.drop(item);
             return made[0];
           };
           URL.revokeObjectURL = (address) => freed.push(address);
           const engine = {preview: async () => ({before: after, after, report: {}})};
           const [item] = library.add([new File([], "a.png")]);
           previews = new m.Previews(engine, library, () => 64);
           previews.update();
           while (item.busy) await new Promise((done) => setTimeout(done, 10));
           return [made, freed];""",
    )
    assert len(made) == 1
    assert freed == made


def test_a_transparent_picture_is_drawn_once_without_webgl(run):
    got = run(
        "drawing/plain.js",
        """const {GainMap} = await import("/pixels/gain_map.js");
           const of = (level) => createImageBitmap(
             new ImageData(new Uint8ClampedArray([level, level, level, 128]), 1, 1),
             {premultiplyAlpha: "none"});
           const canvas = document.createElement("canvas"), painter = new m.PlainPainter(canvas);
           const preview = {before: await of(40), after: await of(160), map: GainMap.uniform(1)};
           painter.load({...preview, middle: 0, ev: 0, balance: 1});
           painter.draw({ev: 0, balance: 1, strength: 1});
           return [...canvas.getContext("2d").getImageData(0, 0, 1, 1).data];""",
    )
    assert got == [pytest.approx(160, abs=1)] * 3 + [128]


def test_a_name_is_read_from_the_header(run):
    cases = [
        "attachment; filename=\"N_chte.jpg\"; filename*=UTF-8''N%C3%A4chte%20%E5%A4%9C.jpg",
        'attachment; filename="a \\"b\\".png"',
        "",
    ]
    got = run("engine.js", "return a.map((text) => m.nameIn(text, 'else.jpg'))", cases)
    assert got == ["Nächte 夜.jpg", 'a "b".png', "else.jpg"]


def test_a_view_fits_zooms_about_a_point_and_stays_within_its_edges(run):
    fit, zoomed, moved, most = run(
        "views/geometry.js",
        """const stage = {width: 800, height: 600}, size = {width: 4000, height: 2000};
           const fit = m.fitted(stage, size);
           const zoomed = m.zoomed(fit, 1, {x: 400, y: 300}, stage, size);
           return [fit, zoomed, m.moved(zoomed, 1e5, 1e5, stage, size),
                   m.zoomed(fit, 1e3, {x: 0, y: 0}, stage, size)];""",
    )
    assert fit == {"scale": 0.2, "x": 0, "y": 100}
    assert zoomed == {"scale": 1, "x": -1600, "y": -700}
    assert (moved["x"], moved["y"]) == (0, 0)
    assert most["scale"] == 4


def test_exposure_is_smoothed_by_time_and_not_by_frames(run):
    once, twice = run(
        "camera/smooth.js",
        """const one = new m.Smoother(0.5), two = new m.Smoother(0.5);
           one.next(0, 0); two.next(0, 0);
           two.next(1, 0.1);
           return [one.next(1, 0.2), two.next(1, 0.1)];""",
    )
    assert once == pytest.approx(twice)
    assert once == pytest.approx(0.3297, abs=1e-3)


def test_the_rate_is_that_of_the_last_frames(run):
    rates = run(
        "camera/smooth.js",
        "const rate = new m.Rate(); return [0, 0.5, 1, 1.25].map((time) => rate.next(time));",
    )
    assert rates == [None, 2, 2, pytest.approx(2.4)]


def test_a_copy_that_is_shown_is_never_taken_for_the_result(run):
    """The wish changes while the result is made, and the result is asked for while the copy is."""
    asked, copy, result = run(
        "work/results.js",
        """const {Library} = await import("/work/library.js");
           const asked = [], open = [];
           const enhance = (file, wish) => new Promise((done) => {
             asked.push([wish.format, wish.ev, wish.strip]);
             open.push(() => done({name: `made.${wish.format}`, blob: new Blob()}));
           });
           const turn = () => new Promise((done) => setTimeout(done));
           const library = new Library(), results = new m.Results({enhance}, library);
           const [item] = library.add([new File([], "a.tif")]);
           library.wish(item, {format: "tif"});
           const copy = results.shownOf(item);
           await turn();
           library.wish(item, {ev: 1});
           open.shift()();
           await turn();
           const result = results.of(item);
           open.shift()();
           await turn();
           open.shift()();
           return [asked, (await copy.catch((error) => error)).name, (await result).name];""",
    )
    assert asked == [["tif", 0, False], ["jpg", 0, True], ["tif", 1, False]]
    assert copy == "AbortError"
    assert result == "made.tif"
