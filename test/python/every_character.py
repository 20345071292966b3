# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Texts with every kind of character, for tokenizer and parity tests."""

import random
import sys
import unicodedata

LINES = [
    "",
    " ",
    "Hello, world!",
    " leading and trailing ",
    "it's we'll I'VE they'd 'tis o'clock CAN'T",
    "x = 3.14159; y=1e-9  z  =  12345678 0042 1,234,567.89",
    "a1b22c333d4444 2024-01-01T12:34:56Z v1.2.3 #42 50%",
    "١٢٣ ۴۵۶ १२३ ๑๒๓ ½ ² ₃ Ⅷ ㊿ 一二三",
    "tabs\t\tand\nnew\n\nlines\r\nand\r\rreturns \n \n  mixed\n\n\n  end",
    "runs of" + " " * 2 + "two" + " " * 3 + "three" + " " * 17 + "many 1",
    "\u00a0\u2002\u2003\u2009\u202f\u3000nbsp and other spaces\u2028\u2029",
    "def f(x):\n    if x > 0:\n\treturn {'a': [1, 2]}\n    # note\n",
    "for (int i = 0; i < n; ++i) { a[i] <<= 2; } // ->*::&&||!=~^%$@",
    '{"key": "va\\"lue", "n": null, "list": [1.5e+10, true]}',
    "<html><body class=\"x\">&nbsp;&#x27;</body></html>",
    "https://example.org/path?q=a%20b&c=d#frag user@example.org C:\\dir",
    "français œuvre Ærøskøbing naïve Straße ŁÓDŹ İstanbul ŉ ﬁ ǆ",
    "Ελληνικά Ἀθῆναι Русский Ёж Українська Հայերեն ქართული",
    "עברית שָׁלוֹם العربية مَرْحَبًا فارسی اردو",
    "हिन्दी বাংলা தமிழ் తెలుగు ಕನ್ನಡ മലയാളം ગુજરાતી ਪੰਜਾਬੀ සිංහල",
    "ภาษาไทย ລາວ မြန်မာ ភាសាខ្មែរ བོད་སྐད་ አማርኛ",
    "中文字符，漢字。日本語ひらがなカタカナー ｶﾀｶﾅ 한국어 한국어",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝒳 𐍈𐌰 𓀀𓂀 𠀀𪚥 🄰 ①",
    "e\u0301 n\u0303 a\u030a\u0323 Z\u0351\u036b\u0343 \u0301alone",
    "👋🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇯🇵 1️⃣ ❤️ 🧑🏿‍🚀 ☺︎ 🫠",
    "zero\u200bwidth\u200djoin\u200c \u2060 \ufeffbom \u00adsoft",
    "\u202eright to left\u202c \u2066isolate\u2069",
    "".join(map(chr, range(0x20))) + "\x7f\x80\x85\x9f",
    "replacement \ufffd private \ue000 \U000f0000 last \U0010fffd",
    "—–-‐‑‒ “quotes” ‘single’ «guillemets» … ‰ № ™ © ∑∫√∞≠ ←↑→ ░▒▓█",
    "\u2581lower block \u2581\u2581 Ġ Ċ ĉ Ã¢ literal",
    "<0x0A><0xFF> <unk> <s> </s> <pad> [MASK] [UNK]",
    "<|im_start|>user\nhi<|im_end|>\n<|endoftext|><|im_start|>",
    "<|im_start |> <|im_ start|><|IM_START|> <|endoftext|",
    "  <|im_end|>  7  <|im_end|>x",
    "WORD Word wOrD MixedCASE snake_case kebab-case CamelCase1Two",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "!!!??...,,,;;;:::---___===+++***///",
]


def random_texts(count: int, seed: int) -> list[str]:
    """Texts drawn from all assigned characters, mixed with common ones."""
    source = random.Random(seed)
    assigned = [
        chr(c)
        for c in range(sys.maxunicode + 1)
        if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co")
    ]
    common = "  \n\t0123456789 etaoinshrdlu ETAOIN.,'-<|>"
    texts = []
    for _ in range(count):
        length = source.randrange(1, 60)
        texts.append(
            "".join(
                source.choice(assigned if source.random() < 0.5 else common)
                for _ in range(length)
            )
        )
    return texts


def all_texts() -> list[str]:
    return [*LINES, "\n".join(LINES), *random_texts(120, seed=7)]
