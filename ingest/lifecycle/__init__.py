"""What is removed, and when: old media after their last listener, deleted tracks, and what nobody refers to."""
