"""`envmgr realize --out-link`: a symlink where the user wants it, and what it keeps."""

from pathlib import Path

from tests.functional.conftest import Checkout


def words(checkout: Checkout, text: str = "hello") -> Checkout:
    checkout.recipe("words", f"[build]\nbuilder = 'tree'\nsettings.texts = {{ hello = '{text}' }}\n")
    return checkout


def test_the_link_leads_to_the_object_and_keeps_it_until_it_is_removed(checkout: Checkout) -> None:
    path = words(checkout)("realize", "words", "--out-link", "result").path
    link = checkout.top / "result"
    assert link.readlink() == path
    checkout("gc", "--now")
    assert (link / "hello").read_text() == "hello"
    (found,) = checkout("root", "why", str(path), "--json").data["objects"]
    assert [(kept["kind"], kept["reason"]) for kept in found["kept_by"]] == [("link", f"link {link}")]
    link.unlink()
    checkout("gc", "--now")
    assert checkout.objects() == set()
    assert checkout("root", "list").stdout == ""


def test_the_link_follows_what_is_realised_and_lets_the_old_object_go(checkout: Checkout) -> None:
    old = words(checkout)("realize", "words", "--out-link", "out/result").path
    new = words(checkout, "other")("realize", "words", "--out-link", "out/result").path
    assert (checkout.top / "out" / "result").readlink() == new != old
    checkout("gc", "--now")
    assert checkout.objects() == {new.name}
    assert [entry.name for entry in (checkout.top / "out").iterdir()] == ["result"]


def test_a_link_that_leads_elsewhere_keeps_nothing(checkout: Checkout) -> None:
    words(checkout)("realize", "words", "--out-link", "result")
    (checkout.top / "result").unlink()
    (checkout.top / "result").symlink_to("recipes")
    checkout("gc", "--now")
    assert checkout.objects() == set()


def test_each_further_object_gets_a_link_of_its_own(checkout: Checkout) -> None:
    checkout.recipe("other", "[build]\nbuilder = 'tree'\nsettings.texts = { other = 'other' }\n")
    printed = words(checkout)("realize", "words", "other", "--out-link", "result").stdout.splitlines()
    assert [str((checkout.top / name).readlink()) for name in ("result", "result-2")] == printed


def test_a_link_that_was_removed_is_made_again(checkout: Checkout) -> None:
    words(checkout)("realize", "words", "--out-link", "result")
    (checkout.top / "result").unlink()
    assert checkout("realize", "words", "--out-link", "result").path == (checkout.top / "result").readlink()


def test_nothing_but_a_link_to_an_object_is_replaced(checkout: Checkout) -> None:
    checkout.write("taken", "precious")
    (checkout.top / "elsewhere").symlink_to("taken")
    for name in ("taken", "elsewhere"):
        error = words(checkout).fails(2, "realize", "words", "--out-link", name)
        assert (error["class"], Path(error["where"]).name) == ("LinkTakenError", name)
    assert (checkout.top / "taken").read_text() == "precious"
    assert checkout.objects() == set()
