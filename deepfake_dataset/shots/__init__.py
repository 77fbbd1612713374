"""Where a scene begins: cuts, dissolves and changes of light; which frames are sampled."""
