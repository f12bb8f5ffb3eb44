"""A class: whose submissions are marked, where the marks go, and what is made of them."""
