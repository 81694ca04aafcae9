#!/usr/bin/env python3
"""The figures of the bench's simulated row for ruptures' Pelt (l2, rbf, lines over time) and scipy's find_peaks.
In: series from dump-simulated.ts on standard input. Out: F1 within max(5 points, 2 %) and false points per 1,000 healthy.
usage: npx tsx bench/detect/dump-simulated.ts | python3 bench/detect/compare.py      (pip install -r bench/detect/requirements.txt)"""
import json, math, sys
import numpy as np
import ruptures
from scipy.signal import find_peaks


def sigma(y):
    d = np.diff(y, 2) / math.sqrt(6)
    a = np.sort(np.abs(d))[: max(1, int(0.9 * len(d)))]
    return max(math.sqrt(np.mean(a**2)) / 0.7866, 1 / math.sqrt(12))


def pelt(model, factor):
    """Pelt with penalty factor x its usual BIC-like size: sigma^2 ln n a parameter for l2 and lines, ln n for rbf."""
    def detect(t, y):
        n = len(y)
        if n < 20:
            return []
        jump = max(1, n // 200)
        if model == 'linear':
            x = (t - t[0]) / max(t[-1] - t[0], 1e-9)
            signal, penalty = np.column_stack([y, np.ones(n), x]), 3 * math.log(n) * sigma(y) ** 2
        elif model == 'l2':
            signal, penalty = y.reshape(-1, 1), 2 * math.log(n) * sigma(y) ** 2
        else:
            signal, penalty = y.reshape(-1, 1), math.log(n)
        return ruptures.Pelt(model=model, min_size=6, jump=jump).fit(signal).predict(pen=factor * penalty)[:-1]
    return detect


def peaks(t, y):
    if len(y) < 5:
        return []
    return [p + 2 for p in find_peaks(np.convolve(y, np.ones(5) / 5, 'valid'), distance=20, prominence=2.0)[0]]


def processes(s):
    cuts = [0] + [i for i in range(1, s['n']) if s['cycle'][i] <= s['cycle'][i - 1]] + [s['n']]
    return list(zip(cuts[:-1], cuts[1:]))


def score(series, detect):
    tp = fp = fn = false = healthy = 0
    for s in series:
        t, y = np.array(s['t']), np.array(s['y'], float)
        found = []
        for a, b in processes(s):
            found += [a] * (a > 0) + [a + i for i in detect(t[a:b], y[a:b])]
        truth = [b['index'] for b in s['bends']]
        free = lambda i: any(a <= i < b for a, b in s['free'])
        margin = max(5, 0.02 * s['n'])
        used, hit = set(), set()
        for d, i, k in sorted((abs(v - f), i, k) for i, v in enumerate(truth) for k, f in enumerate(found)):
            if d <= margin and i not in hit and k not in used:
                hit.add(i), used.add(k)
        tp, fn = tp + len(hit), fn + len(truth) - len(hit)
        fp += sum(k not in used and not free(f) for k, f in enumerate(found))
        if s['healthy']:
            healthy += s['n']
            false += sum(not free(f) for f in found)
    return 2 * tp / max(1, 2 * tp + fp + fn), 1000 * false / max(1, healthy)


series = [json.loads(line) for line in sys.stdin if line.startswith('{')]
print(f'{len(series)} series')
for name, detect in [('find_peaks', peaks)] + [
    (f'Pelt {m}, penalty x {f}', pelt(m, f)) for m in ('l2', 'rbf', 'linear') for f in (1, 10)
]:
    f1, false = score(series, detect)
    print(f'{name:28} F1 {f1:.3f}   false per 1,000 healthy {false:.2f}', flush=True)
