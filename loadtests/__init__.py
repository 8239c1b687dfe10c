"""Load from outside: Locust users that behave like listeners, and the benchmark harness."""
