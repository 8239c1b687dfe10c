"""What those who build on the API are given of its schema: what stays, what changed, and a page to look things up."""
