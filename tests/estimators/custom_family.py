"""Naive Bayes: the example of docs/models.md."""

from sklearn.impute import SimpleImputer
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

name = "bayes"
defaults = {"smoothing": 1e-9}


def space():
    from hyperopt import hp  # here, because it is not installed where models are served

    return {"smoothing": hp.loguniform("smoothing", -25, 0)}


def estimator(settings, task_type, categories, seed):
    if task_type == "regression":
        raise ValueError("naive Bayes tells classes apart; it predicts no numbers")
    return make_pipeline(
        SimpleImputer(keep_empty_features=True), GaussianNB(var_smoothing=settings["smoothing"])
    )
