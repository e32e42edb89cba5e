"""A plan as a picture, in the languages of other programs, whatever its roles are called."""

import re
import shutil
import subprocess

import pytest

from envmgr.explain.drawing import dot, mermaid, tree
from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.node import Node

ODD = 'say "x" \\ y\n#35; <b> `m` | ] end'


def node(name: str, **inputs: Node) -> Node:
    derivations = {role: item.derivation for role, item in inputs.items()}
    made = Node(Derivation(name, "1", "any", "script", 1, BuiltOutput(), inputs=derivations), inputs=inputs)
    assert str(made.digest)  # known from the bottom up, as a planner would have it
    return made


def test_odd_roles_are_escaped_in_both_languages() -> None:
    root = node("end", **{ODD: node("a")})
    (edge,) = (line for line in dot(root) if "->" in line)
    quoted = re.fullmatch(r'  n1 -> n0 \[label="((?:[^"\\\n]|\\.)*)"\];', edge)
    assert quoted is not None
    assert quoted[1].replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\") == ODD
    (edge,) = (line for line in mermaid(root) if "-->" in line)
    quoted = re.fullmatch(r'  n1 -->\|"([^"\n<>&`]*)"\| n0', edge)
    assert quoted is not None
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), quoted[1]) == ODD


def test_graphviz_reads_it() -> None:
    if shutil.which("dot") is None:
        pytest.skip("no Graphviz here")
    root = node("end", **{ODD: node("a"), "plain": node("b")})
    drawn = subprocess.run(["dot", "-Tplain"], input="\n".join(dot(root)), capture_output=True, text=True, check=True)
    assert sum(line.startswith("edge ") for line in drawn.stdout.splitlines()) == 2


def test_a_long_chain_and_a_lattice_are_drawn_in_lines_of_their_edges() -> None:
    chain = node("n0")
    for number in range(1, 2000):
        chain = node(f"n{number}", below=chain)
    assert sum(1 for _ in tree(chain)) == 2000
    lattice = node("n0")
    for number in range(1, 40):
        lattice = node(f"n{number}", left=lattice, right=lattice)
    assert sum(1 for _ in tree(lattice)) == 79
