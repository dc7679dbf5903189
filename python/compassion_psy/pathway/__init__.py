"""Pathways: what leads to what, by which steps, strengthened or weakened by what."""
