"""Reads, declared once: what a type's columns, relations and connections are, and the one reader of them all."""
