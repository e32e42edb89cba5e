"""Downloads against a loopback origin: what is right arrives, and every misbehaviour has an answer."""

import base64
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.network.address import CertificatesError, Network, OfflineError, UnreachableError, read_page
from envmgr.network.checked_file import Checks, WrongContentError
from envmgr.network.download import download
from tests.loopback import Origin, Reply, make_certificate

BODY = bytes(range(256)) * 400
OTHER = BODY[::-1]
HALF = len(BODY) // 2
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
CHECKS = Checks(sha256=Digest.of(BODY).hex, size=len(BODY))
ONLY_SHA256 = Checks(sha256=Digest.of(BODY).hex)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as origin:
        yield origin


@pytest.fixture
def waits() -> list[float]:
    """Record the seconds that a download wanted to wait."""
    return []


@pytest.fixture
def network(waits: list[float]) -> Network:
    return Network(sleep=waits.append)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


def nothing_is_left(file: Path) -> bool:
    return not list(file.parent.glob("file*"))


def test_a_file_arrives_whole_and_its_digest_is_returned(origin: Origin, network: Network, file: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    digest = download(
        [origin.serve("/a", Reply(BODY))],
        file,
        CHECKS,
        network=network,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert digest == Digest.of(BODY)
    assert file.read_bytes() == BODY
    assert [path.name for path in file.parent.iterdir()] == ["file"]
    assert seen[-1] == (len(BODY), len(BODY))
    assert origin.requests[0].headers["Accept-Encoding"] == "identity"


def test_a_file_of_which_only_md5_and_size_are_known_is_checked_by_these(
    origin: Origin, network: Network, file: Path
) -> None:
    url = origin.serve("/a", Reply(BODY))
    assert download([url], file, Checks(md5=MD5, size=len(BODY)), network=network) == Digest.of(BODY)
    with pytest.raises(WrongContentError) as caught:
        download([url], file, Checks(md5="0" * 32, size=len(BODY)), network=network)
    assert (caught.value.checked, caught.value.expected, caught.value.actual) == ("md5", "0" * 32, MD5)


def test_a_wrong_hash_names_both_hashes_and_leaves_nothing(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(OTHER))
    with pytest.raises(WrongContentError) as caught:
        download([url], file, CHECKS, network=network)
    assert caught.value.exit_code == 7
    assert caught.value.checked == "sha256"
    assert caught.value.expected == CHECKS.sha256
    assert caught.value.actual == Digest.of(OTHER).hex
    assert caught.value.origin == url
    assert nothing_is_left(file)


def test_a_mirror_with_the_right_file_is_used_after_one_with_a_wrong_file(
    origin: Origin, network: Network, file: Path
) -> None:
    urls = [origin.serve("/wrong", Reply(OTHER)), origin.serve("/right", Reply(BODY))]
    assert download(urls, file, CHECKS, network=network) == Digest.of(BODY)


def test_a_declared_length_that_differs_from_the_known_size_is_refused_at_once(
    origin: Origin, network: Network, file: Path
) -> None:
    with pytest.raises(WrongContentError) as caught:
        download([origin.serve("/a", Reply(BODY + b"!"))], file, CHECKS, network=network)
    assert (caught.value.checked, caught.value.actual) == ("size", str(len(BODY) + 1))
    assert nothing_is_left(file)


def test_an_endless_body_is_cut_off_at_the_known_size(origin: Origin, network: Network, file: Path) -> None:
    with pytest.raises(WrongContentError) as caught:
        download([origin.serve("/a", Reply(BODY, endless=True))], file, CHECKS, network=network)
    assert caught.value.checked == "size"
    assert nothing_is_left(file)


def test_an_endless_body_of_unknown_size_is_cut_off_at_the_bound(origin: Origin, network: Network, file: Path) -> None:
    with pytest.raises(UnreachableError, match="bound"):
        download([origin.serve("/a", Reply(BODY, endless=True))], file, ONLY_SHA256, network=network, limit_bytes=10**6)


def test_a_declared_length_beyond_the_bound_is_not_even_begun(origin: Origin, network: Network, file: Path) -> None:
    with pytest.raises(UnreachableError, match="bound"):
        download([origin.serve("/a", Reply(BODY))], file, ONLY_SHA256, network=network, limit_bytes=10)


@pytest.mark.parametrize("declares_length", [True, False])
def test_a_cut_transfer_is_continued_where_it_broke_off(
    origin: Origin,
    network: Network,
    file: Path,
    declares_length: bool,  # noqa: FBT001  a parameter of pytest
) -> None:
    cut = Reply(BODY, headers={"ETag": '"1"'}, cut_after=HALF, declares_length=declares_length)
    download([origin.serve("/a", cut, Reply(BODY, headers={"ETag": '"1"'}))], file, CHECKS, network=network)
    first, second = origin.requests
    assert first.headers["Range"] is None
    assert (second.headers["Range"], second.headers["If-Range"]) == (f"bytes={HALF}-", '"1"')
    assert file.read_bytes() == BODY


def test_a_cut_body_without_any_known_length_is_not_taken_for_whole(
    origin: Origin, network: Network, file: Path
) -> None:
    with pytest.raises(WrongContentError):
        download(
            [origin.serve("/a", Reply(BODY, cut_after=HALF, declares_length=False))],
            file,
            ONLY_SHA256,
            network=network,
        )


def test_a_cut_chunked_body_is_an_interruption(origin: Origin, network: Network, file: Path) -> None:
    chunked = Reply(b"5\r\nhello\r\n", headers={"Transfer-Encoding": "chunked"}, declares_length=False)
    with pytest.raises(UnreachableError):
        download([origin.serve("/a", chunked)], file, ONLY_SHA256, network=network)


def test_a_transfer_that_is_always_cut_fails_and_keeps_its_part(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(BODY, cut_after=10))
    with pytest.raises(UnreachableError, match=r"broke off|IncompleteRead") as caught:
        download([url], file, CHECKS, network=network)
    assert caught.value.failures[0].url == url
    assert not file.exists()
    assert file.with_name("file.part").read_bytes() == BODY[:40]


def test_the_part_of_an_earlier_run_is_continued(origin: Origin, network: Network, file: Path) -> None:
    file.with_name("file.part").write_bytes(BODY[:HALF])
    assert download([origin.serve("/a", Reply(BODY))], file, CHECKS, network=network) == Digest.of(BODY)
    assert [request.headers["Range"] for request in origin.requests] == [f"bytes={HALF}-"]


def test_a_whole_part_is_used_without_asking_anybody(origin: Origin, network: Network, file: Path) -> None:
    file.with_name("file.part").write_bytes(BODY)
    assert download([origin.serve("/a", Reply(BODY))], file, CHECKS, network=network) == Digest.of(BODY)
    assert not origin.requests


@pytest.mark.parametrize("length", [HALF, len(BODY), len(BODY) + 1])
def test_a_part_of_another_file_is_dropped_and_the_file_fetched_whole(
    origin: Origin, network: Network, file: Path, length: int
) -> None:
    file.with_name("file.part").write_bytes((OTHER + OTHER)[:length])
    assert download([origin.serve("/a", Reply(BODY))], file, CHECKS, network=network) == Digest.of(BODY)
    assert file.read_bytes() == BODY


def test_a_body_that_changed_between_two_attempts_is_fetched_whole(
    origin: Origin, network: Network, file: Path
) -> None:
    cut = Reply(OTHER, headers={"ETag": '"old"'}, cut_after=HALF)
    url = origin.serve("/a", cut, Reply(BODY, headers={"ETag": '"new"'}))
    assert download([url], file, CHECKS, network=network) == Digest.of(BODY)


def test_a_body_that_changed_without_a_tag_is_found_out_by_its_hash(
    origin: Origin, network: Network, file: Path
) -> None:
    download([origin.serve("/a", Reply(OTHER, cut_after=HALF), Reply(BODY))], file, CHECKS, network=network)
    assert file.read_bytes() == BODY
    assert [request.headers["Range"] for request in origin.requests] == [None, f"bytes={HALF}-", None]


def test_a_server_that_ignores_ranges_gives_the_whole_file(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(BODY, cut_after=HALF), Reply(BODY, ranges=False))
    assert download([url], file, CHECKS, network=network) == Digest.of(BODY)
    assert file.read_bytes() == BODY


def test_a_range_that_begins_elsewhere_is_not_appended(origin: Origin, network: Network, file: Path) -> None:
    elsewhere = Reply(BODY[5:], status=206, headers={"Content-Range": f"bytes 5-{len(BODY) - 1}/{len(BODY)}"})
    url = origin.serve("/a", Reply(BODY, cut_after=HALF), elsewhere, Reply(BODY))
    assert download([url], file, CHECKS, network=network) == Digest.of(BODY)
    assert file.read_bytes() == BODY


def test_a_range_that_cannot_be_satisfied_starts_the_file_again(origin: Origin, network: Network, file: Path) -> None:
    file.with_name("file.part").write_bytes(BODY)
    url = origin.serve("/a", Reply(status=416), Reply(BODY))
    assert download([url], file, ONLY_SHA256, network=network) == Digest.of(BODY)


def test_an_encoded_body_is_refused(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(gzip.compress(BODY), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(UnreachableError, match="encodes"):
        download([url], file, ONLY_SHA256, network=network)
    assert len(origin.requests) == 1


def test_a_missing_file_is_not_asked_for_twice(
    origin: Origin, network: Network, file: Path, waits: list[float]
) -> None:
    with pytest.raises(UnreachableError) as caught:
        download([origin.url + "/none"], file, CHECKS, network=network)
    assert caught.value.exit_code == 6
    assert caught.value.failures[0].status == 404
    assert len(origin.requests) == 1
    assert not waits


def test_the_next_mirror_is_asked_when_one_has_not_the_file(origin: Origin, network: Network, file: Path) -> None:
    urls = [origin.url + "/none", origin.serve("/a", Reply(BODY))]
    assert download(urls, file, CHECKS, network=network) == Digest.of(BODY)


def test_a_busy_server_is_asked_again_with_growing_waits(
    origin: Origin, network: Network, file: Path, waits: list[float]
) -> None:
    busy = Reply(status=503)
    download([origin.serve("/a", busy, busy, busy, Reply(BODY))], file, CHECKS, network=network)
    assert waits == [0.5, 1.0, 2.0]


def test_a_refusal_keeps_the_part_that_came_before(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(BODY, cut_after=HALF), Reply(status=503), Reply(BODY))
    download([url], file, CHECKS, network=network)
    assert origin.requests[-1].headers["Range"] == f"bytes={HALF}-"


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("7", 7.0),
        ("100000", 60.0),
        ("soon", 0.5),
        (formatdate(0, usegmt=True), 0.5),
        (formatdate(2**33, usegmt=True), 60.0),
    ],
)
def test_retry_after_is_obeyed_within_reason(  # noqa: PLR0917  fixtures
    origin: Origin, network: Network, file: Path, waits: list[float], retry_after: str, wait: float
) -> None:
    busy = Reply(status=429, headers={"Retry-After": retry_after})
    download([origin.serve("/a", busy, Reply(BODY))], file, CHECKS, network=network)
    assert waits == [wait]


def test_a_silent_server_is_given_up_after_the_read_time_out(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(BODY, stall_after=HALF), Reply(BODY))
    assert download([url], file, CHECKS, network=replace(network, read_seconds=0.1)) == Digest.of(BODY)
    assert origin.requests[-1].headers["Range"] == f"bytes={HALF}-"


def test_a_trickle_is_given_up_as_silence_is(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(BODY, trickle=0.05))
    with pytest.raises(UnreachableError, match="bytes a second"):
        download([url], file, CHECKS, network=replace(network, read_seconds=0.2, attempts=1))


HEAD = b"HTTP/1.1 200 OK\r\n"
NO_ANSWERS = {
    "nothing": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "half a head": HEAD + b"Content-Len",
    "a line without end": HEAD + b"A: " + bytes(200_000),
    "a head without end": HEAD + b"A: b\r\n" * 20_000,
    "a length of letters": HEAD + b"Content-Length: many\r\n\r\n" + OTHER,
    "a negative length": HEAD + b"Content-Length: -5\r\n\r\n" + OTHER,
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + OTHER,
    "a length that is too small": HEAD + b"Content-Length: 5\r\n\r\n" + BODY,
    "a chunk of letters": HEAD + b"Transfer-Encoding: chunked\r\n\r\nmany\r\n" + OTHER,
    "a chunk larger than life": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + OTHER,
    "a status of letters": b"HTTP/1.1 fine OK\r\n\r\n" + OTHER,
    "a part that was not asked for": b"HTTP/1.1 206 OK\r\nContent-Range: bytes 5-9/10\r\n\r\n" + OTHER,
}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS)
@pytest.mark.parametrize("checks", [CHECKS, ONLY_SHA256], ids=["known size", "unknown size"])
def test_what_is_no_answer_is_a_failure_and_leaves_nothing_that_looks_whole(
    origin: Origin, network: Network, file: Path, answer: bytes, checks: Checks
) -> None:
    url = origin.serve("/a", Reply(answer, raw=True))
    with pytest.raises((UnreachableError, WrongContentError)):
        download([url], file, checks, network=replace(network, attempts=2, read_seconds=5))
    assert not file.exists()


def test_a_head_that_drips_is_given_up_as_silence_is(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(HEAD * 100, raw=True, trickle=0.02))
    with pytest.raises(UnreachableError, match=r"no whole answer came within 0\.2 s"):
        download([url], file, CHECKS, network=replace(network, read_seconds=0.2, attempts=1))


def test_a_refused_connection_says_so_and_names_the_address(network: Network, file: Path) -> None:
    with Origin() as gone:
        pass
    with pytest.raises(UnreachableError) as caught:
        download([gone.url + "/a"], file, CHECKS, network=network)
    assert [(failure.url, failure.why) for failure in caught.value.failures] == [
        (gone.url + "/a", "Connection refused")
    ]


def test_a_redirect_is_followed(origin: Origin, network: Network, file: Path) -> None:
    origin.serve("/b", Reply(BODY))
    url = origin.serve("/a", Reply(OTHER, status=302, headers={"Location": "/b"}))
    assert download([url], file, CHECKS, network=network) == Digest.of(BODY)


def test_redirects_in_a_circle_end(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(status=302, headers={"Location": "/a"}))
    with pytest.raises(UnreachableError, match="redirects"):
        download([url], file, CHECKS, network=network)


def test_a_redirect_to_a_file_of_this_machine_is_refused(origin: Origin, network: Network, file: Path) -> None:
    secret = file.with_name("secret")
    secret.write_bytes(BODY)
    url = origin.serve("/a", Reply(status=302, headers={"Location": secret.as_uri()}))
    with pytest.raises(UnreachableError, match="redirects from http"):
        download([url], file, CHECKS, network=network)


def test_credentials_of_an_address_go_to_its_own_origin_only(origin: Origin, network: Network, file: Path) -> None:
    with Origin() as other:
        there = other.serve("/there", Reply(BODY))
        origin.serve("/b", Reply(status=302, headers={"Location": there}))
        url = origin.serve("/a", Reply(status=302, headers={"Location": origin.url + "/b"}))
        download([url.replace("//", "//me:secret@")], file, CHECKS, network=network)
        sent = "Basic " + base64.b64encode(b"me:secret").decode()
        assert [request.headers["Authorization"] for request in origin.requests] == [sent, sent]
        assert [request.headers["Authorization"] for request in other.requests] == [None]


def test_credentials_of_netrc_go_to_their_machine_only(
    origin: Origin, network: Network, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = file.with_name("netrc")
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Origin() as other:
        other.serve("/there", Reply(BODY))
        location = f"http://localhost:{other.port}/there"
        url = origin.serve("/a", Reply(status=302, headers={"Location": location}))
        download([url], file, CHECKS, network=network)
        assert origin.requests[0].headers["Authorization"].startswith("Basic ")
        assert other.requests[0].headers["Authorization"] is None


def test_credentials_do_not_show_in_errors(origin: Origin, network: Network, file: Path) -> None:
    with pytest.raises(UnreachableError) as caught:
        download([origin.url.replace("//", "//me:secret@") + "/none"], file, CHECKS, network=network)
    assert "secret" not in caught.value.message
    with pytest.raises(WrongContentError) as wrong:
        download([origin.serve("/a", Reply()).replace("//", "//me:secret@")], file, CHECKS, network=network)
    assert "secret" not in wrong.value.where


def test_https_is_spoken_with_trusted_servers_and_never_left_for_http(
    origin: Origin, network: Network, file: Path
) -> None:
    certificate = make_certificate(file.parent)
    trusting = replace(network, certificates=certificate)
    with Origin(certificate=certificate) as safe:
        url = safe.serve("/a", Reply(BODY))
        assert download([url], file, CHECKS, network=trusting) == Digest.of(BODY)
        with pytest.raises(UnreachableError, match="certificate"):
            download([url], file, CHECKS, network=network)
        downgrade = safe.serve("/b", Reply(status=301, headers={"Location": origin.serve("/a", Reply(BODY))}))
        with pytest.raises(UnreachableError, match="redirects from https to http:"):
            download([downgrade], file, CHECKS, network=trusting)
        assert not origin.requests


def test_missing_certificate_authorities_are_named(origin: Origin, network: Network, file: Path) -> None:
    with pytest.raises(CertificatesError) as caught:
        download([origin.serve("/a", Reply(BODY))], file, CHECKS, network=replace(network, certificates=file))
    assert caught.value.file == file


def test_a_file_address_is_read_from_disk(network: Network, file: Path) -> None:
    source = file.with_name("a file")
    source.write_bytes(BODY)
    assert download([source.as_uri()], file, CHECKS, network=replace(network, offline=True)) == Digest.of(BODY)
    with pytest.raises(UnreachableError) as caught:
        download([(file.parent / "none").as_uri(), "file://elsewhere/a"], file, CHECKS, network=network)
    assert [failure.status for failure in caught.value.failures] == [404, 404]


def test_offline_is_said_at_once(origin: Origin, network: Network, file: Path) -> None:
    url = origin.serve("/a", Reply(BODY))
    with pytest.raises(OfflineError) as caught:
        download([url], file, CHECKS, network=replace(network, offline=True))
    assert caught.value.urls == (url,)
    with pytest.raises(OfflineError):
        read_page(url, accept="text/html", network=replace(network, offline=True))
    assert not origin.requests
    assert nothing_is_left(file)


def test_an_address_that_is_none_is_a_failure_like_others(network: Network, file: Path, waits: list[float]) -> None:
    with pytest.raises(UnreachableError) as caught:
        download(["http://[::1", "http://host:port/a", "http:///a", "gopher://host/a"], file, CHECKS, network=network)
    assert len(caught.value.failures) == 4
    assert not waits


def test_a_page_says_where_it_was_found(origin: Origin, network: Network) -> None:
    origin.serve("/b/", Reply(b"<html>", headers={"Content-Type": "text/html; charset=utf-8"}))
    page = read_page(
        origin.serve("/b", Reply(status=301, headers={"Location": "/b/"})), accept="text/html", network=network
    )
    assert (page.url, page.media_type, page.body) == (origin.url + "/b/", "text/html; charset=utf-8", b"<html>")
    assert origin.requests[0].headers["Accept"] == "text/html"


def test_a_page_that_is_missing_or_endless_is_an_error(
    origin: Origin, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envmgr.network.address.MAX_PAGE_BYTES", 10**6)
    with pytest.raises(UnreachableError) as caught:
        read_page(origin.url + "/none", accept="text/html", network=network)
    assert caught.value.failures[0].status == 404
    with pytest.raises(UnreachableError, match="larger"):
        read_page(origin.serve("/a", Reply(BODY, endless=True)), accept="text/html", network=network)
