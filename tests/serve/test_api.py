"""The API is as openapi.json says: routes, fields, statuses, codes and contents."""

import json
import re
from importlib import resources

import pytest
from jsonschema import Draft202012Validator
from places import ROOT
from sample_files import png_that_claims
from server_process import SAMPLE, error_of, form, parts_of

from scotopic.networks.registry import registry
from scotopic.serve import fields

DESCRIPTION = json.loads((resources.files("scotopic.serve") / "openapi.json").read_text("utf-8"))
SERVE = ROOT / "scotopic" / "serve"
PICTURE = SAMPLE.read_bytes()


def schema(name):
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": DESCRIPTION["components"]}
    )


def routes():
    from scotopic.serve.app import Service
    from scotopic.serve.options import Options

    found = set()

    async def collect():
        service = Service(Options(memory=2**30), 1, print)
        for route in service._routes():
            found.update((route.path, each.lower()) for each in route.methods - {"HEAD"})

    import asyncio

    asyncio.run(collect())
    return found


def test_every_route_is_described_and_every_described_one_is_there():
    files = {(path, "get") for path in _pages() if path != "/"}
    described = {(path, each) for path, entry in DESCRIPTION["paths"].items() for each in entry}
    assert routes() - files == described


def _pages():
    from scotopic.serve import pages

    return pages.files()


def test_the_description_is_what_is_served(server):
    status, headers, body = server.ask("/v1/openapi.json")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == DESCRIPTION


def test_the_fields_are_those_that_are_taken():
    known = {each - {"file"} for each in (_fields("Enhance"), _fields("Preview"))}
    assert known == {frozenset(fields._COMMON), frozenset(fields._COMMON | {"side"})}
    side = DESCRIPTION["components"]["schemas"]["Preview"]["properties"]["side"]
    assert range(side["minimum"], side["maximum"] + 1) == fields.SIDES
    assert side["default"] == fields.USUAL_SIDE


def _fields(name):
    return frozenset(DESCRIPTION["components"]["schemas"][name]["properties"])


def test_the_codes_of_errors_are_those_in_the_code():
    text = "".join(path.read_text("utf-8") for path in sorted(SERVE.glob("*.py")))
    used = set(re.findall(r'Failure\(\s*[^,()]+,\s*"([a-z_]+)"', text)) - {"gone"}
    error = DESCRIPTION["components"]["schemas"]["Error"]["properties"]["error"]
    assert sorted(used) == error["properties"]["code"]["enum"]


WRONG = {
    "no form": (415, "no_form", {"body": b"ev=1", "headers": {"Content-Type": "text/plain"}}),
    "damaged form": (400, "wrong_field", {"body": b"x", "headers": form(None)[1]}),
    "no boundary": (
        400,
        "wrong_field",
        {"body": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    ),
    "cut form": (400, "wrong_field", {"body": form(PICTURE)[0][:-9], "headers": form(None)[1]}),
    "no file": (400, "wrong_field", {"data": None, "ev": 1}),
    "two files": (
        400,
        "wrong_field",
        {"body": form(b"a")[0][:-36] + form(b"b")[0], "headers": form(None)[1]},
    ),
    "no body": (400, "wrong_field", {"body": b"", "headers": form(None)[1]}),
    "unknown field": (400, "wrong_field", {"brightness": 1}),
    "no number": (400, "wrong_field", {"ev": "nan"}),
    "out of range": (400, "wrong_field", {"ev": 9}),
    "two wishes": (400, "wrong_field", {"ev": 1, "exposure": 0.4}),
    "no format": (400, "wrong_field", {"format": "exe"}),
    "no quality": (400, "wrong_field", {"quality": 101}),
    "no flag": (400, "wrong_field", {"strip": "perhaps"}),
    "no model": (400, "wrong_field", {"model": "/etc/passwd"}),
    "no job": (400, "wrong_field", {"job": "a b"}),
    "long field": (400, "wrong_field", {"ev": "1" * 2000}),
    "empty file": (415, "no_picture", {"data": b""}),
    "no picture": (415, "no_picture", {"data": b"hello", "name": "a.jpg"}),
    "damaged": (422, "damaged", {"data": PICTURE[:9000]}),
    "too many bytes": (413, "too_many_bytes", {"data": bytes(5 * 2**20)}),
    "too many pixels": (413, "picture_too_large", {"data": png_that_claims(30_000, 30_000)}),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("path", ["/v1/enhance", "/v1/preview"])
def test_what_is_wrong_gets_its_status_and_one_clear_line(server, path, case):
    status, code, given = WRONG[case]
    if "body" in given:
        answer = server.ask(path, "POST", given["body"], given["headers"])
    else:
        answer = server.post(path, **{"data": PICTURE, **given})
    told = error_of(answer[2])
    assert (answer[0], told["code"]) == (status, code), told
    schema("Error").validate(json.loads(answer[2]))
    assert str(status) in DESCRIPTION["paths"][path]["post"]["responses"]
    assert "\n" not in told["message"] and len(told["message"]) < 150
    assert "/" not in told["message"].replace("multipart/form-data", "")


def test_a_field_that_is_empty_counts_as_not_sent(server):
    plain = server.post("/v1/enhance", PICTURE)[2]
    empty = dict.fromkeys(("exposure", "ev", "balance", "format", "quality", "strip", "model"), "")
    assert server.post("/v1/enhance", PICTURE, **empty)[2] == plain


def test_answers_are_as_their_schemas_say(server):
    for path, name in (("/healthz", "Health"), ("/v1/models", "Models")):
        schema(name).validate(json.loads(server.ask(path)[2]))
    _, headers, body = server.post("/v1/preview", PICTURE, side=64, job="job-of-a-test")
    schema("PreviewReport").validate(json.loads(parts_of(headers, body)["report"][1]))
    job = json.loads(server.ask("/v1/jobs/job-of-a-test")[2])
    schema("Job").validate(job)
    assert job == {"state": "done", "place": None, "share": 1.0}


def test_the_models_are_those_that_are_shipped(server):
    models = json.loads(server.ask("/v1/models")[2])["models"]
    assert [each["name"] for each in models] == list(registry())
    assert [each["name"] for each in models if each["is_default"]] == ["standard"]
    assert all(each["description"].endswith(".") for each in models)


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/enhance/", "/v1/jobs/none-of-these"])
def test_where_there_is_nothing_is_said_so(server, path):
    status, _, body = server.ask(path)
    assert (status, error_of(body)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path, method, allowed",
    [
        ("/v1/enhance", "GET", {"POST"}),
        ("/v1/enhance", "OPTIONS", {"POST"}),
        ("/v1/preview", "PUT", {"POST"}),
        ("/", "POST", {"GET", "HEAD"}),
        ("/healthz", "DELETE", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_refused(server, path, method, allowed):
    status, headers, body = server.ask(path, method)
    assert (status, error_of(body)["code"]) == (405, "wrong_method")
    assert {each.strip() for each in headers["Allow"].split(",")} == allowed
    assert "Access-Control-Allow-Origin" not in headers


def test_numbers_count_what_was_asked(server):
    before = server.numbers()
    server.ask("/v1/models")
    server.post("/v1/enhance", b"no picture")
    after = server.numbers()

    def more(name):
        return after[name] - before.get(name, 0)

    assert more('requests_total{route="/v1/models",status="200"}') == 1
    assert more('requests_total{route="/v1/enhance",status="415"}') == 1
    assert more('request_seconds_count{route="/v1/enhance"}') == 1
    assert more('request_seconds_sum{route="/v1/enhance"}') > 0
    assert more("received_bytes_total") == len(form(b"no picture")[0])
    assert more("sent_bytes_total") > 100
    assert (after["queue_waiting"], after["running"], after["uploads"]) == (0, 0, 0)
    assert 2**25 < after["resident_memory_bytes"] < 2**32


def test_numbers_have_the_form_that_prometheus_reads(server):
    _, headers, body = server.ask("/metrics")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    line = re.compile(
        r"# (HELP|TYPE) scotopic_[a-z_]+ .+|scotopic_[a-z_]+(\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\})? \S+"
    )
    assert body.endswith(b"\n")
    assert all(line.fullmatch(each) for each in body.decode().splitlines())
