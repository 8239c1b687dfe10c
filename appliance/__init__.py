"""The `segue` command: every process of the product, and the embedded services under them."""
