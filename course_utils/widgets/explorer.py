"""One way to put sliders around a pure figure function.

    Explorer(draw, {"degree": IntSlider(3, 0, 9, description="degree")})

Nothing is redrawn but the picture, and no state is kept but the sliders': the same positions show
the same bytes.
"""

from html import escape

from ipywidgets import HTML, Layout, VBox

from course_utils.plotting.canvas import bundle


class Explorer(VBox):
    """Sliders, and below them the figure that `draw` returns for their values.

    Where no kernel runs, on a web page or in a notebook just opened, the output shows the picture
    for the first positions of the sliders and a sentence that says how to move them.

    Parameters
    ----------
    draw : callable
        From the controls' values, by name, to a figure made by a `picture` function.
    controls : dict of str to ipywidgets widget
        Widgets with a `value` and a `description`, by the name of the argument they set.
    """

    def __init__(self, draw, controls):
        self._draw, self._controls = draw, controls
        self._picture = HTML(layout=Layout(width="100%"))
        for control in controls.values():
            control.style.description_width = "14em"
            control.layout.width = "min(100%, 40em)"
            control.observe(self._redraw, names="value")
        super().__init__([*controls.values(), self._picture])
        self._redraw()

    def __repr__(self):
        # ipywidgets cuts what it stores as text at 110 characters.
        names = ", ".join(control.description for control in self._controls.values())
        return f"Run this cell to move the sliders: {names}."

    def _repr_mimebundle_(self, **kwargs):
        data = super()._repr_mimebundle_(**kwargs)
        first, metadata = self._shown or ({}, {})
        return {**first, **data}, metadata

    def _redraw(self, change=None):
        values = {name: control.value for name, control in self._controls.items()}
        try:
            data, metadata = self._shown = bundle(self._draw(**values))
        except Exception as error:  # a traceback in a callback reaches nobody who moves a slider
            self._shown = None
            self._picture.value = f'<p role="alert">No picture: {escape(str(error))}</p>'
        else:
            width, alt = metadata["image/png"]["width"], escape(data["text/plain"])
            self._picture.value = (
                f'<img src="data:image/png;base64,{data["image/png"]}" alt="{alt}" '
                f'style="width: {width}px; max-width: 100%; height: auto">'
            )
