"""Which renditions a master becomes, what each is made of, and how they are made, verified and kept."""
