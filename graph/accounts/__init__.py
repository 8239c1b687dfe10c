"""Accounts: who somebody is, how they sign in, and how long that lasts."""
