"""The checks of src/audit/ on one Parquet file, as one writes them in pandas.

Vectorised throughout; one symbol's newest rows serve drift, stuck values and look-ahead, as in cbi.
Prints one JSON line: seconds, peak memory, and the figures that must agree with cbi's.
"""

import json
import resource
import sys
import time

import numpy as np
import pandas as pd

SAMPLE, REFERENCE, BINS = 63, 504, 10


def audit(path: str, target: str, horizon: int, as_of: str) -> dict:
    frame = pd.read_parquet(path)
    features = [c for c in frame.columns if c not in ("date", "symbol", "price", "label_reason", target)]
    found = keys(frame, target, horizon, pd.Timestamp(as_of))
    found |= columns(frame, features, target)
    found["history"] = history(frame, ["price", *features])
    found |= newest(frame, features, target, horizon)
    return found


def keys(frame: pd.DataFrame, target: str, horizon: int, as_of: pd.Timestamp) -> dict:
    date = pd.to_datetime(frame["date"])
    price, label = frame["price"], frame[target]
    by_symbol = price.groupby(frame["symbol"])
    later, before = by_symbol.shift(-horizon), by_symbol.shift(1)
    expected = np.log(later / price)
    step = np.log(price / before)
    spread = 1.4826 * (step - step.median()).abs().median()
    return {
        "rows": len(frame),
        "first": str(date.min().date()),
        "last": str(date.max().date()),
        "undated": int(date.isna().sum()),
        "future": int((date > as_of).sum()),
        "disordered": int((date.diff() < pd.Timedelta(0)).sum()),
        "duplicated": int(frame.duplicated(["date", "symbol"]).sum()),
        "unpriced": int((~np.isfinite(price)).sum()),
        "non_positive": int((price <= 0).sum()),
        "outliers": int(((step - step.median()).abs() > 10 * spread).sum()),
        "labelled": int(label.notna().sum()),
        "unlabelled": int((label.isna() & later.notna() & frame["label_reason"].isna()).sum()),
        "mislabelled": int(((label - expected).abs() > 1e-6 * (1 + expected.abs())).sum()),
    }


def columns(frame: pd.DataFrame, features: list[str], target: str) -> dict:
    numbers = frame[features]
    correlations = numbers.corrwith(frame[target]).abs()
    orders = [order(frame[name], frame[target]) for name in features]
    return {
        "spearman": float(max(abs(spearman) for spearman, _ in orders)),
        "auc": float(max(auc for _, auc in orders)),
        "constant": int((numbers.min() == numbers.max()).sum()),
        "infinite": int(np.isinf(numbers).to_numpy().sum()),
        "correlation": float(correlations.max()),
        "values": int(numbers.count().sum()),
    }


def order(feature: pd.Series, label: pd.Series) -> tuple[float, float]:
    """Spearman's correlation with the label, and the area under the curve of its sign."""
    known = feature.notna() & label.notna()
    ranks, rising = feature[known].rank(), label[known] > 0
    above = int(rising.sum())
    below = len(ranks) - above
    auc = (ranks[rising].sum() - above * (above + 1) / 2) / (above * below)
    return ranks.corr(label[known].rank()), auc


def history(frame: pd.DataFrame, hashed: list[str]) -> int:
    """Counts and hashes every column by month; the hash of a value is mixed with its date's."""
    months = pd.to_datetime(frame["date"]).dt.to_period("M")
    counts = frame[hashed].groupby(months).count()
    dates = pd.util.hash_array(pd.to_datetime(frame["date"]).to_numpy())
    order = np.argsort(months.astype("int64").to_numpy(), kind="stable")
    starts = np.flatnonzero(np.diff(months.astype("int64").to_numpy()[order], prepend=-(10**9)))
    for column in hashed:
        cells = pd.util.hash_array(frame[column].to_numpy().astype("float32"))
        np.bitwise_xor.reduceat(((cells ^ dates) * np.uint64(0x9E3779B97F4A7C15))[order], starts)
    return counts.shape[0] * counts.shape[1]


def newest(frame: pd.DataFrame, features: list[str], target: str, horizon: int) -> dict:
    symbol = frame.loc[frame["date"] == frame["date"].max(), "symbol"].min()
    rows = max(SAMPLE + REFERENCE + 1, horizon + 300)
    tail = frame[frame["symbol"] == symbol].sort_values("date").tail(rows)
    price = tail["price"]
    runs = (price != price.shift()).cumsum()
    changes = tail[features].diff()
    look_ahead = 0
    logs = np.log(price).diff()
    for ahead in range(1, horizon + 1):
        disguises = [
            price.diff().shift(-ahead),
            logs.shift(-ahead),
            logs.shift(-ahead) - logs,
            logs.shift(-ahead) - logs.shift(horizon - ahead),
        ]
        for disguise in disguises:
            look_ahead += int((changes.corrwith(disguise).abs() > 0.98).sum())
    telling = 0
    for ahead in [rows for rows in (1, 2, 3, 5, 8, 13) if rows < horizon]:
        later = price.shift(-ahead) - price
        telling += sum(abs(2 * order(tail[name], later)[1] - 1) > 0.5 for name in features)
    drifted = sum(drifts(changes[name].to_numpy()) for name in features)
    return {"stuck": int(runs.value_counts().max()), "look_ahead": look_ahead, "telling": int(telling), "drifted": drifted}


def drifts(changes: np.ndarray) -> bool:
    sample, reference = np.sort(changes[-SAMPLE:]), changes[-SAMPLE - REFERENCE : -SAMPLE]
    edges = np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1])
    p = np.bincount(np.searchsorted(edges, sample), minlength=BINS) / len(sample)
    q = np.bincount(np.searchsorted(edges, reference), minlength=BINS) / len(reference)
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    reference = np.sort(reference)
    both = np.concatenate([sample, reference])
    distance = np.abs(
        np.searchsorted(sample, both, side="right") / len(sample)
        - np.searchsorted(reference, both, side="right") / len(reference)
    ).max()
    return bool(((p - q) * np.log(p / q)).sum() > 0.5 and distance > 0.25)


if __name__ == "__main__":
    started = time.perf_counter()
    figures = audit(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu = time.process_time()
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "megabytes": peak, "figures": figures}))
