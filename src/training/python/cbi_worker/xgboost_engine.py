"""Trainings by XGBoost."""

import hashlib
import json
import warnings

import numpy as np
import xgboost

from .errors import data_error, fatal_error
from .naming import model_names

_FIXED = {"verbosity": 1, "validate_parameters": True, "eval_metric": "mae"}


class XgboostEngine:
    """
    One spec, seed and number of threads.

    XGBoost 3.2 draws from one generator of the process. A fresh booster seeds it when it is first
    configured (src/learner.cc, LearnerConfiguration::Configure), so trainings one after another are
    those of fresh processes as long as none is begun within another and none continues a model.
    """

    def __init__(self, spec, seed, threads):
        self._names = model_names(spec["features"])
        self._threads = threads
        self._parameters = {**spec["parameters"], **_FIXED, "seed": seed, "nthread": threads}
        if spec["algorithm"] == "xgboost_dart" and not spec["parameters"].get("rate_drop", 0) > 0:
            raise fatal_error("expected rate_drop above 0 for xgboost_dart; without it nothing drops")

    def search(self, train, validation, rounds_max, best, progress):
        """Trains on `train` until `best` says stop, scoring the mean absolute error after each round."""

        class AfterRound(xgboost.callback.TrainingCallback):
            def after_iteration(self, model, epoch, evals_log):
                progress(epoch + 1)
                return best.see(epoch + 1, evals_log["validation"]["mae"][-1])

        evals = [(self._matrix(*validation), "validation")]
        self._train(self._matrix(*train), rounds_max, AfterRound(), evals=evals, verbose_eval=False)

    def fit(self, train, rounds, progress):
        """A model of exactly `rounds` rounds."""

        class AfterRound(xgboost.callback.TrainingCallback):
            def after_iteration(self, model, epoch, evals_log):
                progress(epoch + 1)
                return False

        return XgboostModel(self._train(self._matrix(*train), rounds, AfterRound()), self._threads)

    def _train(self, data, rounds, callback, **more):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = xgboost.train(self._parameters, data, rounds, callbacks=[callback], **more)
        for warning in caught:
            # XGBoost only warns of a name that it does not know, and then trains with its default.
            if "are not used" in str(warning.message):
                raise fatal_error(f"XGBoost: {warning.message}")
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        return model

    def _matrix(self, features, target):
        return xgboost.DMatrix(
            features, target, feature_names=self._names, missing=np.nan, nthread=self._threads
        )


class XgboostModel:
    """A fitted or loaded model."""

    def __init__(self, booster, threads):
        self._booster = booster
        self._threads = threads

    @staticmethod
    def load(content, threads):
        """The model of a file's bytes."""
        try:
            booster = xgboost.Booster({"nthread": threads}, model_file=bytearray(content))
        except xgboost.core.XGBoostError as error:
            first = str(error).splitlines()[0]
            raise data_error(f"XGBoost cannot read the model: {first}") from error
        return XgboostModel(booster, threads)

    def predict(self, features):
        """The prediction of each row. Drops no tree: that is only for training."""
        data = xgboost.DMatrix(
            features, feature_names=self._booster.feature_names, missing=np.nan, nthread=self._threads
        )
        return self._booster.predict(data, training=False).astype(np.float64)

    def names(self):
        """Feature names in the model's order."""
        return self._booster.feature_names

    def content(self, is_dart):
        """The bytes of the model file and the hash of what must be equal for equal inputs."""
        raw = bytes(self._booster.save_raw("ubj"))
        booster = json.loads(self._booster.save_raw("json"))["learner"]["gradient_booster"]
        if is_dart != bool(booster.get("weight_drop")):
            raise fatal_error("XGBoost trained with another booster than was asked for")
        return raw, hashlib.sha256(raw).hexdigest()

    def importance(self):
        """Total gain by place of the feature; a feature in no split has none."""
        gains = self._booster.get_score(importance_type="total_gain")
        return [float(gains.get(name, 0.0)) for name in self.names()]
