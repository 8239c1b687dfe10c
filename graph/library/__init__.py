"""The library: whom a listener follows."""
