"""The headers of pictures, one module a format: plain bytes in, what they claim or an error out."""
