"""What may leave: the gate's controls, pure and total."""
