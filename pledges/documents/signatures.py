"""The two signature columns at the end of the paper, and the form fields that lie in the file."""

from __future__ import annotations

from reportlab.lib.colors import Color
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFString
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph

from pledges.documents.fonts import Faces
from pledges.documents.paper import PledgePaper
from pledges.documents.styles import Styles, plain_paragraph

AGENCY_FIELD = "AgencySignature"
SEAL_FIELD = "SystemSeal"
SEAL_TOOLTIP = "Niêm phong của hệ thống"

BOX_HEIGHT = 25 * mm
BOX_EDGE = Color(0.6, 0.6, 0.6)
GAP = 8 * mm

PRINT = 4
LOCKED = 128


def add_signature_field(canvas: Canvas, name: str, tooltip: str, rectangle: tuple[float, ...], flags: int) -> None:
    """Put an empty signature field on the current page and into the form.

    `/SigFlags` says "signatures exist, append only" from the first byte on: a later change from 1 to 3 would make
    an honest countersignature look suspicious.
    """
    document = canvas._doc
    field = PDFDictionary(
        {
            "Type": PDFName("Annot"),
            "Subtype": PDFName("Widget"),
            "FT": PDFName("Sig"),
            "T": PDFString(name),
            "TU": PDFString(tooltip),
            "Rect": PDFArray([round(edge, 2) for edge in rectangle]),
            "F": flags,
            "P": document.thisPageRef(),
        }
    )
    canvas._addAnnotation(field)
    if not hasattr(document.Catalog, "AcroForm"):
        document.Catalog.AcroForm = PDFDictionary({"Fields": PDFArray([]), "SigFlags": 3})
    document.Catalog.AcroForm.dict["Fields"].sequence.append(document.Reference(field))


class SignatureBlock(Flowable):
    """Left: the agency's box with its empty field. Right: place, date, title and name of the signer."""

    left_note, right_note = "(xác nhận khi tiếp nhận)", "(đã ký theo hình thức ghi ở trên)"

    def __init__(self, paper: PledgePaper, styles: Styles, faces: Faces) -> None:
        super().__init__()

        def lines(*pairs: tuple[str, ParagraphStyle]) -> list[Paragraph]:
            return [plain_paragraph(text, style, faces) for text, style in pairs if text]

        self.place = lines((paper.place_and_date, styles.place))
        self.left = lines(
            ("CƠ QUAN TIẾP NHẬN", styles.column_bold),
            (paper.agency_name, styles.column),
            (self.left_note, styles.column_italic),
        )
        self.right = lines(
            (paper.signer_title.upper() or "NGƯỜI KÝ", styles.column_bold),
            (self.right_note, styles.column_italic),
        )
        self.name = lines((paper.signer_name, styles.column_bold))

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.column = (width - GAP) / 2

        def total(lines: list[Paragraph]) -> float:
            return float(sum(line.wrap(self.column, height)[1] for line in lines))

        self.place_height = total(self.place) + (4 if self.place else 0)
        heads = max(total(self.left), total(self.right))
        self.head_height = heads + 4
        self.height = self.place_height + self.head_height + max(BOX_HEIGHT, 18 * mm + total(self.name))
        return width, self.height

    def _column(self, lines: list[Paragraph], x: float, top: float) -> None:
        for line in lines:
            top -= line.height
            line.drawOn(self.canv, x, top)

    def draw(self) -> None:
        right = self.column + GAP
        self._column(self.place, right, self.height)
        top = self.height - self.place_height
        self._column(self.left, 0, top)
        self._column(self.right, right, top)
        top -= self.head_height
        self._column(self.name, right, top - 18 * mm)
        self._add_fields(top)

    def _add_fields(self, top: float) -> None:
        canvas = self.canv
        canvas.saveState()
        canvas.setStrokeColor(BOX_EDGE)
        canvas.setLineWidth(0.5)
        canvas.setDash(2, 2)
        canvas.rect(0, top - BOX_HEIGHT, self.column, BOX_HEIGHT, stroke=1, fill=0)
        canvas.restoreState()
        left_edge, bottom_edge = canvas.absolutePosition(1, top - BOX_HEIGHT + 1)
        right_edge, top_edge = canvas.absolutePosition(self.column - 1, top - 1)
        rectangle = (left_edge, bottom_edge, right_edge, top_edge)
        add_signature_field(canvas, SEAL_FIELD, SEAL_TOOLTIP, (0, 0, 0, 0), PRINT | LOCKED)
        add_signature_field(canvas, AGENCY_FIELD, "Chữ ký số của cơ quan tiếp nhận", rectangle, PRINT)


class HandSignatureBlock(SignatureBlock):
    """To be signed with a pen: room for the signature, and nothing in the file that a seal could fill."""

    left_note, right_note = "(xác nhận khi tiếp nhận)", "(ký, ghi rõ họ tên)"

    def _add_fields(self, top: float) -> None:
        """The paper is signed, not the file."""


class RecordBlock(Flowable):
    """Who recorded a pledge that had been signed on paper, where and when; only the system's seal is in the file."""

    def __init__(self, paper: PledgePaper, styles: Styles, faces: Faces) -> None:
        super().__init__()
        texts = (
            (paper.place_and_date, styles.place),
            ("CƠ QUAN GHI NHẬN", styles.column_bold),
            (paper.agency_name, styles.column),
            ("(lập trên hệ thống; chữ ký của người cam kết ở trên bản giấy)", styles.column_italic),
        )
        self.lines = [plain_paragraph(text, style, faces) for text, style in texts if text]

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.column = width * 0.6
        self.height = sum(line.wrap(self.column, height)[1] for line in self.lines) + 4
        return width, self.height

    def draw(self) -> None:
        top = self.height
        for line in self.lines:
            top -= line.height
            line.drawOn(self.canv, self.width - self.column, top)
        add_signature_field(self.canv, SEAL_FIELD, SEAL_TOOLTIP, (0, 0, 0, 0), PRINT | LOCKED)
