"""The simulated world: a venue, feed servers, makers and rivals, in a process of its own."""
