"""Actors on trio: how one runs, fails and is started again. Knows no sport and no money."""
