"""Ridge regression: the straight line that trees on the same features stand beside."""

import numpy as np

# Per row, on columns of unit variance; the strongest first, so that a tie keeps to it. They span
# nearly the mean return to nearly least squares.
PENALTIES = (100.0, 10.0, 1.0, 0.1, 0.01, 0.001)

# Rows turned into float64 at a time, so that a long table is never held twice.
_BLOCK = 16_384


class RidgeRegression:
    """
    Minimises mean((y - m - Z·w)²) + penalty·|w|², where m is the mean of y and Z the columns less
    their mean, over their deviation (Hoerl and Kennard 1970, Technometrics 12:55). Mean and
    deviation are those of the rows given here; a null is the mean, and a column that does not vary
    in them has no weight. `features` is float32 with NaN for null, one row a row of `target`.
    """

    def __init__(self, features, target):
        counts = np.maximum(1, sum(np.isfinite(block).sum(axis=0) for block in _blocks(features)))
        self._centre = sum(np.nansum(block, axis=0) for block in _blocks(features)) / counts
        squares = sum(np.nansum((block - self._centre) ** 2, axis=0) for block in _blocks(features))
        # By the extremes: the deviation of equal numbers is not exactly 0.
        varies = np.fmax.reduce(features, axis=0) > np.fmin.reduce(features, axis=0)
        self._scale = np.where(varies, np.sqrt(squares / counts), np.inf)
        self._mean = target.mean()
        self._lowest, self._highest = target.min(), target.max()
        self._gram, self._moment = self._products(features, target - self._mean)

    def predict(self, features, penalty):
        """
        The prediction of each row under `penalty`, kept within the targets that the fit has seen as a
        tree's is: a line has no bounds, and one far-off feature would fill the mean error.
        """
        weights = np.linalg.solve(
            self._gram + penalty * np.identity(len(self._moment)), self._moment
        )
        predicted = [self._mean + self._standard(block) @ weights for block in _blocks(features)]
        return np.clip(np.concatenate(predicted), self._lowest, self._highest)

    def _products(self, features, deviations):
        columns = features.shape[1]
        gram, moment = np.zeros((columns, columns)), np.zeros(columns)
        for place, block in enumerate(_blocks(features)):
            standard = self._standard(block)
            gram += standard.T @ standard
            moment += standard.T @ deviations[place * _BLOCK : (place + 1) * _BLOCK]
        return gram / len(deviations), moment / len(deviations)

    def _standard(self, block):
        return np.nan_to_num((block - self._centre) / self._scale, nan=0.0)


def best_penalty(train, validation):
    """The penalty of a fit on `train` with the lowest mean absolute error on `validation`, and that."""
    model = RidgeRegression(*train)
    features, target = validation
    scores = [float(np.abs(model.predict(features, one) - target).mean()) for one in PENALTIES]
    score = min(scores)
    return PENALTIES[scores.index(score)], score


def _blocks(features):
    for start in range(0, len(features), _BLOCK):
        yield features[start : start + _BLOCK].astype(np.float64)
