"""DSSE envelopes as others write them, by the parsing rules of DSSE."""

import base64
import json
from typing import Any

import pytest

from envmgr.provenance.envelope import Envelope, UntrustedKeyError
from envmgr.provenance.statement import PREDICATE, STATEMENT
from envmgr.sharing.keys import PrivateKey
from envmgr.sharing.trust import Trust

SAID: dict[str, Any] = {
    "_type": STATEMENT, "subject": [{"name": "???>>>"}], "predicateType": PREDICATE,
    "predicate": {"buildDefinition": {"buildType": "any"}, "runDetails": {}},
}  # fmt: skip


@pytest.fixture
def written() -> tuple[PrivateKey, dict[str, Any]]:
    """A key, and an envelope that is signed with it, as JSON."""
    key = PrivateKey.generate("alice")
    made: dict[str, Any] = json.loads(Envelope.of(SAID).signed(key).show())
    return key, made


def test_an_envelope_may_have_more_fields_and_either_alphabet(written: tuple[PrivateKey, dict[str, Any]]) -> None:
    key, made = written
    trust = Trust({"alice": key.public}, frozenset())
    other = base64.urlsafe_b64encode(base64.b64decode(made["payload"])).decode()
    assert other != made["payload"]
    signatures = [{**made["signatures"][0], "cert": "any"}]
    read = Envelope.parse(json.dumps({**made, "payload": other, "later": 1, "signatures": signatures}), where="any")
    assert (read.statement, read.signer(trust, where="any")) == (SAID, "alice")


def test_a_signature_that_names_no_key_is_nobodys(written: tuple[PrivateKey, dict[str, Any]]) -> None:
    key, made = written
    read = Envelope.parse(json.dumps({**made, "signatures": [{"sig": made["signatures"][0]["sig"]}]}), where="any")
    with pytest.raises(UntrustedKeyError):
        read.signer(Trust({"alice": key.public}, frozenset()), where="any")
