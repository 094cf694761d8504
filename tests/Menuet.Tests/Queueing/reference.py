"""Prints the rows of QueueReference.cs. Needs python-mpmath; takes about 15 s.

Tail and density are the sum over the subsets of stages that wait of hypoexponential laws by partial fractions, with 900 digits: poles that
coincide are moved apart by 1e-100 relative, so that the cancellation of 500 digits leaves 400. Erlang's formulas are sums of 120 digits.
"""
import random

import mpmath as mp

mp.mp.dps = 120


def erlang(servers, load):
    inverse, load = mp.mpf(1), mp.mpf(load)
    for k in range(1, servers + 1):
        inverse = 1 + k * inverse / load
    blocking = 1 / inverse
    waiting = servers * blocking / (servers - load * (1 - blocking)) if load < servers else mp.mpf(1)
    return blocking, waiting


def law(stages, rate, time):
    rate, time = mp.mpf(rate), mp.mpf(time)
    loaded = [(erlang(c, rate / mu)[1] if rate else mp.mpf(0), mp.mpf(mu), c * mp.mpf(mu) - rate) for c, mu in stages]
    tail = density = mp.mpf(0)
    with mp.workdps(900):
        for subset in range(2 ** len(loaded)):
            weight, poles = mp.mpf(1), []
            for s, (waiting, mu, spare) in enumerate(loaded):
                poles.append(mu)
                weight *= waiting if subset >> s & 1 else 1 - waiting
                poles += [spare] if subset >> s & 1 else []
            if weight == 0:
                continue
            poles = [x * (1 + (j + 1) * mp.mpf(10) ** -100) for j, x in enumerate(poles)]
            for i, x in enumerate(poles):
                part = weight * mp.exp(-x * time)
                for j, y in enumerate(poles):
                    if j != i:
                        part *= y / (y - x)
                tail += part
                density += x * part
    return tail, density


def text(value):
    return mp.nstr(value, 20, min_fixed=0, max_fixed=0)


def tails():
    random.seed(1)
    operator = [(48, 200.0), (24, 115.0), (194, 200.0)]
    cases = [
        ("default operator; light to heavy", operator, 900.0, [0.001, 0.005, 0.02, 0.1]),
        ("default operator; near saturation", operator, 2759.0, [0.05, 1.0, 20.0]),
        ("all poles coincide", [(2, 100.0)] * 3, 100.0, [0.001, 0.02, 0.1, 1.0, 5.0]),
        ("single servers; equal", [(1, 10.0)] * 3, 4.0, [0.01, 0.3, 2.0, 50.0]),
        ("single servers", [(1, 10.0), (1, 9.0), (1, 12.0)], 8.5, [0.1, 3.0, 60.0]),
    ]
    for d in (1e-3, 1e-5, 1e-7, 1e-9, 1e-12):
        cases.append(("near coincident %g" % d, [(2, 100.0), (2, 100.0 * (1 + d)), (2, 100.0 * (1 - d))], 100.0 * (1 + d / 3), [0.01, 0.1, 1.0]))
    cases += [
        ("five of six close", [(3, 50.0), (3, 50.0000001), (3, 49.9999)], 100.0, [0.02, 0.5, 8.0]),
        ("many servers", [(100000, 1.0), (50000, 2.0), (100000, 1.0)], 99700.0, [0.5, 3.0, 40.0]),
        ("many and few servers", [(1, 1000.0), (100000, 0.01), (10, 100.0)], 900.0, [10.0, 300.0, 4000.0]),
        ("stiff", [(1, 1e6), (5, 1.0), (7, 1e3)], 4.99, [1e-6, 0.01, 1.0, 100.0]),
        ("ten per cent apart", [(2, 100.0), (2, 110.0), (2, 121.0)], 66.9, [0.001, 0.03, 0.2, 3.0]),
        ("no load", [(4, 3.0), (2, 3.0), (1, 3.0)], 0.0, [0.1, 2.0, 30.0]),
        ("one stage; confluent", [(2, 100.0)], 100.0, [0.01, 0.5]),
        ("two stages; r = mu across", [(3, 20.0), (5, 10.0)], 40.0, [0.05, 0.5, 6.0]),
        ("heavy; deep", [(10, 10.0), (10, 10.0), (20, 5.0)], 99.9, [1.0, 50.0, 6000.0]),
    ]
    for _ in range(8):
        stages = [(random.choice([1, 2, 3, 8, 40, 200]), round(10 ** random.uniform(0, 3), 2)) for _ in range(3)]
        rate = round(min(c * mu for c, mu in stages) * random.uniform(0.1, 0.999), 3)
        cases.append(("random", stages, rate, [sum(1 / mu for _, mu in stages) * random.choice([0.05, 0.5, 2, 10, 40])]))
    for name, stages, rate, times in cases:
        for time in times:
            shown = "/".join("%dx%r" % stage for stage in stages)
            print(",".join([name, shown, repr(rate), repr(time)] + [text(v) for v in law(stages, rate, time)]))


def erlangs():
    for servers, load in [
        (1, 0.5), (1, 1e-12), (2, 1.0), (10, 0.001), (10, 9.9999), (10, 5.0), (10, 1e6), (48, 4.5), (48, 47.999), (194, 30.0), (200, 199.0),
        (256, 100.0), (256, 255.5), (257, 256.5), (257, 100.0), (1000, 900.0), (1000, 999.999), (1000, 2000.0), (10000, 9000.0),
        (10000, 9999.0), (100000, 90000.0), (100000, 88500.0), (100000, 99000.0), (100000, 99999.9), (100000, 100000.0),
        (100000, 150000.0), (100000, 1e9), (300, 30.0), (5000, 4000.0),
    ]:
        with mp.workdps(60):
            print(",".join([str(servers), repr(load)] + [text(v) for v in erlang(servers, load)]))


tails()
erlangs()
