"""Child processes and their keeping: started through a guard, watched, started again, and never left behind.

Knows nothing of what the processes are; `appliance.services` says that.
"""
