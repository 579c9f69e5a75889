import numpy as np
from PIL import Image

from scotopic.evaluation.contact_sheet import ContactSheet


def test_a_contact_sheet_has_a_row_for_each_picture_and_a_column_for_each_kind(tmp_path):
    sheet = ContactSheet(("a", "b"))
    for _ in range(3):
        sheet.add("caption", [np.full((60, 80, 3), level, np.uint8) for level in (50, 200)])
    sheet.save(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        drawn = np.asarray(image)
    for column, level in ((4, 50), (248, 200)):
        tops = [22 + row * (180 + 18 + 4) for row in range(3)]
        assert all((drawn[top : top + 180, column : column + 240] == level).all() for top in tops)
    assert drawn.shape == (22 + 3 * 202, 2 * 244 + 4, 3)
