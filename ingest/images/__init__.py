"""Images: covers and portraits, from an uploaded or embedded picture to the sizes and formats that clients load.

`headers` reads what a picture claims to be, before any library does; `drawing` makes the files, in a child process with
limits; `job` is one picture's way through the queue, `ledger` its row, `proposal` the picture inside a master.
"""
