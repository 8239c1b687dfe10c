"""The demo library: short pieces of music made from seeds, and the accounts that own and hear them."""
