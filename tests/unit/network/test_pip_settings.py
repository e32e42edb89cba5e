"""What pip is told, read as pip reads it, and said again to uv."""

import os
from pathlib import Path

import pytest

from envmgr.network.pip_settings import pip_settings, uv_environment


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A user whose home and system folders are empty."""
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "etc")}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_users_file_is_stronger_than_the_systems_and_the_environment_than_both(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    write(tmp_path / "etc/pip/pip.conf", "[global]\nindex-url = one\nfind-links = two\nextra-index-url = three\n")
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nindex_url = four\nfind-links = five\n")
    settings = pip_settings({**environ, "PIP_INDEX_URL": "six"})
    assert settings["index-url"] == "six"
    assert settings["find-links"] == "five"
    assert settings["extra-index-url"] == "three"


def test_the_section_install_is_stronger_than_global(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path / "home/.pip/pip.conf", "[install]\nindex-url = one\n[global]\nindex-url = two\n")
    assert pip_settings(environ)["index-url"] == "one"


def test_a_file_named_by_pip_config_file_takes_the_users_place(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nindex-url = one\nclient-cert = two\n")
    own = write(tmp_path / "own.conf", "[global]\nindex-url = three\n")
    settings = pip_settings({**environ, "PIP_CONFIG_FILE": str(own)})
    assert settings["index-url"] == "three"
    assert "client-cert" not in settings


def test_the_null_device_as_pip_config_file_means_no_file_at_all(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path / "etc/pip/pip.conf", "[global]\nindex-url = one\n")
    assert "index-url" not in pip_settings({**environ, "PIP_CONFIG_FILE": os.devnull})


def test_uv_is_told_what_pip_is_told(environ: dict[str, str]) -> None:
    pip = {"PIP_EXTRA_INDEX_URL": "one\n two", "PIP_FIND_LINKS": "three four", "PIP_CERT": "five"}
    told = uv_environment({**environ, **pip, "PIP_INDEX_URL": "six"})
    assert told["UV_INDEX"] == "one two"
    assert told["UV_FIND_LINKS"] == "three,four"
    assert told["SSL_CERT_FILE"] == "five"
    assert told["UV_DEFAULT_INDEX"] == "six"


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_what_is_said_in_uvs_words_is_said_to_pip_and_stays(name: str, environ: dict[str, str]) -> None:
    told = uv_environment({**environ, "PIP_CONFIG_FILE": os.devnull, name: "one", "SSL_CERT_FILE": "two"})
    assert (told["UV_DEFAULT_INDEX"], told["PIP_INDEX_URL"]) == ("one", "one")
    assert (told["SSL_CERT_FILE"], told["PIP_CERT"]) == ("two", "two")
    assert uv_environment({**environ, name: "one", "PIP_INDEX_URL": "three"})["UV_DEFAULT_INDEX"] == "one"


def test_where_nothing_is_configured_no_index_is_named(environ: dict[str, str]) -> None:
    told = uv_environment({**environ, "PIP_CONFIG_FILE": os.devnull, "UV_DEFAULT_INDEX": ""})
    assert not {"UV_DEFAULT_INDEX", "PIP_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS"} & told.keys()
