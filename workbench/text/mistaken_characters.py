"""Characters that sound alike in Mandarin and are mistaken for each other: 的, 地 and 得; 在 and 再.

Rules on the words beside them, for what is nearly always a mistake. What depends on the sense of the sentence
(他说的很对) is left alone: a correction that is wrong costs a reader more than one that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Found = tuple[int, int, str, str]

# Adverbs of manner that are said with 地 before a verb. Doubled ones are found by their shape.
_MANNER = (
    "仔细|认真|努力|高兴|开心|快速|迅速|不断|不停|逐渐|渐渐|慢慢|悄悄|偷偷|轻轻|静静|默默|匆匆|缓缓|狠狠|紧紧|深深|远远|好好|细细|"
    "牢牢|呆呆|痴痴|苦苦|频频|徐徐|微微|急急忙忙|高高兴兴|认认真真|仔仔细细|清清楚楚|安安静静|慌慌张张|大声|小声|耐心|热情|激动|"
    "愤怒|积极|主动|自觉|顺利|成功|严格|直接|间接|简单|有效|大力|全面|充分|深入|广泛|不由自主|目不转睛|聚精会神|一步一步|"
    "仔細|認真|開心|不斷|逐漸|漸漸|輕輕|靜靜|緩緩|緊緊|遠遠|細細|頻頻|急急忙忙|高高興興|認認真真|仔仔細細|安安靜靜|慌慌張張|"
    "大聲|小聲|熱情|激動|憤怒|積極|主動|自覺|順利|嚴格|間接|簡單|充分|深入|廣泛|聚精會神"
)
# Verbs that do not read as nouns after 的.
_VERB = (
    "说着|说道|说|看着|看了|看|走着|走|跑|听|问|站|坐|笑着|笑|哭|想|拿|放|推|拉|打开|关|吃|喝|写|读|唱|跳|喊|叫|等|盯|望|告诉|"
    "回答|离开|走进|走出|变|增加|减少|提高|完成|解决|处理|进行|分析|检查|思考|讨论|推进|开展|参与|参加|執行|执行|"
    "說|聽|問|開|寫|讀|離開|告訴|走進|變|減少|解決|處理|進行|檢查|討論|推進|開展|參與|參加"
)
# Verbs of one character and a few others whose result is told after 得, and what tells it.
_TOLD_VERB = (
    "跑|走|飞|飛|跳|唱|睡|起|来|來|长|長|变|變|过|過|病|哭|笑|累|忙|玩|学|學|听|聽|打扫|打掃|"
    "表现|表現|进步|進步|准备|準備"
)
_TOLD = (
    "(?:很|太|非常|特别|特別|十分|挺|真|好|更|最|越来越|越來越|比较|比較|不太|不够|不夠)"
    "(?:快|慢|好|早|晚|高|远|遠|久|清楚|干净|乾淨|开心|開心|"
    "厉害|厲害|漂亮|認真|认真|充分|顺利|順利|棒|差|累)(?![的了]?(?:人|事|时候|時候|地方|东西|東西))"
)

_PARTICLES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(f"(?:(?:{_MANNER})|([一-鿿])\\1([一-鿿])\\2)(的)(?={_VERB})"),
        "地",
        "how something is done, before a verb",
    ),
    (
        re.compile(f"(?:{_TOLD_VERB})([的地])(?={_TOLD})"),
        "得",
        "how it turned out, after a verb",
    ),
    (re.compile("(?<=[来來起过過])[的地](?=及(?!时|時|格|其))"), "得", "来得及"),
    (
        re.compile("(?<=[觉覺记記懂认認显顯晓曉值使])[的地](?=(?:我|你|他|她|它|这|這|那|很|有|好|自己|应|應|出|一))"),
        "得",
        "part of the verb",
    ),
)
_ZAI: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile("在见(?![^\\w]|$)(?=[了吧啦])|在[见見](?=[，。！？!?,.\\s]|$)"), "再", "再见"),
    (
        re.compile("(?<![正就还還都不现現存所实實内內外])在(?=(?:来|來|说|說|试|試|看|听|聽|做|读|讀)一[次遍])"),
        "再",
        "once more",
    ),
    (re.compile("(?<=一)在(?=(?:强调|強調|要求|表示|提醒|说明|說明|发生|發生|出现|出現|拖延))"), "再", "一再"),
    (re.compile("(?<=不)在(?=(?:需要|使用|相信|重复|重複|继续|繼續|犯|有))"), "再", "no longer"),
    (re.compile("(?<=正)再(?=[一-鿿])"), "在", "正在"),
    (re.compile("(?<=现|現|存|所|实|實)再"), "在", "part of the word"),
    (
        re.compile(
            "再(?=(?:家里|家裡|家裏|这里|這裡|這裏|那里|那裡|那裏|哪里|哪裡|哪裏|北京|上海|香港|公司|学校|學校|中国|中國))(?!哪)"
        ),
        "在",
        "where",
    ),
)


def find_particles(text: str) -> Iterator[Found]:
    """的, 地 and 得 that are written for each other."""
    yield from _found(text, _PARTICLES, "的地得")


def find_zai(text: str) -> Iterator[Found]:
    """在 and 再 that are written for each other."""
    yield from _found(text, _ZAI, "在再")


def _found(text: str, rules: tuple[tuple[re.Pattern[str], str, str], ...], characters: str) -> Iterator[Found]:
    places: dict[int, Found] = {}
    for pattern, after, reason in rules:
        for match in pattern.finditer(text):
            place = next(place for place in range(match.end() - 1, match.start() - 1, -1) if text[place] in characters)
            places.setdefault(place, (place, place + 1, after, reason))
    yield from (places[place] for place in sorted(places))
