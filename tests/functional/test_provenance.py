"""`envmgr provenance`, and what `envmgr verify` makes of it: who vouches for what, and whether that holds."""

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from envmgr.sharing.keys import load
from tests.functional.conftest import Checkout, empty_checkout

TREE = "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello' }\n"
TOOL = "inputs.words = 'words'\n[build]\nbuilder = 'tree'\nsettings.symlinks = { words = '../{words.name}' }\n"
BENCH = """
inputs.tool = "tool"
[[run.steps]]
name = "measure"
argv = ["/bin/sh", "-c", "echo text > {step}/log.txt; echo '{\\"mAP\\": 60}' > {step}/metrics.json"]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout with two runs, and with the keys `lab` (trusted) and `other` (not)."""
    checkout = empty_checkout(tmp_path_factory.mktemp("proved"))
    checkout.recipe("words", TREE)
    checkout.recipe("tool", TOOL)
    checkout.recipe("bench", BENCH)
    for _ in range(2):
        checkout("run", "bench")
    checkout("cache", "trust", checkout("cache", "keygen", "lab").stdout.strip())
    checkout("cache", "keygen", "other")
    return checkout


def runs(checkout: Checkout) -> list[str]:
    return [run["id"] for run in checkout("runs", "list", "--json").data["runs"]]


def statement(text: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(base64.b64decode(json.loads(text)["payload"]))
    return said


def test_a_run_is_stated_signed_and_verified(ran: Checkout, tmp_path: Path) -> None:
    run, file = runs(ran)[0], tmp_path / "run.jsonl"
    text = ran("provenance", run, "--key", "lab").stdout
    assert ran("provenance", run, "--key", "lab").stdout == text, "the same each time"
    said = statement(text)
    folder = ran.store / "runs" / run
    subject = {item["name"]: item["digest"]["sha256"] for item in said["subject"]}
    assert subject.keys() >= {"record.json", "measure/log.txt", "measure/metrics.json"}
    assert subject == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in subject}
    assert (said["_type"], said["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://slsa.dev/provenance/v1",
    )
    definition, details = said["predicate"]["buildDefinition"], said["predicate"]["runDetails"]
    closure = {
        item["name"][33:]: item.get("annotations", {}).get("role") for item in definition["resolvedDependencies"]
    }
    assert closure == {"tool-1": "tool", "words-1": None}
    assert definition["externalParameters"]["recipe"] == "bench"
    assert details["metadata"]["invocationId"] == run
    assert details["builder"]["id"].startswith("envmgr:builder/")

    file.write_text(text)
    answer = ran("verify", run, "--provenance", str(file), "--json").data
    assert answer["proved"] == [{"about": run, "signer": "lab"}]
    assert answer["runs"] == [{"run": run, "folder": str(folder), "files": len(subject) - 1, "touched": []}]
    assert answer["objects"] == 2
    assert f"{run}: signed by lab" in ran("verify", run, "--provenance", str(file)).stdout


def test_what_is_signed_is_what_dsse_says(ran: Checkout) -> None:
    envelope = json.loads(ran("provenance", "tool", "--key", "lab").stdout)
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"]
    assert kind == "application/vnd.in-toto+json"
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    (signature,) = envelope["signatures"]
    assert signature["keyid"] == "lab"
    key = load(Path(ran.environ["HOME"], ".config/envmgr/keys"), "lab")
    assert key.public.holds(signature["sig"], signed)


def test_an_object_is_stated_with_its_derivation_and_inputs_and_verified_by_what_it_contains(
    ran: Checkout, tmp_path: Path
) -> None:
    path, file = ran("realize", "tool").path, tmp_path / "tool.jsonl"
    ran("provenance", path.name, "--key", "lab", "-o", str(file))
    said = statement(file.read_text())
    definition = said["predicate"]["buildDefinition"]
    shown = ran("show", "tool", "--json").data
    assert definition["externalParameters"]["derivation"] == shown["text"]
    (words,) = definition["resolvedDependencies"]
    object_ = ran("show", words["name"], "--json").data
    assert words["digest"] == {
        "envmgrManifest": object_["manifest"].partition(":")[2],
        "envmgrDerivation": shown["text"]["inputs"]["words"].partition(":")[2],
    }
    assert said["subject"][0]["digest"]["envmgrManifest"] in ran("show", path.name).stdout
    assert ran("verify", "tool", "--provenance", str(file), "--json").data["proved"][0]["about"] == path.name
    other = ran.fails(7, "verify", "words", "--provenance", str(file))
    assert other["class"] == "OtherStatementError"
    assert path.name in other["message"]
    assert ran("provenance", "bench", "--key", "lab").stdout == file.read_text(), "a benchmark is its inputs"


def test_nobody_who_is_trusted_has_signed(ran: Checkout, tmp_path: Path) -> None:
    run, file, config = runs(ran)[0], tmp_path / "run.jsonl", tmp_path / "config"

    def fault(text: str, **environ: str) -> str:
        file.write_text(text)
        error = ran.fails(7, "verify", run, "--provenance", str(file), **environ)
        assert error["where"].startswith(str(file))
        return str(error["class"])

    good = ran("provenance", run, "--key", "lab").stdout
    assert fault(ran("provenance", run, "--unsigned").stdout) == "UnsignedStatementError"
    assert fault(ran("provenance", run, "--key", "other").stdout) == "UntrustedKeyError"
    assert fault(good, ENVMGR_CONFIG=str(config)) == "UntrustedKeyError"
    config.mkdir()
    (config / "caches.toml").write_text((Path(ran.environ["HOME"]) / ".config/envmgr/caches.toml").read_text())
    ran("cache", "revoke", "lab", ENVMGR_CONFIG=str(config))
    assert fault(good, ENVMGR_CONFIG=str(config)) == "RevokedKeyError"
    (tmp_path / "both").write_text(ran("provenance", run, "--key", "other").stdout + good)
    assert ran("verify", run, "--provenance", str(tmp_path / "both"), "--json").data["proved"][0]["signer"] == "lab"
    envelope = json.loads(good)
    said = {**statement(good), "subject": []}
    changed = {**envelope, "payload": base64.b64encode(json.dumps(said).encode()).decode()}
    assert fault(json.dumps(changed)) == "FalseSignatureError"
    other = base64.b64encode(json.dumps({**statement(good), "predicate": {}}).encode()).decode()
    of_others = (
        {**envelope, "payload": "?"},
        {**envelope, "payload": other},
        {**envelope, "payloadType": "text/plain"},
    )
    for text in ("", "{}", "no JSON", *map(json.dumps, of_others)):
        assert fault(text) == "NotAnEnvelopeError"


def test_what_was_changed_since_it_was_signed_is_named(ran: Checkout, tmp_path: Path) -> None:
    checkout, file = ran.copied(tmp_path), tmp_path / "run.jsonl"
    first, second = runs(checkout)
    checkout("provenance", first, "--key", "lab", "-o", str(file))
    other = checkout.fails(7, "verify", second, "--provenance", str(file))
    assert other["class"] == "OtherStatementError"
    assert first in other["message"]

    record = checkout.store / "runs" / first / "record.json"
    before = record.read_text()
    record.write_text(before.replace('"mAP": 60', '"mAP": 90'))
    assert checkout("verify", first).exit == 0, "the record alone cannot tell"
    edited = checkout.fails(7, "verify", first, "--provenance", str(file))
    assert edited["class"] == "NotAsStatedError"
    assert "subject.record.json.metrics.mAP: 60 -> 90" in edited["message"]
    record.write_text(before)

    log, metrics = (checkout.store / "runs" / first / "measure" / name for name in ("log.txt", "metrics.json"))
    swapped = log.read_bytes(), metrics.read_bytes()
    metrics.write_bytes(swapped[0])
    log.write_bytes(swapped[1])
    signed = ["--provenance", str(file)]
    for arguments in (["verify", first], ["verify", first, *signed], ["provenance", first, "--key", "lab"]):
        error = checkout.fails(7, *arguments)
        assert error["class"] == "TouchedRunError"
        assert "measure/log.txt (changed), measure/metrics.json (changed)" in error["message"]


def test_a_run_whose_closure_is_damaged_or_gone_is_not_verified(ran: Checkout, tmp_path: Path) -> None:
    checkout = ran.copied(tmp_path)
    run = runs(checkout)[0]
    words = checkout("realize", "words").path
    (words / "hello").chmod(0o644)
    (words / "hello").write_text("other")
    error = checkout.fails(7, "verify", run)
    assert error["class"] == "DamagedStoreError"
    for kind in ("run", "printed"):
        shutil.rmtree(checkout.store / "roots" / kind, ignore_errors=True)
    checkout("gc")
    assert checkout.fails(7, "verify", run)["class"] == "NotValidError"


def test_signing_needs_a_key_and_verifying_something_to_verify(ran: Checkout, tmp_path: Path) -> None:
    assert ran.fails(2, "provenance", "tool")["class"] == "AmbiguousKeyError"
    assert ran.fails(2, "provenance", "tool", ENVMGR_CONFIG=str(tmp_path))["class"] == "NoKeyError"
    assert ran.fails(2, "provenance", "tool", "--key", "lab", "--unsigned")["class"] == "UsageError"
    file = tmp_path / "tool.jsonl"
    file.write_text("")
    assert ran.fails(2, "verify", "--provenance", str(file))["class"] == "UsageError"


def test_what_was_copied_from_a_cache_says_so_and_names_inputs_that_are_not_here_by_their_derivations(
    ran: Checkout, tmp_path: Path
) -> None:
    checkout, mine = ran.copied(tmp_path), ran.of_user("colleague")
    checkout.recipe("copy", "inputs.words = 'words'\n[build]\nbuilder = 'tree'\nsettings.files = { copy = 'words' }\n")
    path, cache = checkout("realize", "copy").path, str(tmp_path / "cache")
    shown = checkout("show", "copy", "--json").data
    checkout("cache", "push", cache, "copy", "--key", "lab")
    mine("cache", "trust", load(Path(ran.environ["HOME"], ".config/envmgr/keys"), "lab").public.text)
    mine("cache", "pull", cache, path.name)
    said = mine("provenance", path.name, "--unsigned", "--json").data["statements"][0]
    definition = said["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["derivation"] == shown["text"]
    assert "lab" in definition["internalParameters"]["copiedFrom"]
    digest = {"envmgrDerivation": shown["text"]["inputs"]["words"].partition(":")[2]}
    assert definition["resolvedDependencies"] == [{"name": "words", "digest": digest, "annotations": {"role": "words"}}]
    (component,) = json.loads(mine("sbom", path.name).stdout)["components"]
    assert {"name": "envmgr:input-not-here", "value": "words"} in component["properties"]


def test_a_run_that_was_handed_on_is_verified_without_its_store(ran: Checkout, tmp_path: Path) -> None:
    run, reviewer = runs(ran)[0], ran.of_user("reviewer")
    ran("publish", run, "--to", "dir", "-o", str(tmp_path), "--key", "lab")
    folder = tmp_path / run
    assert reviewer.fails(7, "verify", str(folder))["class"] == "UntrustedKeyError"
    reviewer("cache", "trust", load(Path(ran.environ["HOME"], ".config/envmgr/keys"), "lab").public.text)
    answer = reviewer("verify", str(folder), "--json").data
    assert answer["proved"] == [{"about": run, "signer": "lab"}]
    assert answer["runs"][0]["touched"] == []
    assert not reviewer.store.exists()
    assert reviewer.fails(2, "verify", str(folder), "words")["class"] == "UsageError"

    record, statement_ = folder / "record.json", folder / "provenance.intoto.jsonl"
    before, signed = record.read_text(), statement_.read_text()
    record.write_text(before.replace('"mAP": 60', '"mAP": 90'))
    assert "metrics.mAP: 60 -> 90" in reviewer.fails(7, "verify", str(folder))["message"]
    statement_.unlink()
    alone = reviewer("verify", str(folder), "--json").json()
    assert "nobody vouches" in alone["warnings"][0]
    record.write_text(before)
    (tmp_path / "signed").write_text(signed)
    assert reviewer("verify", str(folder), "--provenance", str(tmp_path / "signed"), "--json").data["proved"]
    (folder / "measure" / "log.txt").write_text("other")
    assert reviewer.fails(7, "verify", str(folder))["class"] == "TouchedRunError"
