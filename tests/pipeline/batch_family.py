"""A family with a mistake that is made often: a row's prediction depends on those beside it."""

from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, scale

name = "batch"
defaults = {"strength": 1.0}
trusted = ("sklearn.preprocessing._data.scale",)


def space():
    from hyperopt import hp

    return {"strength": hp.loguniform("strength", -5, 5)}


def estimator(settings, task_type, categories, seed):
    return make_pipeline(
        SimpleImputer(keep_empty_features=True),
        FunctionTransformer(scale),
        LogisticRegression(C=settings["strength"]),
    )
