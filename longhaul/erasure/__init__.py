"""Erasure of a person's rows, from the prediction log and from what steps have stored."""
