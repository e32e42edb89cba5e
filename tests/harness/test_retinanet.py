"""RetinaNet in PyTorch: where torch is installed; the end-to-end tests run it from its recipe."""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from loadgen_harness.retinanet import Form, RetinaNet, anchors, fold, read_checkpoint

pytestmark = pytest.mark.harness

RECIPE = Path(__file__).parents[2] / "recipes/retinanet-tiny-shapes"


def test_mlperfs_form_has_its_anchors_at_whole_pixels() -> None:
    levels = anchors(Form(), 800, [100, 50, 25, 13, 7])
    assert sum(map(len, levels)) == 120_087
    assert levels[0][:3].tolist() == [[-23, -11, 23, 11], [-28, -14, 28, 14], [-35, -18, 35, 18]]
    assert levels[4][9].tolist()[0] - levels[4][0].tolist()[0] == 114  # 800 // 7 pixels a cell


def test_a_folded_convolution_does_what_it_did_with_its_norm_behind_it() -> None:
    torch.manual_seed(1)
    norm = torch.nn.BatchNorm2d(4)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    norm.weight.data.normal_()
    state = {"a.conv1.weight": torch.rand(4, 2, 3, 3)} | {
        f"a.bn1.{k}": v.detach() for k, v in norm.state_dict().items()
    }
    folded = fold(state)
    assert sorted(folded) == ["a.conv1.bias", "a.conv1.weight"]
    image = torch.rand(1, 2, 5, 5)
    expected = norm.eval()(torch.nn.functional.conv2d(image, state["a.conv1.weight"]))
    done = torch.nn.functional.conv2d(image, folded["a.conv1.weight"], folded["a.conv1.bias"])
    assert torch.allclose(done, expected, atol=1e-5)


def test_a_checkpoint_of_a_training_is_read_with_its_arguments_beside(tmp_path: Path) -> None:
    state = {"backbone.fpn.inner_blocks.0.weight": torch.rand(1), "backbone.fpn.inner_blocks.0.bias": torch.rand(1)}
    torch.save({"model": state, "args": argparse.Namespace(lr=0.1), "epoch": 10}, tmp_path / "c.pth")
    weights, form = read_checkpoint(tmp_path / "c.pth")
    assert (weights.keys(), form) == (state.keys(), Form())


def test_random_weights_give_what_the_graph_gives_that_they_were_exported_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.syspath_prepend(str(RECIPE))
    checkpoint, emit_onnx, model = map(importlib.import_module, ("checkpoint", "emit_onnx", "model"))
    network = noisy(model)
    emit_onnx.emit(network, tmp_path / "model.onnx")
    checkpoint.main(tmp_path / "model.onnx", tmp_path / "checkpoint.pth")
    ours = RetinaNet(*read_checkpoint(tmp_path / "checkpoint.pth"))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    image = torch.rand(1, 3, 160, 160)
    boxes, scores, labels = ours(image)
    graphs = session.run(["boxes", "scores", "labels"], {"images": image.numpy()})
    assert len(scores) > 10
    assert labels.tolist() == graphs[2].tolist()
    assert torch.allclose(scores, torch.from_numpy(graphs[1]), atol=1e-5)
    assert torch.allclose(boxes, torch.from_numpy(graphs[0]), atol=1e-2)
    for name in ("checkpoint", "emit_onnx", "model", "graph"):
        sys.modules.pop(name, None)


def noisy(model: Any) -> Any:  # noqa: ANN401  a module of the recipe
    """A network that finds something: with random weights, and scores that are no longer near to nothing."""
    torch.manual_seed(2)
    network = model.RetinaNet().eval()
    torch.nn.init.normal_(network.classes.out.weight, std=0.1)
    torch.nn.init.normal_(network.classes.out.bias, mean=-1.0)
    return network
