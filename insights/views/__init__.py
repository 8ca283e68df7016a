"""What the insights show over HTTP."""
