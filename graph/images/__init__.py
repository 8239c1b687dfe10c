"""Images: pictures that an account uploads, and what they are the artwork of."""
