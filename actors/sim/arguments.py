"""What may stand behind the world's options, as ``argparse`` asks for it."""

import argparse
from typing import Final

MOST_PORT: Final = 65_535
SEED_DIGITS: Final = 18


def seed(text: str) -> int:
    """Return a seed: a whole number that any tool can write.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= SEED_DIGITS):
        raise argparse.ArgumentTypeError(f"not a whole number of at most 18 digits: {text}")
    return int(text)


def port(text: str) -> int:
    """Return a port.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= number <= MOST_PORT:
        raise argparse.ArgumentTypeError(f"not a port: {text}")
    return number


def positive(text: str) -> float:
    """Return a number above zero.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    number = not_negative(text)
    if number == 0:
        raise argparse.ArgumentTypeError(f"not a positive number: {text}")
    return number


def not_negative(text: str) -> float:
    """Return a number that is not below zero, and not without end.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"not a number that could be meant: {text}")
    return number


def share(text: str) -> float:
    """Return a share: a number from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    number = not_negative(text)
    if number > 1:
        raise argparse.ArgumentTypeError(f"not a share from 0 to 1: {text}")
    return number
