"""From a won race to an order and out again: catalogue, market data, planner, executor, exits."""
