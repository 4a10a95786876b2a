"""The four requests: a fold, a final fit, a fold of the ridge baseline, a prediction."""

import time

import numpy as np

from . import model_file, table
from .errors import data_error, fatal_error
from .main import versions
from .naming import model_names
from .ridge import RidgeRegression, best_penalty
from .search import BestRound

# More rows take more rounds; how many more is a guess that grows unsafe with its size.
_GROWTH_MAX = 1.2


def fold(task, progress):
    """
    Finds the best number of rounds on `validation` by a model on `inner`, refits with it (more by the
    growth of rows) on `train`, predicts the labelled rows of `test`.
    """
    clock = _Stopwatch()
    data = table.load(task["dataset"])
    target = data.numbers(task["dataset"]["target"])
    inner = _labelled(data, task, "inner", target)
    validation = _labelled(data, task, "validation", target)
    train = _labelled(data, task, "train", target)
    test = _labelled(data, task, "test", target)
    engine = _engine(task)
    features = data.features(task["spec"]["features"])

    best = BestRound(task["patience"])
    seen = 0

    def searching(done):
        nonlocal seen
        seen = done
        progress(task["id"], done, 2 * task["roundsMax"])

    engine.search(
        (features[inner], target[inner]),
        (features[validation], target[validation]),
        task["roundsMax"],
        best,
        searching,
    )
    if best.rounds == 0:
        raise data_error(f"{task['id']}: no round had a finite score on the validation rows")
    rounds = max(1, round(best.rounds * min(_GROWTH_MAX, max(1.0, len(train) / len(inner)))))
    model = engine.fit(
        (features[train], target[train]),
        rounds,
        lambda done: progress(task["id"], seen + done, seen + rounds),
    )
    predicted = _finite(model.predict(features[test]), task)
    return {
        "kind": "fold",
        "id": task["id"],
        "fold": task["fold"],
        "bestRounds": best.rounds,
        "bestScore": float(best.score),
        "rounds": rounds,
        "trainRows": len(train),
        "rows": _out_of_fold(data, task, test, target, predicted),
        **clock.read(),
    }


def final(task, progress):
    """Fits `rounds` rounds on the labelled rows of `train` and publishes the model's file."""
    clock = _Stopwatch()
    data = table.load(task["dataset"])
    target = data.numbers(task["dataset"]["target"])
    train = _labelled(data, task, "train", target)
    features = data.features(task["spec"]["features"])
    model = _engine(task).fit(
        (features[train], target[train]),
        task["rounds"],
        lambda done: progress(task["id"], done, task["rounds"]),
    )
    content, model_hash = model.content(task["spec"]["algorithm"].endswith("_dart"))
    file_hash = model_file.publish(task["modelFile"], content)
    names = task["spec"]["features"]
    return {
        "kind": "final",
        "id": task["id"],
        "rounds": task["rounds"],
        "trainRows": len(train),
        "modelHash": model_hash,
        "fileHash": file_hash,
        "importance": dict(zip(names, model.importance(), strict=True)),
        "versions": versions(),
        **clock.read(),
    }


def ridge(task, _progress):
    """
    The baseline of a fold: chooses the penalty on `validation` by a fit on `inner`, refits with it on
    `train`, predicts the labelled rows of `test`.
    """
    clock = _Stopwatch()
    data = table.load(task["dataset"])
    target = data.numbers(task["dataset"]["target"])
    inner = _labelled(data, task, "inner", target)
    validation = _labelled(data, task, "validation", target)
    train = _labelled(data, task, "train", target)
    test = _labelled(data, task, "test", target)
    features = data.features(task["features"])
    penalty, score = best_penalty(
        (features[inner], target[inner]), (features[validation], target[validation])
    )
    model = RidgeRegression(features[train], target[train])
    predicted = _finite(model.predict(features[test], penalty), task)
    return {
        "kind": "ridge",
        "id": task["id"],
        "fold": task["fold"],
        "penalty": penalty,
        "bestScore": score,
        "trainRows": len(train),
        "rows": _out_of_fold(data, task, test, target, predicted),
        **clock.read(),
    }


def predict(task, _progress):
    """Predicts rows with a stored model, after the file, its features and their types are checked."""
    data = table.load(task["dataset"])
    data.check_range("predicted", task["rows"])
    data.check_manifest(task["features"])
    names = [feature["name"] for feature in task["features"]]
    content = model_file.read(task["modelFile"], task["fileHash"])
    model = _model_class(task["algorithm"]).load(content, 1)
    if model.names() != model_names(names):
        raise data_error(f"the model at {task['modelFile']} has other features than its manifest says")
    start, stop = task["rows"]["from"], task["rows"]["to"]
    predicted = _finite(model.predict(data.feature_rows(names, start, stop)), task)
    prices = data.numbers(table.PRICE)[start:stop]
    if not np.isfinite(prices).all():
        raise data_error(f"expected a price on every predicted row of {task['dataset']['file']}")
    return {
        "kind": "predict",
        "id": task["id"],
        "rows": [
            {"date": date, "price": float(price), "predicted": float(value)}
            for date, price, value in zip(data.dates(start, stop), prices, predicted, strict=True)
        ],
    }


def _labelled(data, task, name, target):
    """The row numbers of the range `name` that have a label."""
    rows = task[name]
    data.check_range(name, rows)
    places = np.arange(rows["from"], rows["to"])
    found = places[np.isfinite(target[places])]
    if len(found) == 0:
        label = task["dataset"]["target"]
        raise data_error(f"{task['id']}: no row of {name} has a label in {label}")
    return found


def _out_of_fold(data, task, places, target, predicted):
    prices = data.numbers(table.PRICE)
    if not np.isfinite(prices[places]).all():
        raise data_error(f"{task['id']}: expected a price on every row that has a label")
    start, stop = int(places[0]), int(places[-1]) + 1
    dates = data.dates(start, stop)
    return [
        {
            "date": dates[place - start],
            "fold": task["fold"],
            "price": float(prices[place]),
            "actual": float(target[place]),
            "predicted": float(value),
        }
        for place, value in zip(places.tolist(), predicted, strict=True)
    ]


def _engine(task):
    spec = task["spec"]
    if spec["algorithm"].startswith("lightgbm_"):
        from .lightgbm_engine import LightGbmEngine as Engine
    elif spec["algorithm"].startswith("xgboost_"):
        from .xgboost_engine import XgboostEngine as Engine
    else:
        raise fatal_error(f"there is no algorithm {spec['algorithm']}")
    return Engine(spec, task["seed"], task["threads"])


def _model_class(algorithm):
    if algorithm.startswith("lightgbm_"):
        from .lightgbm_engine import LightGbmModel

        return LightGbmModel
    if algorithm.startswith("xgboost_"):
        from .xgboost_engine import XgboostModel

        return XgboostModel
    raise fatal_error(f"there is no algorithm {algorithm}")


def _finite(values, task):
    if not np.isfinite(values).all():
        raise data_error(f"{task['id']}: the model predicts a value that is no finite number")
    return values


class _Stopwatch:
    """
    Measures a task. Its CPU seconds are all that this process has spent since its last task, so that
    starting up and importing count for the first, and nothing is counted nowhere.
    """

    _counted = 0.0

    def __init__(self):
        self._wall = time.perf_counter()

    def read(self):
        """Seconds of all threads, and of the wall."""
        spent = time.process_time()
        cpu, _Stopwatch._counted = spent - _Stopwatch._counted, spent
        return {
            "cpuSeconds": round(cpu, 4),
            "wallSeconds": round(time.perf_counter() - self._wall, 4),
        }
