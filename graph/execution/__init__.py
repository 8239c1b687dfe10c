"""What happens around an operation, whatever carries it: limits, parsing and validation once, masked errors."""
