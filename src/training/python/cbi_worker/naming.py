"""Feature names as the model files take them."""

import re


def model_names(features):
    """
    The names of `features` with every character that one of the libraries refuses replaced by an
    underscore: LightGBM takes no white space and no JSON punctuation, XGBoost no `[`, `]`, `<`.
    Names that become equal get their place, so that the result is unique and always the same.
    """
    plain = [re.sub(r"[^\w.%+-]", "_", name, flags=re.ASCII) for name in features]
    doubled = {name for name in plain if plain.count(name) > 1}
    return [f"{name}_{place}" if name in doubled else name for place, name in enumerate(plain)]
