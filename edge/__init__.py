"""What a CDN has to know: who may fetch what, until when. Pure; imports nothing of ours."""
