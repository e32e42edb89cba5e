"""`envmgr sbom`: what a closure is made of, and under which licences."""

import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from cyclonedx.model.bom import Bom
from cyclonedx.output.json import JsonV1Dot6

from tests.functional.conftest import Checkout
from tests.loopback import Origin, Reply

OWN = "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello' }\n"
COPY = "[build]\nbuilder = 'tree'\nsettings.files = { copy = 'it' }\n"
TOOL = """
inputs = { model = "model", text = "text", wheel = "wheel" }
[build]
builder = "tree"
settings.symlinks = { wheel = "../{wheel.name}", model = "../{model.name}" }
settings.files = { text = "text" }
"""
BENCH = """
inputs.words = "words"
[[run.steps]]
name = "measure"
argv = ["/bin/sh", "-c", "echo done"]
"""


def wheel(metadata: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("thing/__init__.py", "")
        archive.writestr("thing-1.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: thing\n{metadata}\n\nText\n")
        archive.writestr("thing-1.0.dist-info/licenses/LICENSE", "may be used")
    return file.getvalue()


def source(origin: Origin, name: str, body: bytes) -> str:
    return "\n".join([
        "[sources.it]",
        "kind = 'url'",
        f"urls = ['{origin.serve(f'/{name}', Reply(body))}']",
        f"file = '{name}'",
        "version = '1.0'",
        f"sha256 = '{sha256(body).hexdigest()}'\n",
    ])  # fmt: skip


def components(text: str) -> dict[str, dict[str, Any]]:
    return {item["bom-ref"].partition("-")[2]: item for item in json.loads(text)["components"]}


def facts(component: dict[str, Any]) -> dict[str, str]:
    return {item["name"].removeprefix("envmgr:"): item["value"] for item in component["properties"]}


def test_a_bill_lists_the_closure_and_what_it_was_made_from_with_what_is_known_of_licences(
    checkout: Checkout, origin: Origin
) -> None:
    fetched = source(origin, "thing-1.0-py3-none-any.whl", wheel("License: Own terms")).replace("it]", "archive]")
    checkout.recipe("wheel", fetched + "[build]\nbuilder = 'unpack'\n")
    checkout.recipe("model", source(origin, "weights.bin", b"numbers") + COPY)
    checkout.recipe("text", "license = 'mit'\n" + source(origin, "text.bin", b"text") + COPY)
    checkout.recipe("tool", TOOL)
    path = checkout("realize", "tool").path
    answer = checkout("sbom", "tool", "--json").data
    found = components(answer["bill"])
    assert found.keys() == {"tool-1", "wheel-1", "model-1", "text-1", "text.bin-1.0", "weights.bin-1.0"} | {
        "thing-1.0-py3-none-any.whl-1.0"
    }
    assert {name for name, item in found.items() if item.get("scope") == "required"} == {"tool-1", "wheel-1", "model-1"}

    licences = {name: (facts(item)["licence"], facts(item)["licence-by"]) for name, item in found.items()}
    assert licences["wheel-1"] == ("Own terms", "metadata")
    assert licences["thing-1.0-py3-none-any.whl-1.0"] == ("Own terms", "metadata")
    assert licences["text-1"] == licences["text.bin-1.0"] == ("MIT", "recipe")
    assert licences["tool-1"] == ("MIT", "sources"), "what it only refers to is not in it"
    assert licences["model-1"] == licences["weights.bin-1.0"] == ("unknown", "nobody")
    assert {store_path[33:] for store_path in answer["unknown"]} == {"model-1", "weights.bin-1.0"}
    assert facts(found["wheel-1"])["licence-file"] == "thing-1.0.dist-info/licenses/LICENSE"
    digest = sha256(b"numbers").hexdigest()
    assert found["weights.bin-1.0"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert found["weights.bin-1.0"]["purl"] == f"pkg:generic/weights.bin@1.0?checksum=sha256:{digest}"

    below = {item["ref"]: item.get("dependsOn", []) for item in json.loads(answer["bill"])["dependencies"]}
    assert below["subject"] == [path.name]
    assert {item[33:] for item in below[path.name]} == {"wheel-1", "model-1", "text-1"}


def test_a_bill_is_the_same_each_time_and_says_the_same_when_it_is_read(checkout: Checkout, tmp_path: Path) -> None:
    checkout.recipe("words", f"license = 'MIT OR Apache-2.0'\n{OWN}")
    path = checkout("realize", "words").path
    text = checkout("sbom", "words").stdout
    checkout("sbom", "words", "-o", str(tmp_path / "bill.json"))
    assert (tmp_path / "bill.json").read_text() == text
    document = json.loads(text)
    assert "timestamp" not in document["metadata"]
    assert document["components"][0]["licenses"] == [{"acknowledgement": "declared", "expression": "MIT OR Apache-2.0"}]

    bill: Any = Bom.from_json(document)  # type: ignore[attr-defined]  # the library adds it to the class
    read = json.loads(JsonV1Dot6(bill).output_as_string())
    read["metadata"].pop("timestamp", None)
    assert read == document

    checkout.recipe("words", f"license = 'MIT'\n{OWN}")
    other = json.loads(checkout("sbom", path.name).stdout)
    assert other["components"][0]["bom-ref"] == document["components"][0]["bom-ref"], (
        "a licence is no part of what it is"
    )
    assert other["serialNumber"] != document["serialNumber"]


def test_a_bill_of_a_run_is_of_its_inputs_and_names_it(checkout: Checkout) -> None:
    checkout.recipe("words", OWN)
    checkout.recipe("bench", BENCH)
    run = Path(checkout("run", "bench", "--json").data["record"]).parent.name
    document = json.loads(checkout("sbom", run).stdout)
    assert [item["name"] for item in document["components"]] == ["words"]
    assert {"name": "envmgr:run", "value": run} in document["metadata"]["component"]["properties"]
    record = checkout.store / "runs" / run / "record.json"
    elsewhere = json.loads(record.read_text())
    kept = ("id", "recipe", "version", "axes", "settings", "started", "seconds", "steps", "metrics", "exit_code")
    imported = {name: elsewhere[name] for name in kept} | {"schema": "envmgr.imported-run/1", "source": "logs"}
    record.write_text(json.dumps(imported))
    assert checkout.fails(3, "sbom", run)["class"] == "ImportedRunError"


def test_what_is_called_a_wheel_and_is_none_says_nothing_and_a_broken_recipe_beside_it_does_no_harm(
    checkout: Checkout, origin: Origin
) -> None:
    checkout.recipe("fake", source(origin, "thing-1.0-py3-none-any.whl", b"no zip") + COPY)
    checkout.recipe("cut", source(origin, "thing-1.0.tar.gz", b"no tar") + COPY)
    checkout.recipe("tool", "inputs = { fake = 'fake', cut = 'cut' }\n[build]\nbuilder = 'tree'\n")
    checkout("realize", "tool")
    checkout.write("recipes/broken.toml", "name = ")
    answer = checkout("sbom", "tool", "--json").data
    assert len(answer["unknown"]) == answer["components"] == 5


def test_a_licence_that_is_no_expression_is_refused_where_it_stands(checkout: Checkout) -> None:
    checkout.recipe("words", f"license = 'Apache 2'\n{OWN}")
    error = checkout.fails(3, "show", "words")
    assert error["class"] == "RecipeError"
    assert "words.toml:4" in error["where"]
