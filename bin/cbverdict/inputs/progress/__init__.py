"""How far an input has read and what it has written, as it is kept between runs, and who may read now."""
