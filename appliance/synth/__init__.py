"""`segue synth`: a catalogue and libraries of any size, drawn from a seed, to measure and to try things on."""
