"""Links of the chain that you may start your own from, and the statements of the demo."""
