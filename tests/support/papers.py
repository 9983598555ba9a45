"""Invented pledges, as plain data for the paper. Nobody in here exists."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

from pledges.documents.paper import Block, PledgePaper

SURNAMES = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
]
GIVEN = [
    "An",
    "Bình",
    "Châu",
    "Dũng",
    "Đào",
    "Giang",
    "Hạnh",
    "Hiếu",
    "Khánh",
    "Lan",
    "Mỹ",
    "Nghĩa",
    "Oanh",
    "Phúc",
    "Quỳnh",
    "Sương",
    "Thủy",
    "Tuấn",
    "Uyên",
    "Vượng",
]
COMMUNES = [
    "phường Lương Văn Tri",
    "xã Thất Khê",
    "phường Mỹ Tho",
    "xã Tân Phú Đông",
    "phường Phú Xuân",
    "xã A Lưới 2",
]
STREETS = ["Trần Đăng Ninh", "Bà Triệu", "Nguyễn Huệ", "Đinh Tiên Hoàng", "Lý Thường Kiệt", "Hùng Vương"]
GOODS = ["đặc sản", "mật ong", "mỹ phẩm", "đồ gỗ", "thực phẩm", "vải lanh", "trà", "gốm", "đồ chơi", "phụ tùng"]
COMMITMENTS = (
    "Không kinh doanh, không quảng cáo hàng giả, hàng kém chất lượng, hàng không rõ nguồn gốc, xuất xứ, hàng xâm phạm "
    "quyền sở hữu trí tuệ.",
    "Chịu trách nhiệm về chất lượng của từng mặt hàng do mình đăng bán; chỉ đăng bán hàng có chứng từ, tài liệu thể "
    "hiện nguồn gốc và đáp ứng điều kiện kinh doanh mà pháp luật quy định cho mặt hàng đó.",
    "Có cách tự kiểm soát hàng hóa trước và sau khi đăng bán: kiểm tra nguồn hàng, theo dõi phản ánh, ngừng bán và gỡ "
    "thông tin ngay khi phát hiện hàng hóa vi phạm hoặc khi có yêu cầu của cơ quan có thẩm quyền.",
    "Tôn trọng quyền sở hữu trí tuệ; không dùng trái phép nhãn hiệu, tên gọi, hình ảnh, bao bì của người khác; tiếp "
    "nhận và xử lý thông báo của chủ thể quyền.",
    "Giới thiệu, quảng cáo hàng hóa trung thực, chính xác, rõ ràng, không gây hiểu nhầm về tính năng, chất lượng, công "
    "dụng; có dấu hiệu nhận biết khi nội dung là quảng cáo.",
    "Công bố đúng, đủ thông tin về chủ sở hữu, nơi liên hệ và thực hiện thủ tục thông báo hoặc đăng ký đối với nền "
    "tảng thương mại điện tử theo quy định.",
    "Tiếp nhận, giải quyết phản ánh, khiếu nại, đổi trả của người tiêu dùng; phối hợp cung cấp thông tin theo yêu cầu "
    "hợp pháp của cơ quan có thẩm quyền.",
    "Khi mở thêm website, ứng dụng hoặc kênh bán hàng, bổ sung vào bản cam kết này.",
    "Phổ biến nội dung cam kết cho người lao động, người bán hàng của mình.",
)
BASIS = (
    "Căn cứ Luật Thương mại điện tử số 122/2025/QH15; Nghị định số 248/2026/NĐ-CP ngày 30/6/2026 của Chính phủ; Luật "
    "Quảng cáo số 16/2012/QH13 (sửa đổi, bổ sung bởi Luật số 75/2025/QH15); Luật Bảo vệ quyền lợi người tiêu dùng số "
    "19/2023/QH15; Nghị quyết số 397/NQ-CP ngày 05/12/2025 của Chính phủ; Kế hoạch của Ủy ban nhân dân tỉnh,"
)
RESPONSIBILITY = (
    "{who} đã đọc, hiểu và tự nguyện cam kết các nội dung trên; chịu trách nhiệm trước pháp luật nếu vi phạm, kể cả "
    "khi quảng cáo gian dối.",
    "Bản cam kết này không thay thế, không làm giảm nghĩa vụ theo quy định của pháp luật và không đặt ra chế tài mới; "
    "hành vi vi phạm (nếu có) do cơ quan có thẩm quyền xem xét theo pháp luật.",
    "Bản cam kết có giá trị từ ngày ký; khi thông tin thay đổi, {who} cập nhật trong 15 ngày.",
)
NOTICE = (
    "Thông báo. {agency} (bên kiểm soát dữ liệu) xử lý họ tên, chức vụ, điện thoại, thư điện tử, kênh hoặc tên miền và "
    "xác nhận điện tử của người ký để: tiếp nhận và xác minh bản cam kết; liên hệ, nhắc ký; thống kê, báo cáo. Dữ liệu "
    "được lưu 05 năm, sau đó xóa hoặc lưu trữ theo pháp luật về lưu trữ. Dữ liệu không được bán, không dùng cho quảng "
    "cáo. Người ký có quyền được biết, xem, chỉnh sửa, nhận bản sao, rút lại đồng ý, hạn chế, phản đối, xóa dữ liệu và "
    "khiếu nại, gửi tới du-lieu@example.vn; cơ quan phản hồi đã nhận trong 02 ngày làm việc và giải quyết trong thời "
    "hạn luật định."
)
NOTE = (
    "Việc tiếp nhận cam kết là để tuyên truyền, hướng dẫn và theo dõi thực hiện kế hoạch; không phải là giấy phép hay "
    "chứng nhận về chất lượng hàng hóa, và không được dùng để gây ảnh hưởng đến hoạt động sản xuất, kinh doanh bình "
    "thường của tổ chức, cá nhân."
)


def invented_paper(seed: int, *, channels: int | None = None, commitments: int | None = None) -> PledgePaper:
    """A pledge of an invented shop; every seed gives another one."""
    chance = random.Random(seed)  # noqa: S311
    name = f"{chance.choice(SURNAMES)} {chance.choice(('Văn', 'Thị', 'Ngọc', 'Minh'))} {chance.choice(GIVEN)}"
    goods = chance.choice(GOODS)
    shop = f"Công ty TNHH {goods} {chance.choice(GIVEN)} {chance.choice(GIVEN)} {seed}"
    commune = chance.choice(COMMUNES)
    agency = "Sở Công Thương tỉnh Lạng Sơn"
    count = channels if channels is not None else chance.randint(1, 5)
    addresses = [f"https://cua-hang-{seed}-{number}.example.vn" for number in range(count)]
    chosen = chance.sample(COMMITMENTS, commitments if commitments is not None else chance.randint(3, 9))
    party = [
        ("Tên tổ chức", shop),
        ("Mã số thuế", f"{chance.randrange(10**10):010d}"),
        ("Người đại diện", f"{name}, Giám đốc"),
        ("Địa chỉ liên hệ", f"số {chance.randint(1, 400)} đường {chance.choice(STREETS)}, {commune}, tỉnh Lạng Sơn"),
        ("Điện thoại", f"09{chance.randrange(10**8):08d}"),
        ("Thư điện tử", f"lien-he-{seed}@example.vn"),
        ("Website, ứng dụng, kênh bán hàng", "\n".join(addresses)),
    ]
    blocks = [
        Block("title", "BẢN CAM KẾT"),
        Block("subtitle", "về chất lượng hàng hóa và chấp hành pháp luật khi kinh doanh trên môi trường điện tử"),
        Block("addressee", f"Kính gửi: {agency}."),
        *(Block("party", value, label) for label, value in party),
        Block("basis", BASIS),
        Block("opening", f"{shop}, chủ website {', '.join(addresses)}, cam kết:"),
        *(Block("commitment", text, str(number)) for number, text in enumerate(chosen, 1)),
        Block("heading", "Trách nhiệm"),
        *(Block("responsibility", text.format(who=shop), str(number)) for number, text in enumerate(RESPONSIBILITY, 1)),
        Block("notice", NOTICE.format(agency=agency)),
        Block(
            "consent", f"Tôi đồng ý để {agency} xử lý dữ liệu cá nhân của tôi cho các mục đích nêu trên.", checked=True
        ),
        Block(
            "consent",
            "(không bắt buộc) Tôi đồng ý công khai tên, nhóm đối tượng, xã/phường, tên miền hoặc kênh, ngày cam kết, "
            "trạng thái và mã tra cứu và mã số thuế trên trang tra cứu của tỉnh Lạng Sơn.",
            checked=chance.random() < 0.5,
        ),
    ]
    text = "\n".join(block.text for block in blocks)
    return PledgePaper(
        language="vi",
        reference=f"CK-20-2026-{hashlib.sha256(str(seed).encode()).hexdigest()[:6].upper()}",
        verification_url=f"https://camket.example.vn/xac-minh/{hashlib.sha256(text.encode()).hexdigest()[:32]}",
        blocks=tuple(blocks),
        signature_lines=(
            f"Xác nhận điện tử bởi {name}, Giám đốc: mã gửi tới thư điện tử l***{seed % 10}@example.vn, nhập đúng lúc "
            "09 giờ 41 phút ngày 22/11/2026 (giờ Việt Nam).",
            f"Họ tên đã gõ khi ký: {name}.",
        ),
        place_and_date="Lạng Sơn, ngày 22 tháng 11 năm 2026",
        signer_title="Giám đốc",
        signer_name=name,
        agency_name=agency,
        template_hash=hashlib.sha256(b"template").hexdigest(),
        rendered_hash=hashlib.sha256(text.encode()).hexdigest(),
        text_version="website_seller 1",
        notes=(NOTE,),
    )


def with_block(paper: PledgePaper, block: Block, *, after: str = "party") -> PledgePaper:
    """The paper with one more block behind the last one of kind `after`."""
    place = max(index for index, given in enumerate(paper.blocks) if given.kind == after) + 1
    return replace(paper, blocks=(*paper.blocks[:place], block, *paper.blocks[place:]))
