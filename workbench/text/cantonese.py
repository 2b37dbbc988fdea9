"""Ways of writing one spoken Cantonese word that Mandarin has no rule for.

Cantonese is written by ear: 畀, 俾 and 比 are one verb, 嚟 and 黎 one word in 返嚟. Made for this project from what
subtitles, forums and recognisers write; each pair shares a syllable (tests hold the tables against ToJyutping), tones
set aside. Folding is generous, so it is opt-in: only the ruler `yue` has this step. It never turns Cantonese into
Mandarin (嘅 stays 嘅).

Applied after t2s, so keys are written as t2s leaves them: 係 is 系 by then, 揾 is 搵's simplified form. `VERSION` is
raised with every change.
"""

from __future__ import annotations

from workbench.text.scripts import has_han
from workbench.text.steps import TextStep
from workbench.text.variants import character_table, word_pattern, word_table

VERSION = 1

# Pairs: the variant, then what it is counted as. 喺 (to be at) and 係 (to be) are two words with one syllable that
# writers mix up; a recogniser that writes one for the other heard the syllable.
CHARACTERS = """
噉咁 俾畀 喺系 嚹啦 喇啦 嘎㗎 噶㗎 啊呀 嗮晒 渠佢
"""

# The variant=what it is counted as; characters that are words of their own elsewhere (黎明, 左边, 土地, 野生).
WORDS = """
过黎=过嚟 出黎=出嚟 入黎=入嚟 返黎=返嚟 番黎=返嚟 翻黎=返嚟 落黎=落嚟
上黎=上嚟 起黎=起嚟 埋黎=埋嚟 黎紧=嚟紧 黎咗=嚟咗 黎到=嚟到
比我=畀我 比你=畀你 比佢=畀佢 比人=畀人 比面=畀面 比钱=畀钱 比咗=畀咗
我地=我哋 你地=你哋 佢地=佢哋 人地=人哋
乜野=乜嘢 咩野=咩嘢 呢样野=呢样嘢 样野=样嘢 啲野=啲嘢 食野=食嘢 买野=买嘢 做野=做嘢 讲野=讲嘢 件野=件嘢 好野=好嘢
依家=而家 宜家=而家 𠵱家=而家
番去=返去 翻去=返去 番嚟=返嚟 翻嚟=返嚟 番学=返学 番工=返工 番屋企=返屋企 翻屋企=返屋企
呢道=呢度 边道=边度 𠮶道=𠮶度
岩岩=啱啱 岩先=啱先 唔岩=唔啱 岩唔啱=啱唔啱
唔驶=唔使 驶唔驶=使唔使 使唔驶=使唔使
训觉=瞓觉 训教=瞓觉 瞓教=瞓觉 训着=瞓着
中意=钟意 痴线=黐线 系米=系咪
冇左=冇咗 做左=做咗 去左=去咗 食左=食咗 到左=到咗 返左=返咗 嚟左=嚟咗 黎左=嚟咗 买左=买咗 讲左=讲咗
"""

# What spoken Cantonese says, then the Mandarin characters that are written for it; as t2s leaves them.
REWRITTEN = """
系是 嘅的 咗了 哋们 佢他她它 唔不 冇没有 喺在 嚟来 畀给 俾给 呢这 𠮶那 啲些 咁这那么 噉这那 乜什么 咩什么 嘢事东西
睇看 食吃 饮喝 攞拿 揾找 谂想 仲还 瞓睡 啱对刚 攰累 话说
"""
WRITTEN_MANDARIN = {entry[0]: frozenset(entry[1:]) for entry in REWRITTEN.split()}

_CHARACTERS = character_table(CHARACTERS)
_WORDS = word_table(WORDS)
_WORD = word_pattern(_WORDS)


def fold_cantonese(text: str) -> str:
    """Spellings of one Cantonese word as one, by the tables of this module."""
    if not has_han(text):
        return text
    return _WORD.sub(lambda match: _WORDS[match[0]], text.translate(_CHARACTERS))


CANTONESE = TextStep(
    name="cantonese",
    version=VERSION,
    summary="Cantonese words written by ear, each in one way (咁/噉, 畀/俾, 返嚟/返黎, 係/喺)",
    apply=fold_cantonese,
    data=lambda: CHARACTERS + WORDS,
)
