"""Short names for long addresses."""
