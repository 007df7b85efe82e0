"""A picture for a sample event, drawn here: nobody else holds rights in it."""

import io

from PIL import Image, ImageDraw

SIZE = (1200, 675)
ALT = "Dessin : trois guichets aux volets levés sous un soleil jaune, une file devant chacun."
SKY, SUN, GROUND = "#dfe8f7", "#f6c644", "#6a7fa8"
COUNTERS = ("#1b4f9c", "#b34000", "#1f6f50")
PEOPLE = "#2b2f3a"


def drawn() -> bytes:
    """The picture as PNG."""
    image = Image.new("RGB", SIZE, SKY)
    pen = ImageDraw.Draw(image)
    pen.ellipse((900, 60, 1060, 220), fill=SUN)
    pen.rectangle((0, 520, *SIZE), fill=GROUND)
    for number, colour in enumerate(COUNTERS):
        left = 90 + number * 370
        pen.rectangle((left, 200, left + 280, 520), fill=colour)
        pen.rectangle((left + 40, 260, left + 240, 400), fill="white")
        pen.polygon([(left - 20, 200), (left + 300, 200), (left + 140, 120)], fill=colour)
        for place in range(number + 1):
            x = left + 60 + place * 70
            pen.ellipse((x, 470, x + 40, 510), fill=PEOPLE)
            pen.rounded_rectangle((x - 8, 512, x + 48, 620), radius=20, fill=PEOPLE)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
