#!/usr/bin/env python3
"""Makes the sample mails of this folder, and what each of them must read as.

Run without arguments in this folder. Every sample stands here as readable text; its name says which quirk it shows. Where
Python's own mail package reads a sample rightly too (`oracle`), it is asked, and what it says must be what is expected.
"""

import base64
import email
import email.policy
import json
import pathlib
import quopri
import re
import struct
import zlib

HERE = pathlib.Path(__file__).parent
CASES = []

FROM = b"From: =?UTF-8?B?5bGx55Sw5aSq6YOO?= <taro@example.jp>\r\n"
TO = b"To: support@in.desk.example\r\n"
DATE = b"Date: Sat, 21 Nov 2026 10:23:00 +0900\r\n"
ID = b"Message-ID: <a1@example.jp>\r\n"
BASE = FROM + TO + DATE + ID


def b64(data):
    return base64.b64encode(data)


def wrapped(data):
    return b"\r\n".join(b64(data)[i : i + 76] for i in range(0, len(b64(data)), 76)) + b"\r\n"


def word(text, charset, label=None):
    return b"=?" + (label or charset).encode() + b"?B?" + b64(text.encode(charset)) + b"?="


def jis(text):
    """ISO-2022-JP with half-width kana by their own escape, and the characters that Windows added."""
    return text.encode("iso2022_jp_ext")


def case(name, raw, oracle=False, **expect):
    (HERE / f"{name}.eml").write_bytes(raw)
    CASES.append({"name": name, **expect})
    if oracle:
        check(name, raw, expect)


def check(name, raw, expect):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    if "subject" in expect:
        assert mail["subject"] == expect["subject"], (name, mail["subject"], expect["subject"])
    if "text" in expect:
        part = mail.get_body(("plain",))
        text = part.get_content().replace("\r\n", "\n").strip()
        assert text == expect["text"], (name, text, expect["text"])
    if "parts" in expect:
        found = [(p.get_filename(), len(p.get_payload(decode=True) or b"")) for p in mail.iter_attachments()]
        assert found == [(p["name"], p["bytes"]) for p in expect["parts"]], (name, found)


def subject(name, raw, want, oracle=False):
    case(f"subject_{name}", BASE + b"Subject: " + raw + b"\r\n\r\nx\r\n", oracle, subject=want, text="x")


def text(name, content_type, body, want, encoding=b"8bit", oracle=False):
    head = BASE + b"Subject: s\r\nMIME-Version: 1.0\r\n"
    head += b"Content-Type: " + content_type + b"\r\n" if content_type else b""
    head += b"Content-Transfer-Encoding: " + encoding + b"\r\n"
    case(f"text_{name}", head + b"\r\n" + body, oracle, text=want)


def attachment(name, headers, want, body=b"hello", oracle=False, **more):
    raw = multipart(b"mixed", [(b"Content-Type: text/plain\r\n", b"x"), (headers, body)])
    part = {"name": want, "bytes": len(body), **more}
    case(f"name_{name}", raw, oracle, text="x", parts=[part])


def multipart(kind, parts, extra=b"", head=BASE + b"Subject: s\r\nMIME-Version: 1.0\r\n"):
    return head + nested(kind, parts, extra)


def nested(kind, parts, extra=b"", boundary=b"=_b"):
    out = b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"' + extra + b"\r\n\r\n"
    for headers, body in parts:
        out += b"--" + boundary + b"\r\n" + headers + b"\r\n" + body + b"\r\n"
    return out + b"--" + boundary + b"--\r\n"


PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
    + struct.pack(">I", len(zlib.compress(b"\0\0\0\0"))) + b"IDAT" + zlib.compress(b"\0\0\0\0")
    + struct.pack(">I", zlib.crc32(b"IDAT" + zlib.compress(b"\0\0\0\0"))) + b"\0\0\0\0IEND\xaeB`\x82"
)
GREETING = "お世話になっております。山田です。"

# Subjects.
subject("utf8_base64", word("お問い合わせ", "utf-8"), "お問い合わせ", oracle=True)
subject("iso2022jp_folded", b"\r\n ".join(b"=?ISO-2022-JP?B?" + b64(jis(t)) + b"?=" for t in ("商品の", "返品について", "教えて")),
        "商品の返品について教えて", oracle=True)
subject("iso2022jp_half_width_kana", b"=?ISO-2022-JP?B?" + b64(b"\x1b(I6E\x1b(B") + b"?=", "ｶﾅ")
subject("iso2022jp_row_13", b"=?ISO-2022-JP?B?" + b64(b"\x1b$B-!-j\x1b(B") + b"?=", "①㈱")
subject("iso2022jp_no_closing_escape", b"=?ISO-2022-JP?B?" + b64(jis("注文")[:-3]) + b"?=", "注文")
subject("shift_jis", word("①髙～", "cp932", "Shift_JIS"), "①髙～")
subject("windows_31j", word("見積依頼", "cp932", "windows-31j"), "見積依頼")
subject("cp932", word("見積依頼", "cp932", "cp932"), "見積依頼", oracle=True)
subject("ms932", word("見積依頼", "cp932", "MS932"), "見積依頼")
subject("sjis_win", word("見積依頼", "cp932", "sjis-win"), "見積依頼")
subject("euc_jp", word("見積依頼", "euc_jp", "EUC-JP"), "見積依頼", oracle=True)
subject("eucjp_ms", word("見積依頼", "euc_jp", "eucJP-ms"), "見積依頼")
for label in ("iso-2022-jp-ms", "cp50220", "cp50221", "cp50222"):
    subject(label.replace("-", "_"), b"=?" + label.encode() + b"?B?" + b64(jis("見積依頼")) + b"?=", "見積依頼")
subject("utf7", b"=?UTF-7?Q?+ZeVnLIqe-?=", "日本語")
subject("gb2312", word("你好", "gb2312"), "你好", oracle=True)
subject("ks_c_5601", word("안녕", "euc_kr", "KS_C_5601-1987"), "안녕", oracle=True)
cut = "返品について".encode()
subject("character_cut_between_words", b"=?UTF-8?B?" + b64(cut[:7]) + b"?=\r\n =?UTF-8?B?" + b64(cut[7:]) + b"?=", "返品について")
subject("character_cut_in_quoted", b"=?UTF-8?Q?=E8=BF?= =?UTF-8?Q?=94=E5=93=81?=", "返品")
cut = jis("返品について")
subject("jis_cut_between_words", b"=?ISO-2022-JP?B?" + b64(cut[:6] + b"\x1b(B") + b"?=\r\n =?ISO-2022-JP?B?" + b64(b"\x1b$B" + cut[6:]) + b"?=",
        "返品について")
subject("base64_cut_between_letters", b"=?UTF-8?B?6L+U5Z?= =?UTF-8?B?OB?=", "返品")
subject("words_glued_to_text", b"Re:" + word("返品", "utf-8") + b"(2)", "Re:返品(2)")
subject("space_between_words_goes", word("返品", "utf-8") + b" \r\n  " + word("について", "utf-8"), "返品について", oracle=True)
subject("space_between_word_and_text_stays", word("返品", "utf-8") + b" no " + word("件", "utf-8"), "返品 no 件", oracle=True)
subject("two_charsets_side_by_side", word("返品", "utf-8") + b" " + word("見積", "cp932", "Shift_JIS"), "返品見積")
subject("word_without_end", b"=?UTF-8?B?" + b64("返品".encode()), "返品")
subject("spaces_in_quoted_word", b"=?UTF-8?Q?=E8=BF=94 =E5=93=81?=", "返 品")
subject("no_padding", b"=?UTF-8?B?" + b64("返品だ".encode() + b"a").rstrip(b"=") + b"?=", "返品だa")
subject("language_tag", b"=?UTF-8*ja?B?" + b64("返品".encode()) + b"?=", "返品")
subject("unknown_charset_with_utf8", b"=?x-made-up?B?" + b64("返品".encode()) + b"?=", "返品")
subject("not_a_word", b"=?what? =? = ?=", "=?what? =? = ?=")
subject("raw_utf8", "返品について".encode(), "返品について")
subject("raw_shift_jis", "商品の返品について".encode("cp932"), "商品の返品について")
subject("raw_euc_jp", "商品の返品について教えてください".encode("euc_jp"), "商品の返品について教えてください")
subject("raw_iso2022jp", jis("返品について"), "返品について")
subject("says_jis_is_shift_jis", b"=?ISO-2022-JP?B?" + b64("商品の返品について".encode("cp932")) + b"?=", "商品の返品について")
subject("us_ascii_is_jis", b"=?us-ascii?B?" + b64(jis("返品")) + b"?=", "返品")
subject("control_characters_go", b"=?UTF-8?Q?a=0D=0ABcc:_b=00c?=", "aBcc: bc")
subject("empty", b"", "")

# Texts.
text("iso2022jp", b"text/plain; charset=iso-2022-jp", jis(GREETING) + b"\r\n", GREETING, b"7bit", oracle=True)
text("iso2022jp_without_charset", None, jis(GREETING) + b"\r\n", GREETING, b"7bit")
text("iso2022jp_as_us_ascii", b"text/plain; charset=us-ascii", jis(GREETING) + b"\r\n", GREETING, b"7bit")
text("iso2022jp_as_utf8", b"text/plain; charset=utf-8", jis(GREETING) + b"\r\n", GREETING, b"7bit")
text("iso2022jp_line_never_closed", b"text/plain; charset=iso-2022-jp", jis("一行目")[:-3] + b"\r\n" + jis("二行目") + b"\r\n", "一行目\n二行目")
text("iso2022jp_kana_by_shift", b"text/plain; charset=cp50222", b"\x0e6E\x0f ok\r\n", "ｶﾅ ok")
text("iso2022jp_kana_in_eight_bits", b"text/plain; charset=iso-2022-jp", b"\xb6\xc5 " + jis("名前") + b"\r\n", "ｶﾅ 名前")
text("shift_jis", b"text/plain; charset=Shift_JIS", (GREETING + "①髙～㈱").encode("cp932") + b"\r\n", GREETING + "①髙～㈱")
text("shift_jis_without_charset", None, GREETING.encode("cp932") + b"\r\n", GREETING)
text("shift_jis_as_iso2022jp", b"text/plain; charset=ISO-2022-JP", GREETING.encode("cp932") + b"\r\n", GREETING)
text("shift_jis_as_utf8", b"text/plain; charset=utf-8", GREETING.encode("cp932") + b"\r\n", GREETING)
text("euc_jp_without_charset", None, GREETING.encode("euc_jp") + b"\r\n", GREETING)
text("euc_jp", b'text/plain; charset="EUC-JP"', GREETING.encode("euc_jp") + b"\r\n", GREETING, oracle=True)
text("utf8_without_charset", None, GREETING.encode() + b"\r\n", GREETING)
text("utf8_base64", b"text/plain; charset=UTF-8", wrapped(GREETING.encode()), GREETING, b"base64", oracle=True)
text("utf8_quoted", b"text/plain; charset=UTF-8", quopri.encodestring(GREETING.encode()).replace(b"\n", b"\r\n"), GREETING, b"quoted-printable", oracle=True)
text("cp932", b"text/plain; charset=cp932", GREETING.encode("cp932"), GREETING, oracle=True)
text("windows_31j", b"text/plain; charset=Windows-31J", GREETING.encode("cp932"), GREETING)
text("utf16", b"text/plain; charset=utf-16", wrapped(GREETING.encode("utf-16")), GREETING, b"base64", oracle=True)
text("half_width_kana_stay", b"text/plain; charset=utf-8", "ｶﾅと〜と～".encode(), "ｶﾅと〜と～", oracle=True)
text("null_and_control_go", b"text/plain; charset=utf-8", b"a\x00b\x07c\td\r\ne\rf\r\n", "abc\td\ne\nf")
text("flowed_delsp", b"text/plain; charset=utf-8; format=flowed; delsp=yes", "これは \r\n一つの \r\n段落。\r\n次。\r\n".encode(), "これは一つの段落。\n次。")
text("flowed", b"text/plain; charset=utf-8; format=flowed", b"one \r\ntwo\r\nthree\r\n", "one two\nthree")
text("base64_with_rubbish", b"text/plain; charset=utf-8", wrapped(GREETING.encode()) + b"\r\n-- \r\n", GREETING, b"base64")
text("transfer_encoding_in_capitals", b"TEXT/PLAIN; CHARSET=UTF-8", wrapped(GREETING.encode()), GREETING, b"BASE64")
text("line_feeds_only", b"text/plain; charset=utf-8", "一\n二\n".encode(), "一\n二", oracle=True)

# Names of attachments.
pdf = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; "
attachment("rfc2231_utf8", pdf + b"filename*=UTF-8''%E8%A6%8B%E7%A9%8D.pdf\r\n", "見積.pdf", oracle=True)
attachment("rfc2231_iso2022jp", pdf + b"filename*=ISO-2022-JP''" + "".join(f"%{b:02X}" for b in jis("見積")).encode() + b".pdf\r\n", "見積.pdf", oracle=True)
attachment("rfc2231_segments", pdf + b"\r\n filename*0*=UTF-8''%E8%A6%8B;\r\n filename*1*=%E7%A9%8D;\r\n filename*2=.pdf\r\n", "見積.pdf", oracle=True)
attachment("rfc2231_segment_cut_in_character", pdf + b"\r\n filename*0*=UTF-8''%E8%A6;\r\n filename*1*=%8B%E7%A9%8D.pdf\r\n", "見積.pdf")
attachment("rfc2231_segments_out_of_order", pdf + b"\r\n filename*1*=%E7%A9%8D.pdf;\r\n filename*0*=UTF-8''%E8%A6%8B\r\n", "見積.pdf", oracle=True)
attachment("rfc2231_wins_over_plain", pdf + b"filename=\"mitsumori.pdf\"; filename*=UTF-8''%E8%A6%8B%E7%A9%8D.pdf\r\n", "見積.pdf")
attachment("encoded_word_in_quotes", pdf + b'filename="' + word("見積.pdf", "utf-8") + b'"\r\n', "見積.pdf", oracle=True)
attachment("encoded_words_folded_in_quotes", pdf + b'filename="' + word("見積", "utf-8") + b"\r\n " + word("書.pdf", "utf-8") + b'"\r\n', "見積書.pdf")
attachment("raw_shift_jis", pdf + b'filename="' + "商品の見積書.pdf".encode("cp932") + b'"\r\n', "商品の見積書.pdf")
attachment("raw_shift_jis_backslash", pdf + b'filename="' + "表示予定.pdf".encode("cp932") + b'"\r\n', "表示予定.pdf")
attachment("raw_iso2022jp", pdf + b'filename="' + jis("見積") + b'.pdf"\r\n', "見積.pdf")
attachment("raw_utf8", pdf + 'filename="見積.pdf"\r\n'.encode(), "見積.pdf")
attachment("only_in_content_type", b'Content-Type: application/pdf; name="' + word("見積.pdf", "utf-8") + b'"\r\n', "見積.pdf")
attachment("with_semicolon", pdf + b'filename="a;b.pdf"\r\n', "a;b.pdf", oracle=True)
attachment("with_quotes", pdf + b'filename="a\\"b.pdf"\r\n', "a_b.pdf")
attachment("path", pdf + b'filename="../../etc/passwd"\r\n', "passwd")
attachment("windows_path", pdf + b'filename="C:\\\\temp\\\\a.pdf"\r\n', "a.pdf")
attachment("none", pdf[:-2] + b"\r\n", "添付ファイル-1.pdf")
attachment("right_to_left", pdf + "filename*=UTF-8''a%E2%80%AEfdp.exe\r\n".encode(), "afdp.exe")
attachment("long", pdf + b"filename*=UTF-8''" + b"%E9%95%B7" * 200 + b".pdf\r\n", "長" * 116 + ".pdf")

# Which text is shown.
plain = (b"Content-Type: text/plain; charset=utf-8\r\n", "平文です".encode())
html = (b"Content-Type: text/html; charset=utf-8\r\n", '<p>HTMLです<img src="cid:logo@x"></p>'.encode())
png = (b"Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline; filename=logo.png\r\nContent-Transfer-Encoding: base64\r\n", wrapped(PNG))
case("body_alternative", multipart(b"alternative", [plain, html]), True, text="平文です", marks=["Html"], parts=[])
related = (nested(b"related", [html, png], boundary=b"=_r").split(b"\r\n\r\n", 1)[0] + b"\r\n", nested(b"related", [html, png], boundary=b"=_r").split(b"\r\n\r\n", 1)[1])
case("body_alternative_with_related", multipart(b"alternative", [plain, related]), text="平文です", marks=["Html"],
     parts=[{"name": "logo.png", "bytes": len(PNG), "inline": True}])
case("body_html_only", BASE + b"Subject: s\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + "<p>一</p><p>二</p>".encode(), text="一\n\n二", marks=["Html"])
case("body_html_charset_in_meta", BASE + b'Subject: s\r\nContent-Type: text/html\r\n\r\n<html><head><meta charset="Shift_JIS"></head><body>' + "見積依頼".encode("cp932") + b"</body></html>",
     text="見積依頼")
case("body_empty_plain_beside_html", multipart(b"alternative", [(plain[0], b" \r\n"), html]), text="HTMLです")
case("body_several_texts", multipart(b"mixed", [plain, png, (plain[0], "続きです".encode())]), text="平文です\n\n続きです",
     parts=[{"name": "logo.png", "bytes": len(PNG), "inline": False}])
case("body_html_then_list_footer", multipart(b"mixed", [(html[0], "<p>本文</p>".encode()), (plain[0], "-- 配信停止".encode())]), text="本文\n\n-- 配信停止")
case("body_none", BASE + b"Subject: s\r\n\r\n", text="", parts=[])
case("body_attached_text", multipart(b"mixed", [plain, (b'Content-Type: text/plain; name="log.txt"\r\n', b"log")]), text="平文です", parts=[{"name": "log.txt", "bytes": 3}])
inner = BASE.replace(b"a1@", b"inner@") + "Subject: 中のメール\r\n\r\n中の本文\r\n".encode()
case("body_attached_mail", multipart(b"mixed", [plain, (b"Content-Type: message/rfc822\r\n", inner)]), text="平文です", parts=[{"name": "中のメール.eml", "bytes": len(inner), "mime": "message/rfc822"}])
case("body_digest", multipart(b"digest", [(b"", inner)]), text="", parts=[{"name": "中のメール.eml"}])
calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:打ち合わせ\\, 第二回\r\nDTSTART;TZID=Asia/Tokyo:20261125T100000\r\nDTEND;TZID=Asia/Tokyo:20261125T110000\r\nORGANIZER;CN=\"a:b\":mailto:taro@example.jp\r\nLOCATION:会議室\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()
case("body_calendar", multipart(b"alternative", [plain, (b'Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n', calendar)]), text="平文です",
     parts=[{"name": "添付ファイル-1.ics", "bytes": len(calendar), "mime": "text/calendar"}],
     invitation={"title": "打ち合わせ, 第二回", "starts": "20261125T100000", "ends": "20261125T110000", "zone": "Asia/Tokyo", "organiser": "taro@example.jp", "place": "会議室"})
double = nested(b"appledouble", [(b"Content-Type: application/applefile\r\n", b"\0\x05\x16\x07"), (b"Content-Type: application/pdf; name=a.pdf\r\n", b"%PDF")], boundary=b"=_d")
case("body_appledouble", multipart(b"mixed", [plain, (double.split(b"\r\n\r\n", 1)[0] + b"\r\n", double.split(b"\r\n\r\n", 1)[1])]), text="平文です", parts=[{"name": "a.pdf", "bytes": 4}])
case("body_boundary_never_closed", multipart(b"mixed", [plain, (b"Content-Type: application/pdf; name=a.pdf\r\n", b"%PDF-1.7")])[:-9], text="平文です", parts=[{"name": "a.pdf"}])
case("body_uuencode_stays", BASE + b"Subject: s\r\n\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n", text="begin 644 a.txt\n#86)C\n`\nend")


def tnef(name, data):
    """The smallest container that has a file: rendering data, title, dates, data, properties."""
    def attribute(level, ident, body):
        return struct.pack("<BII", level, ident, len(body)) + body + struct.pack("<H", sum(body) & 0xFFFF)
    date = struct.pack("<7H", 2026, 11, 21, 10, 0, 0, 6)
    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x00089006, struct.pack("<I", 0x10000))
        + attribute(1, 0x00069007, struct.pack("<II", 932, 0))
        + attribute(2, 0x00069002, struct.pack("<HIIHI", 1, 0xFFFFFFFF, 0, 0, 0)[:14])
        + attribute(2, 0x00018010, name + b"\0")
        + attribute(2, 0x0006800F, data)
        + attribute(2, 0x00038012, date)
        + attribute(2, 0x00038013, date)
        + attribute(2, 0x00069005, struct.pack("<I", 0))
    )


winmail = tnef(b"report.pdf", b"%PDF-1.7 inside")
case("body_tnef", multipart(b"mixed", [plain, (b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n", wrapped(winmail))]), text="平文です",
     parts=[{"name": "report.pdf", "bytes": 15, "mime": "application/pdf"}, {"name": "winmail.dat", "bytes": len(winmail)}])
case("body_tnef_broken", multipart(b"mixed", [plain, (b"Content-Type: application/ms-tnef; name=winmail.dat\r\n", b"nothing")]), text="平文です", parts=[{"name": "winmail.dat", "bytes": 7}])

# Signed and encrypted.
p7s = (b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n", b"SIG")
case("signed_smime", multipart(b"signed", [plain, p7s], b'; protocol="application/pkcs7-signature"'), text="平文です", marks=["Signed"], parts=[{"name": "smime.p7s", "bytes": 3}])
case("signed_pgp", multipart(b"signed", [plain, (b"Content-Type: application/pgp-signature\r\n", b"SIG")]), text="平文です", marks=["Signed"], parts=[{"name": "添付ファイル-1.asc"}])
case("encrypted_smime", BASE + b"Subject: s\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nXXXX", text="", marks=["Encrypted"], parts=[{"name": "smime.p7m"}])
case("encrypted_pgp", multipart(b"encrypted", [(b"Content-Type: application/pgp-encrypted\r\n", b"Version: 1"), (b"Content-Type: application/octet-stream; name=encrypted.asc\r\n", b"XX")]),
     text="", marks=["Encrypted"], parts=[{"name": "添付ファイル-1.pgp"}, {"name": "encrypted.asc", "bytes": 2}])
case("encrypted_pgp_inline", BASE + b"Subject: s\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nXX\r\n-----END PGP MESSAGE-----\r\n", marks=["Encrypted"])

# Attachments.
case("attachment_over_the_limit", multipart(b"mixed", [plain, (b"Content-Type: application/pdf; name=big.pdf\r\n", b"x" * 2049)]), text="平文です",
     marks=["Oversize"], parts=[{"name": "big.pdf", "bytes": 2049, "too_large": True}])
case("attachment_at_the_limit", multipart(b"mixed", [plain, (b"Content-Type: application/pdf; name=fits.pdf\r\nContent-Transfer-Encoding: base64\r\n", wrapped(b"x" * 2048))]),
     parts=[{"name": "fits.pdf", "bytes": 2048, "too_large": False}], marks=[])
case("attachment_cid_without_reference", multipart(b"mixed", [plain, png]), parts=[{"name": "logo.png", "inline": False}])
case("attachment_inline_without_name", multipart(b"related", [html, (b"Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n", wrapped(PNG))]),
     text="HTMLです", parts=[{"name": "添付ファイル-1.png", "inline": True}])
case("attachments_without_end", multipart(b"mixed", [plain] + [(b"Content-Type: application/pdf; name=a.pdf\r\n", b"x")] * 130), marks=["Partial"], part_count=100)
deep = plain[0] + b"\r\n" + plain[1]
for level in range(30):
    deep = nested(b"mixed", [(b"", b"")], boundary=b"=_%d" % level).replace(b"\r\n\r\n--=_%d\r\n\r\n\r\n" % level, b"\r\n\r\n--=_%d\r\n" % level + deep + b"\r\n")
case("parts_too_deep", BASE + b"Subject: s\r\n" + deep, marks=["Partial"])

# Addresses.
case("from_quoted_word", TO + DATE + b'From: "' + word("山田太郎", "utf-8") + b'" <Taro@Example.JP>\r\n\r\nx', **{"from": {"name": "山田太郎", "address": "taro@example.jp"}})
case("from_raw_shift_jis", TO + DATE + b"From: " + "山田太郎商店".encode("cp932") + b" <taro@example.jp>\r\n\r\nx", **{"from": {"name": "山田太郎商店", "address": "taro@example.jp"}})
case("from_comment", TO + DATE + b"From: taro@example.jp (" + word("山田", "utf-8") + b")\r\n\r\nx", **{"from": {"name": "山田", "address": "taro@example.jp"}})
case("from_comma_in_name", TO + DATE + b"From: Yamada, Taro <taro@example.jp>\r\n\r\nx", **{"from": {"name": "Yamada, Taro", "address": "taro@example.jp"}})
case("from_docomo_dots", TO + DATE + b"From: a..b.@docomo.ne.jp\r\n\r\nx", **{"from": {"name": "", "address": "a..b.@docomo.ne.jp"}})
case("from_docomo_quoted", TO + DATE + b'From: "a..b."@docomo.ne.jp\r\n\r\nx', **{"from": {"name": "", "address": "a..b.@docomo.ne.jp"}})
case("from_several", TO + DATE + b"From: a@example.jp, b@example.jp\r\nSender: b@example.jp\r\n\r\nx", **{"from": {"name": "", "address": "a@example.jp"}})
case("from_idn", TO + DATE + "From: 太郎 <taro@例え.テスト>\r\n\r\nx".encode(), **{"from": {"name": "太郎", "address": "taro@xn--r8jz45g.xn--zckzah"}})
case("from_missing_sender_there", TO + DATE + b"Sender: s@example.jp\r\n\r\nx", **{"from": {"name": "", "address": "s@example.jp"}})
case("to_group_and_copies", FROM + DATE + b"To: team: a@example.jp, \"B, b\" <B@example.jp>;, a@example.jp\r\nCc: undisclosed-recipients:;\r\n\r\nx",
     to=["a@example.jp", "b@example.jp"], cc=[])

# Ids.
case("references_folded_inside", BASE + b"In-Reply-To: <one@exam\r\n ple.jp>\r\nReferences: <zero@example.jp>\r\n\t<one@exam\r\n ple.jp>\r\n\r\nx", references=["zero@example.jp", "one@example.jp"])
case("references_without_brackets", BASE + b"References: zero@example.jp one@example.jp\r\n\r\nx", references=["zero@example.jp", "one@example.jp"])
case("references_only_in_reply_to", BASE + b"In-Reply-To: Your message of Friday <one@example.jp>\r\n\r\nx", references=["one@example.jp"])

# Who wrote it.
case("auto_out_of_office", BASE + b"Auto-Submitted: auto-replied\r\nSubject: s\r\n\r\nx", marks=["Automatic", "AutoReply"])
case("auto_generated", BASE + b"Auto-Submitted: auto-generated\r\nSubject: s\r\n\r\nx", marks=["Automatic"])
case("auto_submitted_no", BASE + b"Auto-Submitted: no\r\nSubject: s\r\n\r\nx", marks=[])
case("auto_precedence_bulk", BASE + b"Precedence: Bulk\r\nSubject: s\r\n\r\nx", marks=["Automatic"])
case("auto_list", BASE + b"List-Id: <news.example.jp>\r\nSubject: s\r\n\r\nx", marks=["Automatic", "List"])
case("auto_x_autoreply", BASE + b"X-Autoreply: yes\r\nSubject: s\r\n\r\nx", marks=["Automatic", "AutoReply"])
case("auto_no_reply_sender", TO + DATE + b"From: No-Reply@shop.example.jp\r\nSubject: s\r\n\r\nx", marks=["Automatic"])
case("auto_suppress_is_a_wish", BASE + b"X-Auto-Response-Suppress: DR, OOF, AutoReply\r\nSubject: s\r\n\r\nx", marks=["NoAutoReply"])

# Reports.
returned = (b"Content-Type: message/rfc822\r\n", b"Message-ID: <sent@desk.example>\r\nSubject: s\r\n\r\nx")


def report(name, fields, want, kind=b"delivery-status", words=b"It failed."):
    parts = [(b"Content-Type: text/plain\r\n", words), (b"Content-Type: message/" + kind + b"\r\n", fields), returned]
    report_type = b"disposition-notification" if b"disposition" in kind else b"delivery-status"
    case(f"report_{name}", multipart(b"report", parts, b"; report-type=" + report_type), report=want)


dsn = b"Reporting-MTA: dns; mx.example.jp\r\n\r\nFinal-Recipient: rfc822; User@example.jp\r\nAction: %s\r\nStatus: %s\r\nDiagnostic-Code: smtp; %s\r\n"
report("failed", dsn % (b"failed", b"5.1.1", b"550 5.1.1 no such user\r\n here"), {"fate": "Failed", "status": "5.1.1", "detail": "550 5.1.1 no such user here", "recipient": "user@example.jp", "about": ["sent@desk.example"]})
report("delayed", dsn % (b"delayed", b"4.4.1", b"421 busy"), {"fate": "Delayed", "status": "4.4.1"})
report("relayed", dsn % (b"relayed", b"2.0.0", b"250 ok"), {"fate": "Delivered", "status": "2.0.0"})
report("global", dsn % (b"failed", b"5.2.2", b"552 full"), {"fate": "Failed", "status": "5.2.2"}, kind=b"global-delivery-status")
report("opened", b"Final-Recipient: rfc822; user@example.jp\r\nOriginal-Message-ID: <sent@desk.example>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n",
       {"fate": "Opened", "recipient": "user@example.jp", "about": ["sent@desk.example"]}, kind=b"disposition-notification")
case("report_docomo", FROM.replace(b"taro@example.jp", b"postmaster@docomo.ne.jp") + TO + DATE + b"Subject: Undelivered\r\n\r\n" + b"550 Unknown user a@docomo.ne.jp\r\n",
     report={"fate": "Failed", "status": "", "detail": "550 Unknown user a@docomo.ne.jp"})
case("report_delay_in_words", b"From: MAILER-DAEMON@mx.example.jp\r\n" + TO + b"Subject: Warning\r\n\r\nThe mail has been delayed; will retry.\r\n", report={"fate": "Delayed"})
case("report_not_one", BASE + "Subject: 550 5.1.1\r\n\r\n550 5.1.1 と言われました\r\n".encode(), report=None)

# More of each: text in lines that flow, names, charsets beside the common ones.
subject("x_sjis", word("見積依頼", "cp932", "x-sjis"), "見積依頼")
case("subject_missing", BASE + b"\r\nx\r\n", subject="", text="x")
case("from_raw_iso2022jp", TO + DATE + b"From: " + jis("山田太郎") + b" <taro@example.jp>\r\n\r\nx", **{"from": {"name": "山田太郎", "address": "taro@example.jp"}})
text("flowed_stuffed_and_signed", b"text/plain; charset=utf-8; format=flowed", b" From here \r\non\r\n-- \r\nT\r\n", "From here on\n-- \nT")
attachment("forbidden_characters", pdf + b"filename*=UTF-8''a%3Ab%2A%3F%3C%3E%7C.pdf\r\n", "a_b_____.pdf")
attachment("control_characters", pdf + b"filename*=UTF-8''a%00b%0D%0Ac.pdf\r\n", "abc.pdf")
attachment("only_dots", pdf + b'filename=".."\r\n', "添付ファイル-1.pdf")

# HTML as it is shown.
def document(name, html_body, has, omits, **more):
    raw = BASE + b"Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html_body.encode()
    case(f"html_{name}", raw, document={"has": has, "omits": omits}, **more)


document("script", "<p>本文</p><script>alert(1)</script><p onclick=alert(1)>続き</p>", ["本文", "続き"], ["alert", "script", "onclick"], text="本文\n\n続き")
document("picture_of_elsewhere", '<p>本文</p><img src="https://t.example/p.gif?u=1">', ["本文"], ["t.example"])
document("link_that_runs", '<a href="javascript:alert(1)">こちら</a><a href="https://example.jp/">会社</a>', ["こちら", "https://example.jp/", "noreferrer"], ["javascript"])
document("style_that_fetches", '<style>@import "https://t.example/x.css";p{background:url(https://t.example/y)}</style><p style="background:url(https://t.example/z)">本文</p>', ["本文"], ["t.example"])
document("frames_and_forms", '<iframe src="https://t.example/"></iframe><form action="https://t.example/"><input name=a></form><object data="https://t.example/"></object><p>本文</p>', ["本文"], ["iframe src=\"https", "<form", "<object", "t.example"])
document("svg", '<svg><script>alert(1)</script><image href="https://t.example/"/></svg><p>本文</p>', ["本文"], ["alert", "t.example"])
document("base_and_refresh", '<base href="https://t.example/"><meta http-equiv="refresh" content="0;url=https://t.example/"><p>本文</p>', ["本文"], ["t.example", "refresh"])
case("html_too_deep", BASE + b"Subject: s\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 400 + b"x", document=None)

# What is quoted is folded, whichever program quoted it; everything stays in the whole text.
def quoted(name, body, shown, html_body=False):
    kind = b"text/html" if html_body else b"text/plain"
    raw = BASE + b"Subject: Re: s\r\nMIME-Version: 1.0\r\nContent-Type: " + kind + b"; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + wrapped(body.encode())
    case(f"quote_{name}", raw, shown=shown, folded=shown != body.strip())


quoted("gmail", "承知しました。\n\n2026年11月21日(土) 10:23 山田太郎 <a@b.jp>:\n\n> いかがですか。\n", "承知しました。")
quoted("apple", "了解です\n\n2026/11/21 10:23、山田のメール:\n\n> 本文\n", "了解です")
quoted("outlook", "よろしく\n\n-----Original Message-----\nFrom: A <a@b.jp>\nSent: x\nTo: y\nSubject: z\n\n本文\n", "よろしく")
quoted("outlook_in_japanese", "よろしく\n\n差出人: A <a@b.jp>\n送信日時: 2026年11月21日\n宛先: B\n件名: C\n\n本文\n", "よろしく")
quoted("forward", "見てください\n\n-------- 転送メッセージ --------\n件名: x\n\n本文", "見てください")
quoted("wide_sign", "はい\n\n＞ いかがですか\n", "はい")
quoted("signature", "本文です\n\n-- \n山田太郎\n", "本文です")
quoted("phone", "はい\n\niPhoneから送信\n", "はい")
quoted("answers_between_the_lines", "> 一つ目\nはい\n> 二つ目\nいいえ", "> 一つ目\nはい\n> 二つ目\nいいえ")
quoted("nothing_but_a_forward", "---------- Forwarded message ---------\nFrom: A\n\n本文", "---------- Forwarded message ---------\nFrom: A\n\n本文")
for name, begins in [
    ("gmail", '<div class="gmail_quote"><div>2026年11月21日(土) 10:23 A &lt;a@b.jp&gt;:</div><blockquote class="gmail_quote">'),
    ("gmail_container", '<div class="gmail_quote gmail_quote_container"><blockquote>'),
    ("cite", '<blockquote type="cite">'),
    ("outlook_reply", '<div id="divRplyFwdMsg">差出人: A</div><div>'),
    ("outlook_append", '<div id="appendonsend"></div><hr><div>'),
    ("outlook_source", '<div id="OLK_SRC_BODY_SECTION">'),
    ("outlook_header", '<div class="OutlookMessageHeader">差出人: A</div><div>'),
    ("outlook_border", '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p>差出人: A</p></div><div>'),
    ("yahoo", '<div class="yahoo_quoted">'),
    ("proton", '<div class="protonmail_quote">'),
]:
    quoted(f"html_{name}", f"<p>承知しました。</p>{begins}<p>前のメール</p>", "承知しました。", html_body=True)

# The same mail, and another one with its id.
def twin(name, raw, of, same):
    case(f"twin_{name}", raw, **{"same_as" if same else "other_than": of})


first = BASE + b"Subject: s\r\n\r\nx\r\n"
case("twin_first", first, text="x")
twin("with_one_more_server", b"Received: from a by b; Sat, 21 Nov 2026 10:24:00 +0900\r\n" + first, "twin_first", True)
twin("with_its_header_folded_otherwise", first.replace(b"Message-ID: ", b"Message-Id:\r\n "), "twin_first", True)
twin("with_another_date", first.replace(b"10:23", b"10:24"), "twin_first", False)
twin("with_another_sender", first.replace(b"taro@", b"jiro@"), "twin_first", False)
bare = first.replace(ID, b"")
case("twin_without_id", bare, text="x")
twin("without_id_again", b"Received: from a by b\r\n" + bare, "twin_without_id", True)
twin("without_id_that_says_more", bare.replace(b"x\r\n", b"y\r\n"), "twin_without_id", False)

# What an answer to it carries.
def answered(name, head, **want):
    case(f"answer_{name}", head + b"\r\nx", answer=want)


answered("to_all_but_ourselves", FROM + DATE + ID + b"Subject: RE: Fwd: s\r\nTo: support@in.desk.example, b@example.jp\r\nCc: Support+x@IN.desk.example, help@example.co.jp, b@example.jp, c@example.jp\r\n",
         to=["taro@example.jp"], cc=["b@example.jp", "c@example.jp"], subject="Re: s", references=["a1@example.jp"])
answered("to_where_it_wants_answers", BASE + b"Reply-To: desk@example.jp\r\nSubject: s\r\n", to=["desk@example.jp"], cc=[], subject="Re: s")
answered("without_subject", BASE, to=["taro@example.jp"], subject="Re: お問い合わせ")
answered("with_marks_of_japan", BASE + b"Subject: " + word("転送：ＲＥ: 返信: 返品", "utf-8") + b"\r\n", subject="Re: 返品")
answered("in_a_long_thread", BASE + b"References: <r0@example.jp> <r1@example.jp>\r\nIn-Reply-To: <r1@example.jp>\r\n", references=["r0@example.jp", "r1@example.jp", "a1@example.jp"])
case("thread_index_is_no_reference", BASE + b"Thread-Index: AdYxYz==\r\nThread-Topic: s\r\n\r\nx", references=[])

# More machines, and mail that goes in circles.
for name, header, marks in [
    ("precedence_list", b"Precedence: list", ["Automatic", "List"]),
    ("precedence_junk", b"Precedence: junk", ["Automatic"]),
    ("precedence_auto_reply", b"Precedence: auto_reply", ["Automatic", "AutoReply"]),
    ("x_precedence", b"X-Precedence: bulk", ["Automatic"]),
    ("list_unsubscribe", b"List-Unsubscribe: <mailto:u@example.jp>", ["Automatic", "List"]),
    ("x_autorespond", b"X-Autorespond: away", ["Automatic", "AutoReply"]),
    ("x_autoresponder", b"X-Autoresponder: away", ["Automatic", "AutoReply"]),
    ("submitted_with_parameter", b"Auto-Submitted: auto-replied; owner-email=x", ["Automatic", "AutoReply"]),
    ("suppress_all", b"X-Auto-Response-Suppress: All", ["NoAutoReply"]),
    ("suppress_only_reports", b"X-Auto-Response-Suppress: DR, NDR, RN", []),
]:
    case(f"auto_{name}", BASE + header + b"\r\nSubject: s\r\n\r\nx", marks=marks)
for local in ("mailer-daemon", "postmaster", "noreply", "do-not-reply"):
    case(f"auto_from_{local.replace('-', '_')}", TO + DATE + b"From: " + local.encode() + b"@shop.example.jp\r\nSubject: s\r\n\r\nx", marks=["Automatic"])
case("auto_null_sender", BASE + b"Subject: s\r\n\r\nx", null_sender=True, marks=["Automatic", "AutoReply"])
case("auto_null_sender_of_a_form", BASE + b"Auto-Submitted: auto-generated\r\nSubject: s\r\n\r\nx", null_sender=True, marks=["Automatic"])
case("loop_mark", BASE + b"X-Madoguchi-Loop: abc\r\n\r\nx", loop_ids=["abc"], looping=False)
case("loop_fifty_servers", b"Received: from a by b\r\n" * 50 + BASE + b"\r\nx", looping=False)
case("loop_fifty_one_servers", b"Received: from a by b\r\n" * 51 + BASE + b"\r\nx", looping=True)

# More reports.
report("expanded", dsn % (b"expanded", b"2.0.0", b"250 ok"), {"fate": "Delivered"})
report("delivered", dsn % (b"delivered", b"2.1.5", b"250 ok"), {"fate": "Delivered", "status": "2.1.5"})
report("without_diagnostic", b"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; user@example.jp\r\nAction: failed\r\nStatus: 5.2.2\r\n", {"fate": "Failed", "status": "5.2.2", "recipient": "user@example.jp"})
report("line_feeds_only", (dsn % (b"failed", b"5.7.1", b"550 refused")).replace(b"\r\n", b"\n"), {"fate": "Failed", "status": "5.7.1"})
report("header_only_returned", dsn % (b"failed", b"5.1.1", b"550 x"), {"fate": "Failed", "about": ["sent@desk.example"]})
case("report_kddi", b"From: Post_Office@ezweb.ne.jp\r\n" + TO + b"Subject: Mail System Error - Returned Mail\r\n\r\nEach of the following recipients was rejected by a remote mail server.\r\n\r\n    Recipient: <a..b.@ezweb.ne.jp>\r\n    >>> RCPT TO:<a..b.@ezweb.ne.jp>\r\n    <<< 550 <a..b.@ezweb.ne.jp>: User unknown\r\n",
     expected_report=True, report={"fate": "Failed"})
case("report_status_in_words", b"From: MAILER-DAEMON@mx.example.jp\r\n" + TO + b"Subject: Returned\r\n\r\nsmtp; 550 5.2.2 mailbox full\r\n", report={"fate": "Failed", "status": "5.2.2"})
case("report_of_abuse", multipart(b"report", [(b"Content-Type: text/plain\r\n", b"abuse"), (b"Content-Type: message/feedback-report\r\n", b"Feedback-Type: abuse\r\n"), returned], b"; report-type=feedback-report"), report=None)

(HERE / "expected.json").write_text(json.dumps(CASES, ensure_ascii=False, indent=1) + "\n")
print(len(CASES), "samples")
