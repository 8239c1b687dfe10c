"""The embedded services: for each of them its command line, its configuration and a probe of its readiness.

All three come from PyPI packages, and run as root or not. Who may want another service sets its `SEGUE_*` variable, and
the embedded one is not started.
"""
