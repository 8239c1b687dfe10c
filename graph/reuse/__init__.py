"""Answers to anonymous, persisted queries, which are given again until something that they were made of changes."""
