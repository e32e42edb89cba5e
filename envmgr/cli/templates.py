"""The files that `init` and `recipe new` write."""

PROJECT = """\
# What this project imports. The recipes of an import can be inputs, be run and be realised, as if they lay in recipes/.
# recipes.lock pins what comes of those that are used: `envmgr lock NAME` writes it, --lock recipes.lock holds to it.

[import]
# Those that came with the envmgr that runs.
envmgr = { kind = "installed" }
# Those of another project on this machine; of a commit, fetched once and pinned:
# team = { kind = "path", path = "../team" }
# base = { kind = "git", url = "https://...", commit = "<40 digits>", manifest = "sha256:<64 digits>" }
"""

RECIPE = """\
#:schema ../recipe.schema.json
name = "{name}"
version = "1"
summary = "{summary}"

# What nobody builds: a file or a folder of this project, or something that is fetched and pinned by its hash.
# [sources]
# program = {{ kind = "local", path = "{name}" }}

# Other recipes, by the role in which they are needed; {{role}} in the settings is where it lies.
# [inputs]
# python = "python-vision"

# `tree` lays out files; `script` runs a program in the sandbox; `envmgr schema` and docs/reference/recipes.md have all.
[build]
builder = "tree"
settings.texts = {{ "hello.txt" = "hello\\n" }}
"""

EXAMPLE = """\
#:schema ../recipe.schema.json
name = "quick-look"
version = "1"
summary = "The benchmark that came with envmgr, performance only"

# Another recipe with some of its axes fixed; `envmgr show benchmark` tells them all.
[use]
recipe = "benchmark"
set = { mode = "performance" }
"""
