"""What listeners have played: reports of plays, history, what they play most, and charts of what everybody plays."""
