"""One plain page that tells how things are; reads only, complete without scripts."""
