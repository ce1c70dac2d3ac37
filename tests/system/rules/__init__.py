"""Rules of ours, each with a way to get it wrong: a list for every part of the product.

A text stands in its file exactly once. What is left out changes no outcome: a bound that is
only looser, a test that saves work.
"""
