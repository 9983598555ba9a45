"""The headings that lists really have, and what they mean; without marks and punctuation (`heading_key`)."""

from __future__ import annotations

import re

from pledges.core.text import fold
from pledges.imports.rows import Field

LONGEST_HEADING = 80


def heading_key(heading: str) -> str:
    """`fold` without punctuation and without what stands in brackets: under it headings are remembered."""
    folded = fold(heading)
    plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", folded)
    return " ".join(re.sub(r"[^\w]+|_", " ", plain).split()) or " ".join(re.sub(r"[^\w]+|_", " ", folded).split())


def _rule(field: Field, *phrases: str, whole: bool = False) -> tuple[Field, re.Pattern[str]]:
    words = "|".join(phrases)
    return field, re.compile(rf"(?:{words})" if whole else rf"(?:.* )?(?:{words})(?: .*)?")


_DAY = r"(?:ngay|ngay thang|ngay thang nam|thoi gian|thoi diem|nam)"
_PERSON_PAPERS = r"(?:cccd|cmnd|cmt|cmtnd|cm nd|can cuoc(?: cong dan)?|chung minh(?: nhan dan| thu)?|ddcn|ho chieu)"

_COMMUNE = r"(?:xa|phuong|thi tran|dac khu)"
_WHO = (
    r"(?:co so|don vi|doanh nghiep|cong ty|cua hang|to chuc|ca nhan|ho kinh doanh|ho|hkd|shop|thuong nhan|nha thuoc"
    r"|phong kham|benh vien|bac si|nguoi hanh nghe|co quan bao chi|co quan|bao chi|toa soan|nghe si|dien vien|ca si"
    r"|nguoi noi tieng|chu the|doi tuong|chu tai khoan|kinh doanh|cam ket|va|hoac|san xuat|hanh nghe)"
)

RULES: tuple[tuple[Field, re.Pattern[str]], ...] = (
    # What looks like something else and is not wanted comes first.
    _rule(Field.IGNORE, "stt", "tt", "so tt", "so thu tu", "thu tu", "no", "id", "row", "index", whole=True),
    _rule(
        Field.IGNORE, "fax", "so fax", "kinh do", "vi do", "toa do", "longitude", "latitude", "quoc tich", "gioi tinh"
    ),
    _rule(Field.IGNORE, "sinh", "nam sinh", "ngay sinh", "dob", "date of birth", "tuoi", "dan toc"),
    _rule(Field.IGNORE, f"(?:ngay|noi|co quan)(?: cap)? {_PERSON_PAPERS}", "noi cap", "co quan cap", "don vi cap"),
    _rule(Field.IGNORE, "het han", "het hieu luc", "co hieu luc den", "thoi han", "gia tri den", "expiry"),
    _rule(Field.IGNORE, "von", "von dieu le", "so lao dong", "lao dong", "so luong", "dien tich", "doanh thu", "tien"),
    # Paper pledges.
    _rule(Field.SIGNED_ON, f"{_DAY} ky(?: ban)?(?: cam ket)?", f"{_DAY} cam ket", "signed on", "date signed"),
    _rule(Field.SIGNER, "nguoi ky", "ho ten nguoi ky", "nguoi cam ket", "dai dien ky", "signer", "signed by"),
    _rule(
        Field.PAPER_NUMBER,
        "so ban cam ket",
        "so cam ket",
        "ma cam ket",
        "so ban giay",
        "so ck",
        "so ky hieu",
        "so van ban",
    ),
    _rule(
        Field.APPEARED_ON,
        f"{_DAY}(?: bat dau)?(?: dang ky| thong bao| cap| cap phep| cap gphn| cap gphd| cap giay phep| xac nhan| tao)",
        f"{_DAY}(?: bat dau)? (?:hoat dong|kinh doanh|thanh lap|hanh nghe|khai truong|mo|dang ky|ban hanh|hieu luc)",
        *(f"{_DAY} bat dau", "ngay cap", "ngay tb", "ngay dk", "ngay hd", "founded", "start date", "since"),
    ),
    # Ways to reach somebody; "địa chỉ email" is no address.
    _rule(Field.EMAIL, "e ?mail", "thu dien tu", "hom thu", "hop thu", "gmail", "mail"),
    _rule(
        Field.CHANNEL,
        *("web", "website", "web site", "trang web", "trang tin", "trang thong tin dien tu", "trang thong tin"),
        *("ten mien", "domain", "link", "lien ket", "duong dan", "duong link", "url", "gian hang", "shop online"),
        *("fanpage", "fan page", "facebook", "fb", "zalo", "tiktok", "tik tok", "youtube", "instagram", "shopee"),
        *("lazada", "kenh", "mang xa hoi", "mxh", "ung dung", "app", "kenh ban hang", "trang ban hang", "homepage"),
    ),
    _rule(
        Field.PHONE,
        *("dt", "sdt", "so dt", "dthoai", "d thoai", "dien thoai", "dtdd", "dt dd", "dtcd", "di dong", "phone", "tel"),
        *("telephone", "mobile", "hotline", "duong day nong", "so lien he", "so lien lac", "so may", "cell"),
    ),
    # Numbers. Where one column holds both, a personal number is known by its shape.
    _rule(Field.TAX_CODE, "mst", "ma so thue"),
    _rule(Field.PERSONAL_NUMBER, _PERSON_PAPERS, "so dinh danh(?: ca nhan)?", "ma dinh danh(?: ca nhan)?", "dinh danh"),
    _rule(
        Field.TAX_CODE,
        *("mst", "ma so thue", "ma thue", "msdn", "ma so dn", "ma so doanh nghiep", "ma dn", "ma doanh nghiep"),
        *("ma so ho kinh doanh", "ma so hkd", "ma so hop tac xa", "tax code", "tax id", "tax number", "tax no"),
    ),
    _rule(
        Field.LICENCE,
        *("so gphn", "gphn", "gphd", "so gphd", "gp", "so gp", "giay phep", "so giay phep", "cchn", "so cchn", "gpkd"),
        *("chung chi", "chung chi hanh nghe", "gcn", "so gcn", "giay chung nhan", "giay xac nhan", "so xac nhan"),
        *("dkkd", "so dkkd", "gcndkkd", "dang ky kinh doanh", "so dang ky", "giay dang ky", "quyet dinh", "so qd"),
        *("licence", "license", "license no", "so dk", "so thong bao", "ma ho so"),
    ),
    # Places. In a name of a place ("Phường Thuận Hóa") the same words are data.
    _rule(
        Field.ADDRESS,
        *("dia chi", "d chi", "dchi", "tru so", "noi o", "noi cu tru", "cho o", "ho khau", "thuong tru", "dia diem"),
        *("noi lam viec", "noi hanh nghe", "noi cong tac", "address", "so nha", "duong pho", "quan huyen"),
    ),
    _rule(Field.ADDRESS, "dc", "d c", "add", "location", "duong", "thon", "huyen", "quan", "vi tri", whole=True),
    _rule(Field.COMMUNE, f"(?:ten )?{_COMMUNE}(?: {_COMMUNE})*", "ward", "commune", "ma xa", whole=True),
    _rule(Field.COMMUNE, "don vi hanh chinh", "dia ban"),
    _rule(
        Field.PROVINCE,
        *("tinh", "thanh pho", "tinh thanh", "tinh thanh pho", "tinh tp", "tp", "province", "city", "province city"),
        whole=True,
    ),
    # Names. "Tên website" and the like have gone above.
    _rule(
        Field.REPRESENTATIVE,
        *("nguoi dai dien", "dai dien", "dai dien phap luat", "nguoi ddpl", "giam doc", "chu ho", "chu so huu"),
        *("nguoi dung dau", "nguoi phu trach", "phu trach", "phu trach chuyen mon", "nguoi lien he", "dau moi"),
        *(
            "chu co so",
            "chu cua hang",
            "chu shop",
            "nguoi chiu trach nhiem",
            "tong bien tap",
            "nguoi quan ly",
            "chu hang",
        ),
        *("representative", "owner", "contact person", "contact name", "director"),
    ),
    _rule(Field.SUBJECT_TYPE, "nhom doi tuong", "loai doi tuong", "doi tuong cam ket", "subject type", whole=True),
    _rule(Field.NOTE, "ghi chu", "chu thich", "note", "notes", "remark", "remarks", "dien giai", "mo ta"),
    _rule(Field.NAME, "ten", "ho ten", "ho va ten", "ho va ten dem", "quy danh", "nghe danh", "name", "full name"),
    _rule(Field.NAME, f"{_WHO}(?: {_WHO})*", "company", whole=True),
    _rule(Field.PHONE, "lien he", "lien lac", "contact"),
)

NAMES_OF_PEOPLE = re.compile(r"(?:ho ten|ho va ten|ho va ten dem|full name)(?: .*)?")
FAMILY_NAMES = re.compile(r"(?:ho|ho dem|ho va ten dem|ho va dem|ten dem|ho lot)")


def meaning_of(heading: str) -> Field | None:
    """What a heading says by itself; None where it says nothing known."""
    key = heading_key(heading)
    if not key or len(key) > LONGEST_HEADING:
        return None
    return next((field for field, pattern in RULES if pattern.fullmatch(key)), None)
