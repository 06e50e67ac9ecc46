"""Who moves what, and for which number: the training of a spec with objectives, as text and SVG."""
