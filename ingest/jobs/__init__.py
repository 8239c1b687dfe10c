"""What becomes of a job: claimed, told about, its finished rungs kept, tried again, given up, quarantined."""
