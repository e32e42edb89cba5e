"""`envmgr init`: a project of one's own, and whose recipes it imports."""

import subprocess

import pytest

from envmgr.manifest import manifest_of
from tests.functional.conftest import TOP, Checkout

LIBRARY = '[build]\nbuilder = \'tree\'\nsettings.files = { "words.txt" = "words/words.txt" }\n'
MINE = "[inputs]\nlibrary = 'library'\n[build]\nbuilder = 'tree'\nsettings.files = { copy = \"library/words.txt\" }\n"


@pytest.fixture
def team(checkout: Checkout) -> Checkout:
    """Another project, in `team/` beside, with a recipe `library` that has a local source."""
    top = checkout.top.parent / "team"
    team = Checkout(top, checkout.store, checkout.environ)
    team.recipe("library", f"sources.words = {{ kind = 'local', path = 'words' }}\n{LIBRARY}")
    team.write("recipes/words/words.txt", "theirs\n")
    return team


def imports(checkout: Checkout, line: str) -> None:
    """Let the checkout import what the line says, and have a recipe of its own that needs it."""
    checkout.write("envmgr.toml", f"[import]\nteam = {line}\n")
    checkout.recipe("mine", MINE)


def test_a_project_has_its_own_recipes_and_those_that_came_with_envmgr(checkout: Checkout) -> None:
    checkout("init", "fresh")
    fresh = Checkout(checkout.top / "fresh", checkout.store, checkout.environ)
    names = {recipe["name"] for recipe in fresh("list", "--json").data["recipes"]}
    assert {"quick-look", "benchmark", "python-vision"} <= names
    assert fresh("recipe", "check", "--json").data["faults"] == []
    assert fresh("recipe", "fmt", "--check").stdout == ""
    plan = fresh("show", "quick-look", "--json").data
    assert (plan["recipe"], plan["axes"]["mode"]) == ("benchmark", "performance")
    theirs = Checkout(TOP, checkout.store, checkout.environ)("show", "benchmark", "--json").data
    assert plan["derivation"] == theirs["derivation"]


def test_nothing_that_is_there_is_overwritten(checkout: Checkout) -> None:
    file = checkout.write("envmgr.toml", "")
    error = checkout.fails(2, "init")
    assert (error["class"], error["where"]) == ("AlreadyThereError", str(file))
    assert checkout("init", "below").stdout == f"{checkout.top / 'below'}\n"
    assert checkout.fails(2, "init", "below")["class"] == "AlreadyThereError"


def test_recipes_of_another_folder_are_inputs_with_their_own_local_sources(checkout: Checkout, team: Checkout) -> None:
    imports(checkout, "{ kind = 'path', path = '../team' }")
    assert (checkout("realize", "mine").path / "copy").read_text() == "theirs\n"
    assert checkout("realize", "library").path == team("realize", "library").path
    team.write("recipes/words/words.txt", "changed\n")
    assert (checkout("realize", "mine").path / "copy").read_text() == "changed\n"
    assert checkout("why-rebuild", "mine").exit == 0


def test_the_lockfile_pins_what_is_imported(checkout: Checkout, team: Checkout) -> None:
    imports(checkout, "{ kind = 'path', path = '../team' }")
    checkout("lock", "mine")
    checkout("realize", "mine", "--lock", "recipes.lock")
    team.write("recipes/words/words.txt", "changed\n")
    error = checkout.fails(4, "realize", "mine", "--lock", "recipes.lock")
    assert (error["class"], "library is not what the lockfile pins" in error["message"]) == ("OutOfDateError", True)


def test_a_name_belongs_to_one_recipe(checkout: Checkout, team: Checkout) -> None:
    imports(checkout, "{ kind = 'path', path = '../team' }")
    checkout.recipe("library", LIBRARY)
    error = checkout.fails(3, "realize", "mine")
    assert error["class"] == "TwoRecipesError"
    assert str(team.top / "recipes" / "library.toml") in error["where"]


def test_what_is_imported_cannot_be_exported_by_name(checkout: Checkout, team: Checkout) -> None:
    imports(checkout, "{ kind = 'path', path = '../team' }")
    assert checkout.fails(2, "export", "mine", "-o", "file")["class"] == "NotTakenError"
    assert checkout("export", checkout("realize", "mine").path.name, "-o", "file").exit == 0


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("{ kind = 'path', path = '../nobody' }", "NoRecipesError", "nobody"),
        ("{ kind = 'pfad', path = '../team' }", "ProjectFileError", "import.team"),
        ("{ kind = 'path', paht = '../team' }", "ProjectFileError", "paht"),
        ("{ kind = 'git', url = 'https://127.0.0.1:9/x', commit = 'main' }", "ProjectFileError", "import.team"),
    ],
)
def test_faults_of_the_projects_file_are_told_with_their_place(
    checkout: Checkout, line: str, kind: str, words: str
) -> None:
    imports(checkout, line)
    error = checkout.fails(3, "list")
    assert (error["class"], words in error["message"]) == (kind, True)
    assert error["where"].startswith(f"{checkout.top / 'envmgr.toml'}:2")


def test_a_commit_is_fetched_once_and_kept_and_means_the_same_tomorrow(checkout: Checkout, team: Checkout) -> None:
    commit, manifest = committed(team)
    url = f"file://{team.top}"
    imports(checkout, f"{{ kind = 'git', url = '{url}', commit = '{commit}', manifest = '{manifest}' }}")
    assert (checkout("realize", "mine").path / "copy").read_text() == "theirs\n"
    team.top.rename(team.top.parent / "gone")
    assert checkout("gc", "--now").exit == 0
    assert (checkout("realize", "mine").path / "copy").read_text() == "theirs\n"
    kinds = [root["kind"] for root in checkout("root", "list", "--json").data["roots"]]
    assert "import" in kinds


def test_a_commit_that_is_not_what_was_pinned_is_refused(checkout: Checkout, team: Checkout) -> None:
    commit, _ = committed(team)
    wrong = f"sha256:{'0' * 64}"
    imports(checkout, f"{{ kind = 'git', url = 'file://{team.top}', commit = '{commit}', manifest = '{wrong}' }}")
    assert checkout.fails(7, "list")["exit"] == 7


def committed(project: Checkout) -> tuple[str, str]:
    """Make a repository of a project; its commit, and the digest of its manifest."""
    manifest = str(manifest_of(project.top).digest)
    name = ["-c", "user.name=me", "-c", "user.email=me@localhost", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(["git", *name, *words], cwd=project.top, check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project.top, capture_output=True, text=True, check=True)
    return done.stdout.strip(), manifest
