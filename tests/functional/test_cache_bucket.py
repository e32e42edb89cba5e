"""Binary caches in a bucket: S3 as moto speaks it, on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.functional.team import Team, names

pytest.importorskip("obstore")
pytestmark = pytest.mark.usefixtures("sandboxed")

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
SERVER = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of a server that speaks S3."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Team:
    team = Team.make(tmp_path_factory.mktemp("team"))
    with_credentials = {**team.alice.environ, **CREDENTIALS}
    return replace(team, alice=replace(team.alice, environ=with_credentials))


@pytest.fixture
def team(made: Team, tmp_path: Path) -> Team:
    return made.copy(tmp_path / "team")


@pytest.fixture
def bucket(endpoint: str, tmp_path: Path) -> str:
    """The address of a new bucket."""
    name = f"bucket-{tmp_path.name.replace('_', '-').lower()}"[:60]
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import urllib.request as r, sys; r.urlopen(r.Request(sys.argv[1], method='PUT'))",
            f"{endpoint}/{name}",
        ],
        check=True,
    )
    return f"s3://{name}/caches/team?endpoint={endpoint}&region=us-east-1"


def test_a_bucket_is_a_cache_like_any_other(team: Team, bucket: str) -> None:
    data = team.alice("cache", "push", bucket, "user", "--json").data
    assert (names(data["written"]), data["present"], data["key"]) == (["base", "user"], 0, "alice-1")
    assert team.alice("cache", "push", bucket, "user", "--json").data["present"] == 2
    bob = team.trusting(bucket)
    result = bob("realize", "user")
    assert (sorted(names(result.copied)), result.built, result.warned) == (["base", "user"], [], [])
    stats = bob("cache", "stats", "team", "--json").data
    assert (stats["objects"], stats["realisations"], stats["signed"]) == (2, 3, {"alice-1": 2})
    assert bob("realize", "user", "--offline", "--dry-run", "--json").data["present"] == 1


def test_signatures_are_added_to_what_is_in_a_bucket(team: Team, bucket: str) -> None:
    team.alice("cache", "push", bucket, "user")
    bob = team.trusting(bucket)
    bob("cache", "keygen", "bob-1")
    assert bob("cache", "sign", "team", "--json").data["signed"] == 2
    assert bob("cache", "stats", "team", "--json").data["signed"] == {"alice-1": 2, "bob-1": 2}


def test_a_bucket_that_is_not_there_or_forbidden_is_left_alone(team: Team, bucket: str) -> None:
    gone = bucket.replace("s3://bucket-", "s3://gone-")
    result = team.trusting(gone)("realize", "base")
    assert (result.built, "cache team is left alone" in result.warned[0]) == (["base-1"], True)
    error = team.alice.fails(6, "cache", "push", gone, "user")
    assert (error["class"], gone in error["where"]) == ("UnusableError", True)


def test_an_address_that_is_no_bucket_is_refused(team: Team) -> None:
    for url in ("s3://", "s3://bucket?region=a&region=b", "s3://bucket?endpiont=x"):
        assert team.bob.fails(2, "cache", "add", "team", url)["class"] == "BadAddressError"


def test_without_the_extra_a_bucket_is_left_alone_and_the_remedy_said(team: Team, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "obstore.py").write_text("raise ImportError('it is not installed')\n")
    places = f"{tmp_path / 'hidden'}{os.pathsep}{team.bob.environ['PYTHONPATH']}"
    result = team.trusting(bucket)("realize", "base", PYTHONPATH=places)
    assert (result.built, "pip install 'envmgr[s3]'" in result.warned[0]) == (["base-1"], True)
    assert team.bob.fails(12, "cache", "push", bucket, "base", PYTHONPATH=places)["class"] == "MissingExtraError"
