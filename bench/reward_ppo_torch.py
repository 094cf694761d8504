#!/usr/bin/env python3
"""The whole training of experiments/wen2025/reward-ppo.json in PyTorch and numpy, for ratios: same game, networks, losses and hyper-parameters.

    python3 bench/reward_ppo_torch.py [updates] [seed]

Prints one line of JSON: processor and wall seconds of training, environment steps, and the share of the reachable optimum on 10,000 draws at tolerance 1e-3,
which must be that of 'menuet train' with the same budget within the deviation over seeds. Written as a good PyTorch programmer would: the environment is
vectorised numpy over 1024 rows, Adam is the foreach version, no data is copied without need. One thread. Needs torch and numpy.
"""
import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
with open("/proc/cpuinfo") as f:
    if "avx512bw" in f.read():   # OpenBLAS releases that do not know a processor fall back to kernels eight times slower
        os.environ.setdefault("OPENBLAS_CORETYPE", "SKYLAKEX")
        os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512")

import numpy as np
import torch
from torch import nn

torch.set_num_threads(1)
ROWS, HORIZON, EPOCHS, MINIBATCH, LARGEST, TOLERANCE = 1024, 2, 4, 512, 6.0, 1e-3


def median_mass():
    """The beta distribution's mass below 1/2 over shapes in [1, 2] x [1, 2]: a table of polynomials, as Menuet's own."""
    nodes = 1.5 + 0.5 * np.cos(np.pi * (np.arange(12) + 0.5) / 12)
    x = (np.arange(20000) + 0.5) / 20000
    a, b = np.meshgrid(nodes, nodes, indexing="ij")
    density = x ** (a[..., None] - 1) * (1 - x) ** (b[..., None] - 1)
    values = density[..., :10000].sum(-1) / density.sum(-1)
    basis = np.polynomial.chebyshev.chebvander2d((2 * a - 3).ravel(), (2 * b - 3).ravel(), [7, 7])
    return np.linalg.lstsq(basis, values.ravel(), rcond=None)[0].reshape(8, 8)


MASS = median_mass()


class Market:
    """Rows of reward contracts with two types (Wen et al. 2025, Eq. 12 to 14)."""

    def __init__(self, rows, rng):
        u = rng.random((5, rows))
        cost, low, high = 1 + 2 * u[0], 5 + 5 * u[1], 10 + 5 * u[2]
        first = np.polynomial.chebyshev.chebval2d(2 * u[3] - 1, 2 * u[4] - 1, MASS)
        self.probability = np.stack([first, 1 - first])
        reputation = np.stack([low, low + (high - low) / 2])
        self.quality = np.stack([rng.integers(1, 10, rows), rng.integers(2, 11, rows)]).astype(float)
        self.unit = cost / reputation
        self.solvable = self.quality[1] >= self.quality[0]
        self.worth = 20 * (self.probability * np.log1p(self.quality)).sum(0)
        scale = lambda x, a, b: (2 * x - a - b) / (b - a)
        ratio = [scale(self.unit[k] * self.quality[j], (j + 1) / (10, 12.5)[k], 3 * (j + 9) / (5, 7.5)[k])
                 for k in (0, 1) for j in (0, 1)]
        columns = [scale(self.quality[0], 1, 9), scale(self.quality[1], 2, 10), np.zeros(rows), scale(cost, 1, 3), np.zeros(rows),
                   scale(first, 0, 1), scale(1 - first, 0, 1), scale(reputation[0], 5, 10), scale(reputation[1], 7.5, 12.5), *ratio]
        self.observation = np.stack(columns, 1).astype(np.float32)

    def earned(self, action, shaped):
        reward = (np.clip(action.T.astype(float), -1, 1) + 1) * (LARGEST / 2)
        own = reward - self.unit * self.quality
        other = reward[::-1] - self.unit * self.quality[::-1]
        missing = np.maximum(np.concatenate([-own, other - own]), 0)
        value = self.worth - (self.probability * reward).sum(0)
        holds = missing.max(0) <= TOLERANCE * LARGEST
        return np.where(self.solvable, np.where(holds, value, -10 * missing.sum(0) if shaped else 0), 0)

    def optimum(self):
        first = self.unit[0] * self.quality[0]
        second = first + self.unit[1] * (self.quality[1] - self.quality[0])
        return np.where(self.solvable, self.worth - self.probability[0] * first - self.probability[1] * second, 0)


def mlp(inputs, outputs, gain):
    layers = [nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs)]
    for layer in layers[::2]:
        nn.init.orthogonal_(layer.weight, gain if layer is layers[-1] else 2 ** 0.5)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def train(updates, seed):
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    actor, critic = mlp(13, 2, 0.01), mlp(13, 1, 1.0)
    log = nn.Parameter(torch.full((2,), -2.0))
    parameters = [*actor.parameters(), *critic.parameters(), log]
    optimiser = torch.optim.Adam(parameters, lr=1e-3, eps=1e-5, foreach=True)
    done = steps = 0
    half = 0.5 * np.log(2 * np.pi)
    while done < updates:
        with torch.no_grad():
            played = []
            for _ in range(HORIZON):
                market = Market(ROWS, rng)
                observation = torch.from_numpy(market.observation)
                mean, value = actor(observation), critic(observation)[:, 0]
                noise = torch.randn_like(mean)
                sample = mean + log.clamp(-10, 2).exp() * noise
                density = (-0.5 * noise ** 2 - log.clamp(-10, 2) - half).sum(1)
                reward = torch.from_numpy((0.05 * market.earned(sample.numpy(), True)).astype(np.float32))
                played.append((observation, sample, density, reward, reward - value))
            observation, sample, density, reward, advantage = (torch.cat(part) for part in zip(*played))
            steps += ROWS * HORIZON
        stopped = False
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(reward)).split(MINIBATCH):
                some = observation[rows]
                weight = advantage[rows]
                weight = (weight - weight.mean()) / (weight.std() + 1e-8)
                log_ratio = (-0.5 * ((sample[rows] - actor(some)) / log.clamp(-10, 2).exp()) ** 2 - log.clamp(-10, 2) - half).sum(1) - density[rows]
                ratio = log_ratio.exp()
                gain = torch.min(ratio * weight, ratio.clamp(0.8, 1.2) * weight).mean()
                loss = 0.25 * (critic(some)[:, 0] - reward[rows]).square().mean() - gain
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, 0.5)
                for group in optimiser.param_groups:
                    group["lr"] = 1e-3 * max(0, 1 - done / updates)
                optimiser.step()
                done += 1
                if (ratio - 1 - log_ratio).mean().item() > 0.02:
                    stopped = True
                    break
            if stopped:
                break
    return actor, steps, done


def main():
    updates = int(sys.argv[1]) if len(sys.argv) > 1 else 16000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    wall, processor = time.perf_counter(), time.process_time()
    actor, steps, done = train(updates, seed)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    market = Market(10000, np.random.default_rng(10 ** 6))
    with torch.no_grad():
        action = actor(torch.from_numpy(market.observation)).numpy()
    share = market.earned(action, False).mean() / market.optimum().mean()
    print(json.dumps({"library": f"torch {torch.__version__}", "updates": done, "steps": steps, "processorSeconds": round(processor, 2),
                      "wallSeconds": round(wall, 2), "shareOfReachable": round(float(share), 4)}))


if __name__ == "__main__":
    main()
