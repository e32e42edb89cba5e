"""The user's configuration: read strictly, written in one way."""

from pathlib import Path

import pytest

from envmgr.config import (
    Caches,
    CacheSettings,
    Config,
    ConfigError,
    OtherStores,
    StoreSettings,
    change_caches,
    read_caches,
    read_config,
)

KEY = "A" * 43 + "="


def test_what_is_not_there_is_empty(tmp_path: Path) -> None:
    assert (read_config(tmp_path / "none"), read_caches(tmp_path / "none")) == (Config(), Caches())


def test_people_say_which_stores_are_used(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[store]\noptimise = true\n[stores]\nbelow = ["/shared/store"]\n')
    wanted = Config(store=StoreSettings(optimise=True), stores=OtherStores(below=(Path("/shared/store"),)))
    assert read_config(tmp_path) == wanted


def test_a_misspelt_key_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[stores]\nbelwo = []\n")
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path)
    assert (caught.value.line, caught.value.column) == (2, 1)
    assert "'below'" in caught.value.fix


def test_what_is_written_is_read_back_and_sorted(tmp_path: Path) -> None:
    caches = Caches(
        cache={
            "b": CacheSettings(url="https://b/"),
            "a.1": CacheSettings(url='/has "quotes"', priority=1, timeout=0.5),
        },
        trusted={"ci": KEY},
        revoked={"old": KEY},
    )
    assert change_caches(tmp_path / "new", lambda _: caches) == read_caches(tmp_path / "new") == caches
    text = (tmp_path / "new" / "caches.toml").read_text()
    assert text.index('[cache."a.1"]') < text.index('[cache."b"]') < text.index("[trusted]") < text.index("[revoked]")


def test_a_change_of_a_damaged_file_leaves_it_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "caches.toml").write_text("[cache]\nteam = 1\n")
    with pytest.raises(ConfigError):
        change_caches(tmp_path, lambda caches: caches)
    assert (tmp_path / "caches.toml").read_text() == "[cache]\nteam = 1\n"
