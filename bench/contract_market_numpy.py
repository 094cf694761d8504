#!/usr/bin/env python3
"""The mixed stable matching of a contract market as vectorised numpy, for ratios: printed Chernoff bound, global menus, ironing.

    python3 bench/contract_market_numpy.py MARKET.json [repetitions] [iterations]

Prints one line of JSON: the best and the median time of a solve in seconds, and the operators' utility, which must be that of 'menuet solve --solver msmc'.
Arrays are operators x types. What runs through the types one after another (ironing) is a loop of Python over blocks, as it has to be; within a block it is
vectorised over members and pieces. Needs numpy alone.
"""
import json
import statistics
import sys
import time

import numpy as np


def erlang_c(servers, load):
    """Waiting probability; servers [M, 1], load [M, N] in units of servers."""
    inverse = np.where(load > 0, 1 / np.where(load > 0, load, 1), np.inf)
    x = np.ones_like(load)
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, int(servers.max()) + 1):
            x = np.where(k <= servers, np.minimum(1 + k * inverse * x, 1e290), x)
    blocking = np.where(load > 0, 1 / x, 0)
    waiting = servers * blocking / np.where(load < servers, servers - load * (1 - blocking), 1)
    return np.where(load >= servers, 1.0, np.where(load > 0, waiting, 0.0))


class Market:
    def __init__(self, document):
        task, operators, types = document["task"], document["operators"], document["types"]
        column = lambda key: np.array([[float(o[key])] for o in operators])
        self.servers = [column("uplinkChannels"), column("gpuInstances"), column("downlinkChannels")]
        self.rates = [
            column("uplinkMegabitsPerSecondPerChannel") / task["inputMegabits"],
            column("gpuFlopPerSecondPerInstance") / task["computeFlop"],
            column("downlinkMegabitsPerSecondPerChannel") / task["outputMegabits"],
        ]
        economics, latency = document["economics"], document["latency"]
        self.worth = economics["qualitySensitivityUsd"] * column("serviceQuality")
        self.cost = column("executionCostUsdPerTask")
        self.refund, self.penalty = economics["refundUsdPerViolation"], economics["violationCostUsd"]
        self.outside = economics.get("outsideOptionUsd", 0.0)
        self.shortest, self.longest = latency["minSeconds"], latency["maxSeconds"]
        self.sensitivity = np.array([t["latencySensitivityUsdPerSecond"] for t in types])
        if "population" in document:
            users = document["population"]["total"] * np.array(document["population"]["shares"])
        else:
            users = np.array([float(t["users"]) for t in types])
        self.demand = users * task["tasksPerUserPerSecond"]
        a = {"zeta": 0.9, "demandFloor": 0.05, "damping": 0.35, "maxIterations": 50, "initialTemperatureUsd": 1e-4, "finalTemperatureUsd": 1e-5,
             "capacityFactor": 0.95, "shadowPriceStepUsd": 1e-5}
        a.update(document.get("algorithm", {}))
        self.algorithm = a
        capacity = np.min([c * mu for c, mu in zip(self.servers, self.rates)], axis=0)
        self.capacity = a["capacityFactor"] * capacity


def chernoff(market, loads):
    """ln A and eta of the printed bound, 0 where unstable."""
    stable = np.ones_like(loads, dtype=bool)
    exponent = np.full_like(loads, np.inf)
    for c, mu in zip(market.servers, market.rates):
        stable &= c * mu - loads > 0
        exponent = np.minimum(exponent, mu - loads / c)
    exponent = np.where(stable, market.algorithm["zeta"] * exponent, 0.0)
    amplitude = np.zeros_like(loads)
    for c, mu in zip(market.servers, market.rates):
        waiting = erlang_c(c, loads / mu)
        spare = np.where(stable, c * mu - loads, 1.0)
        amplitude += np.log((1 - waiting) + waiting * spare / (spare - exponent)) + np.log(mu / (mu - exponent))
    return np.where(stable, amplitude, 0.0), exponent


def probability(amplitude, exponent, latency):
    return np.exp(np.minimum(0, amplitude - exponent * latency))


def block_minimum(market, kappa, weight, amplitude, exponent):
    """Global minimiser of sum kappa L + weight min(1, e^(ln A - eta L)) over [L_min, L_max]."""
    low, high = market.shortest, market.longest
    kinks = amplitude[exponent > 0] / exponent[exponent > 0]
    edges = np.concatenate(([low], np.sort(kinks[(kinks > low) & (kinks < high)]), [high]))
    left, right = edges[:-1], edges[1:]
    middle = 0.5 * (left + right)
    active = (amplitude - exponent * middle[:, None] < 0) & (exponent > 0)
    with np.errstate(divide="ignore"):
        height = np.where(active, np.log(weight * exponent) + amplitude, -np.inf)
    slope = kappa.sum()
    inner = middle
    if slope > 0:
        level = np.log(slope)
        for _ in range(8):  # Newton on ln sum e^(height - eta L) = ln slope: convex and nearly linear
            terms = height - exponent * inner[:, None]
            top = np.maximum(terms.max(axis=1), -1e300)
            terms = np.exp(terms - top[:, None])
            total = terms.sum(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = (np.log(total) + top - level) * total / (terms * exponent).sum(axis=1)
            inner = np.clip(inner + np.where(np.isfinite(step), step, 0.0), left, right)
    candidates = np.concatenate(([low], inner, edges))
    values = slope * candidates + (weight * probability(amplitude, exponent, candidates[:, None])).sum(axis=1)
    return candidates[np.argmin(values)]


def iron(market, latencies, kappa, weight, amplitude, exponent):
    starts, values = [], []
    for n, latency in enumerate(latencies):
        starts.append(n)
        values.append(latency)
        while len(values) > 1 and values[-2] > values[-1] + 1e-15:
            starts.pop()
            values.pop()
            block = slice(starts[-1], n + 1)
            values[-1] = block_minimum(market, kappa[block], weight[block], amplitude[block], exponent[block])
    ends = starts[1:] + [len(latencies)]
    return np.repeat(values, np.array(ends) - np.array(starts))


def menus(market, demand, amplitude, exponent):
    beyond = np.cumsum(demand[:, ::-1], axis=1)[:, ::-1]
    weighted = market.sensitivity * beyond
    kappa = weighted - np.concatenate((weighted[:, 1:], np.zeros((len(demand), 1))), axis=1)
    weight = (market.penalty - market.refund) * demand
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = (np.log(weight * exponent) + amplitude - np.log(kappa)) / exponent
    inner = np.clip(np.where(np.isfinite(inner), inner, market.shortest), market.shortest, market.longest)
    inside = kappa * inner + weight * probability(amplitude, exponent, inner)
    short = kappa * market.shortest + weight * probability(amplitude, exponent, market.shortest)
    latencies = np.where((exponent > 0) & (weight > 0) & (inside < short), inner, market.shortest)
    for m in np.flatnonzero((np.diff(latencies, axis=1) < -1e-15).any(axis=1)):
        latencies[m] = iron(market, latencies[m], kappa[m], weight[m], amplitude[m], exponent[m])
    return latencies


def prices(market, latencies):
    """R - refund p, from which the price follows."""
    steps = market.sensitivity[1:] * np.diff(latencies, axis=1)
    first = market.worth - market.sensitivity[0] * latencies[:, :1]
    return np.concatenate((first, first - np.cumsum(steps, axis=1)), axis=1)


def solve(market, iterations=None):
    a = market.algorithm
    count = iterations or a["maxIterations"]
    ratio = a["finalTemperatureUsd"] / a["initialTemperatureUsd"]
    operators, types = len(market.worth), len(market.demand)
    shares = np.full((operators, types), 1.0 / (operators + 1))
    shadow = np.zeros((operators, 1))
    for k in range(1, count + 1):
        temperature = a["initialTemperatureUsd"] * ratio ** ((k - 1) / (count - 1)) if count > 1 else a["finalTemperatureUsd"]
        amplitude, exponent = chernoff(market, np.cumsum(market.demand * shares, axis=1))
        latencies = menus(market, market.demand * ((1 - a["demandFloor"]) * shares + a["demandFloor"]), amplitude, exponent)
        utility = market.worth - market.sensitivity * latencies - prices(market, latencies) - shadow * market.demand / market.capacity
        best = np.maximum(market.outside, utility.max(axis=0))
        weights = np.exp((utility - best) / temperature)
        response = weights / (np.exp((market.outside - best) / temperature) + weights.sum(axis=0))
        shares = (1 - a["damping"]) * shares + a["damping"] * response
        load = (market.demand * shares).sum(axis=1, keepdims=True)
        shadow = np.maximum(0, shadow + a["shadowPriceStepUsd"] * (load - market.capacity) / market.capacity)
    amplitude, exponent = chernoff(market, np.cumsum(market.demand * shares, axis=1))
    latencies = menus(market, market.demand * ((1 - a["demandFloor"]) * shares + a["demandFloor"]), amplitude, exponent)
    late = probability(amplitude, exponent, latencies)
    price = prices(market, latencies) + market.refund * late
    return float((market.demand * shares * (price - market.penalty * late - market.cost)).sum())


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        market = Market(json.load(file))
    repetitions = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    iterations = int(sys.argv[3]) if len(sys.argv) > 3 else None
    times, utility = [], 0.0
    for _ in range(repetitions):
        begin = time.perf_counter()
        utility = solve(market, iterations)
        times.append(time.perf_counter() - begin)
    print(json.dumps({"best": min(times), "median": statistics.median(times), "operatorUtility": utility, "numpy": np.__version__}))


if __name__ == "__main__":
    main()
