"""Trainings by LightGBM."""

import hashlib

import lightgbm
import numpy as np

from .errors import data_error, fatal_error
from .naming import model_names

# What makes a training repeatable (LightGBM docs, Parameters: `deterministic`), and quiet.
_FIXED = {"deterministic": True, "force_row_wise": True, "verbosity": -1, "metric": "l1"}


class LightGbmEngine:
    """One spec, seed and number of threads."""

    def __init__(self, spec, seed, threads):
        self._names = model_names(spec["features"])
        self._parameters = {**spec["parameters"], **_FIXED, "seed": seed, "num_threads": threads}
        self._is_dart = spec["algorithm"] == "lightgbm_dart"
        _check_names(spec["parameters"])
        if self._is_dart and not spec["parameters"].get("drop_rate", 0) > 0:
            raise fatal_error("expected drop_rate above 0 for lightgbm_dart; without it nothing drops")

    def search(self, train, validation, rounds_max, best, progress):
        """Trains on `train` until `best` says stop, scoring the mean absolute error after each round."""
        data = self._dataset(*train)
        scored = self._dataset(*validation, reference=data)

        def after_round(environment):
            done = environment.iteration + 1
            progress(done)
            if best.see(done, environment.evaluation_result_list[0][2]):
                # The one way to stop that is honoured with dart too; `best_iteration` is not used.
                raise lightgbm.callback.EarlyStopException(environment.iteration, [])

        self._train(data, rounds_max, after_round, valid_sets=[scored])

    def fit(self, train, rounds, progress):
        """A model of exactly `rounds` rounds."""
        model = self._train(
            self._dataset(*train), rounds, lambda environment: progress(environment.iteration + 1)
        )
        return LightGbmModel(model, self._parameters["num_threads"])

    def _train(self, data, rounds, after_round, **more):
        return lightgbm.train(
            self._parameters, data, rounds, callbacks=[after_round], keep_training_booster=True, **more
        )

    def _dataset(self, features, target, reference=None):
        return lightgbm.Dataset(
            features,
            target,
            reference=reference,
            feature_name=self._names,
            params=self._parameters,
            free_raw_data=True,
        )


class LightGbmModel:
    """A fitted or loaded model."""

    def __init__(self, booster, threads):
        self._booster = booster
        self._threads = threads

    @staticmethod
    def load(content, threads):
        """The model of a file's bytes."""
        try:
            booster = lightgbm.Booster(model_str=content.decode())
        except (lightgbm.basic.LightGBMError, UnicodeDecodeError) as error:
            raise data_error(f"LightGBM cannot read the model: {error}") from error
        return LightGbmModel(booster, threads)

    def predict(self, features):
        """The prediction of each row."""
        return np.asarray(self._booster.predict(features, num_threads=self._threads))

    def names(self):
        """Feature names in the model's order."""
        return self._booster.feature_name()

    def content(self, is_dart):
        """The bytes of the model file and the hash of what must be equal for equal inputs."""
        text = self._booster.model_to_string()
        trees, mark, parameters = text.partition("\nparameters:")
        if not mark:
            raise fatal_error("LightGBM wrote a model without a section of parameters")
        if is_dart != ("[boosting: dart]" in parameters):
            raise fatal_error("LightGBM trained with another boosting than was asked for")
        # Behind the mark stand the parameters, the number of threads among them.
        return text.encode(), hashlib.sha256(trees.encode()).hexdigest()

    def importance(self):
        """Total gain by place of the feature."""
        return self._booster.feature_importance("gain").tolist()


def _check_names(parameters):
    # LightGBM only warns of a name that it does not know, and then trains with its default.
    known = lightgbm.basic._ConfigAliases._get_all_param_aliases()
    unknown = sorted(set(parameters) - set(known) - {a for names in known.values() for a in names})
    if unknown:
        raise fatal_error(f"LightGBM knows no parameter {', '.join(unknown)}")
