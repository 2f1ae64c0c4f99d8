"""Writes statistics.json: cases computed by SciPy, which the statistics are tested against.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy==2.4.6 scipy==1.17.1
    /tmp/venv/bin/python test/eval/golden/make_statistics.py
"""

import json
import pathlib

import numpy
import scipy
from scipy import special, stats

rng = numpy.random.default_rng(7)
samples = {
    "five seeds": [0.012, 0.031, -0.004, 0.022, 0.017],
    "two": [0.3, 0.5],
    "normal 12": rng.normal(0.3, 1, 12).round(4).tolist(),
    "skewed 25": (rng.exponential(1, 25) - 0.8).round(4).tolist(),
    "normal 60": rng.normal(0.1, 1, 60).round(4).tolist(),
}
tied = [0.1, -0.1, 0.2, 0.2, 0.0, -0.3, 0.2, 0.4, 0.1, 0.4, -0.1]
ranked = stats.rankdata(numpy.abs([d for d in tied if d != 0]))


def signed_rank(x, axis=-1):
    return numpy.sum(numpy.where(x > 0, ranked, 0), axis=axis)


def permuted(values, statistic):
    return stats.permutation_test(
        (numpy.array(values),),
        statistic,
        permutation_type="samples",
        vectorized=True,
        n_resamples=numpy.inf,
    ).pvalue


def t_interval(values):
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=numpy.mean(values), scale=stats.sem(values)
    )
    return [low, high]


def bootstrap(values, method):
    result = stats.bootstrap(
        (values,), numpy.mean, method=method, n_resamples=400_000, rng=numpy.random.default_rng(1)
    )
    return list(result.confidence_interval)


wilcoxon = {
    name: stats.wilcoxon(values, method="exact" if len(values) <= 50 else "approx")
    for name, values in samples.items()
}
golden = {
    "origin": f"scipy {scipy.__version__}, numpy {numpy.__version__}, make_statistics.py",
    "gammaln": [[x, special.gammaln(x)] for x in (0.1, 0.5, 1, 1.5, 2, 7.25, 50, 1000.5)],
    "betainc": [
        [x, a, b, special.betainc(a, b, x)]
        for x in (1e-6, 0.01, 0.3, 0.5, 0.9, 0.9999)
        for a, b in ((0.5, 0.5), (2, 3), (0.5, 2), (12.5, 0.5), (40, 60), (500, 0.5))
    ],
    "erfc": [[x, special.erfc(x)] for x in (0, 0.1, 0.5, 1, 1.9, 2, 2.1, 3, 5, 10, 25)],
    "t_cdf": [[t, df, stats.t.cdf(t, df)] for t in (-6, -2, -0.3, 0, 0.7, 2.5, 12) for df in (1, 2, 4, 11, 120)],
    "t_ppf": [[p, df, stats.t.ppf(p, df)] for p in (0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9995) for df in (1, 2, 4, 11, 120)],
    "norm_cdf": [[z, stats.norm.cdf(z)] for z in (-8, -3, -1.96, -0.5, 0, 0.1, 1, 2.5, 4)],
    "norm_ppf": [[p, stats.norm.ppf(p)] for p in (1e-9, 0.001, 0.025, 0.5, 0.7, 0.975, 0.99999)],
    "quantiles": [[p, float(numpy.quantile(samples["normal 12"], p))] for p in (0, 0.1, 0.25, 0.5, 0.9, 1)],
    "samples": [
        {
            "name": name,
            "values": values,
            "mean": float(numpy.mean(values)),
            "variance": float(numpy.var(values, ddof=1)),
            "sem": float(stats.sem(values)),
            "t_interval": t_interval(values),
            "percentile": bootstrap(values, "percentile") if len(values) >= 5 else None,
            "bca": bootstrap(values, "BCa") if len(values) >= 5 else None,
            "t": list(stats.ttest_1samp(values, 0))[:2],
            "sign_flip": permuted(values, numpy.mean) if len(values) <= 18 else None,
            "wilcoxon": {
                "p": wilcoxon[name].pvalue,
                "smaller": wilcoxon[name].statistic,
            },
        }
        for name, values in samples.items()
    ],
    "tied": {
        "values": tied,
        "wilcoxon_p": permuted([d for d in tied if d != 0], signed_rank),
    },
    "adjusted": [
        {
            "p": p,
            "holm": holm,
            "bh": stats.false_discovery_control(p, method="bh").tolist(),
        }
        # Holm's values by hand: (n - i) p_(i), made monotone, at most 1.
        for p, holm in (
            ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
            ([0.5, 0.9, 0.001], [1.0, 1.0, 0.003]),
            ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]),
        )
    ],
}
path = pathlib.Path(__file__).with_name("statistics.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
