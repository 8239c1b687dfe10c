"""The sub-commands of `segue`, one module for each noun; `appliance.cli` lists them."""
