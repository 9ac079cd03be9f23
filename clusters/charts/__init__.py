"""Charts about places, and the house style of every chart."""
