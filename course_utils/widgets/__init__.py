"""Explorers: sliders around the pure figure functions of `plotting`. One module a lecture."""
