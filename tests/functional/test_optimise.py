"""`envmgr optimise`: equal files take their bytes once."""

from pathlib import Path

from tests.functional.conftest import Checkout


def recipes(checkout: Checkout) -> None:
    """`one` and `two`, which have a file in common."""
    for name in ("one", "two"):
        texts = f"{{ same = '{'s' * 9000}', own = '{name}' }}"
        checkout.recipe(name, f"[build]\nbuilder = 'tree'\nsettings.texts = {texts}\n")


def is_shared(one: Path, two: Path) -> bool:
    return (one / "same").stat().st_ino == (two / "same").stat().st_ino


def test_equal_files_become_one_when_asked(checkout: Checkout) -> None:
    recipes(checkout)
    one, two = checkout("realize", "one").path, checkout("realize", "two").path
    assert not is_shared(one, two)
    assert checkout("optimise", "--json").data == {"files": 1, "bytes": 9000, "saved": 9000}
    assert is_shared(one, two)
    assert checkout("optimise").stdout == "0 files shared, 0.0 MB; 0.0 MB saved in all\n"
    assert checkout("verify").stdout == "2 objects, 0 damaged\n"
    sizes = checkout("size", "one", "--json").data
    assert (sizes["closure"], sizes["shared"]) == (9003, 9000)


def test_what_is_new_is_shared_where_the_configuration_says_so(checkout: Checkout, tmp_path: Path) -> None:
    recipes(checkout)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[store]\noptimise = true\n")
    config = str(tmp_path / "config")
    one, two = (checkout("realize", name, ENVMGR_CONFIG=config).path for name in ("one", "two"))
    assert is_shared(one, two)
