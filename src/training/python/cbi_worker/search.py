"""Choosing the number of rounds on validation rows."""


class BestRound:
    """
    Follows the validation score of a training and says when to stop.

    Under dropout a later round changes earlier trees, so cutting a finished model down to its best
    round does not give the model that scored. A training is however the exact beginning of every
    longer one with the same seed: the number of rounds is what we keep, and refit with it.
    """

    def __init__(self, patience):
        self._patience = patience
        self.rounds = 0
        self.score = float("inf")

    def see(self, rounds, score):
        """Takes the score after `rounds` rounds (lower is better); True when to stop."""
        if score < self.score:
            self.rounds, self.score = rounds, score
        return rounds - max(self.rounds, 1) >= self._patience
