"""Importing music through the API's own doors: each file goes the way that a client's upload goes.

Which files there are (`files`), the artist, album and track of each (`catalogue`), the way of one file (`passage`) and
its end (`outcome`), several at once (`batch`), how it is shown (`report`), and all of it wired together (`session`).
"""
