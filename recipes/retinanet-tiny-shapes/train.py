"""Train retinanet-tiny-shapes from scratch: train.py --data DIR --out FILE.onnx, about twenty minutes on one thread.

Equal bytes for equal CPU kind and equal torch; across CPU kinds the last digits differ, therefore the committed
weights are an input of their own and this program is held to its mAP, not to a digest.
"""

import argparse
import math
import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from emit_onnx import emit
from evaluate import evaluate
from model import RetinaNet
from pictures import Sample, load, vary
from targets import Targets, assign, losses, stack
from torch import Tensor, nn

BATCH: Final = 16
RATE: Final = 3e-3
WARM_UP: Final = 200  # steps
_LAYOUT: Final = torch.channels_last  # of pictures and weights in memory; a tenth faster here
_REPORT: Final = 100  # steps between two progress lines
_CHECKPOINT: Final = 500  # steps between two intermediate files


def main() -> None:
    """Train, write the model, score it, and fail when it is below the gate."""
    parser = argparse.ArgumentParser(description="Train retinanet-tiny-shapes.")
    parser.add_argument("--data", type=Path, required=True, help="shapes folder with train/ and annotations/train.json")
    parser.add_argument("--validation", type=Path, help="shapes folder with validation/ (default: the one of --data)")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    parser.add_argument("--steps", type=int, default=6000, help="of 16 pictures each (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--require-map", type=float, default=0.55, help="fail below this mAP (default: %(default)s)")
    arguments = parser.parse_args()
    network = train(load(arguments.data), arguments.steps, arguments.seed, arguments.out)
    emit(network, arguments.out)
    score = evaluate(arguments.out, arguments.validation or arguments.data)
    print(f"mAP={score:.5f}", flush=True)
    if score < arguments.require_map:
        raise SystemExit(f"mAP {score:.5f} is below the required {arguments.require_map}: the weights are not good")


def train(samples: list[Sample], steps: int, seed: int, out: Path) -> RetinaNet:
    """Return the running mean of the network's weights after `steps` steps; `out` holds a usable one on the way."""
    # One thread: more are not faster on batches this small, and the sums would depend on their number.
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.use_deterministic_algorithms(True)  # noqa: FBT003 - torch's signature
    torch.manual_seed(seed)
    random = np.random.RandomState(seed)
    network, mean = RetinaNet().train(), RetinaNet().eval()
    network.to(memory_format=_LAYOUT)  # type: ignore[call-overload]  # torch forgets to declare it
    mean.load_state_dict(network.state_dict())
    optimiser = _optimiser(network)
    start = time.monotonic()
    order: list[int] = []
    for step in range(steps):
        if len(order) < BATCH:
            order = random.permutation(len(samples)).tolist()
        batch, order = order[:BATCH], order[BATCH:]
        images, targets = _batch([vary(samples[k], random) for k in batch])
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, steps)
        class_loss, box_loss = _step(network, optimiser, images, targets)
        _follow(mean, network, min(0.998, (step + 2) / (step + 11)))
        if step % _REPORT == _REPORT - 1:
            seconds = time.monotonic() - start
            print(f"step {step + 1} of {steps}, loss {class_loss:.4f} + {box_loss:.4f}, {seconds:.0f} s", flush=True)
        if step % _CHECKPOINT == _CHECKPOINT - 1:
            emit(mean, out)
    return mean


def _optimiser(network: RetinaNet) -> torch.optim.AdamW:
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 1e-2}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=RATE)


def _batch(samples: list[Sample]) -> tuple[Tensor, Targets]:
    targets = [assign(torch.from_numpy(s.boxes), torch.from_numpy(s.labels)) for s in samples]
    images = torch.from_numpy(np.stack([s.pixels for s in samples]))
    return images.to(memory_format=_LAYOUT), stack(targets)


def _rate(step: int, steps: int) -> float:
    """Warm up in a straight line, then fall along half a cosine to a fiftieth."""
    return RATE * min(1, (step + 1) / WARM_UP) * (0.02 + 0.98 * (1 + math.cos(math.pi * (step / steps))) / 2)


def _step(network: RetinaNet, optimiser: torch.optim.AdamW, images: Tensor, targets: Targets) -> tuple[float, float]:
    """Take one step and return the loss of the classes and that of the boxes."""
    logits, offsets = network(images)
    class_loss, box_loss = losses(logits, offsets, targets)
    optimiser.zero_grad()
    torch.autograd.backward(class_loss + box_loss)
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return class_loss.item(), box_loss.item()


@torch.no_grad()
def _follow(mean: RetinaNet, network: RetinaNet, keep: float) -> None:
    """Move the running mean of the weights towards the newest."""
    for old, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)


if __name__ == "__main__":
    main()
