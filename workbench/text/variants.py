"""Ways of writing one word that conversion to simplified leaves apart.

Made for this project: variant characters that OpenCC's t2s lets through, and words that dictionaries list as two
spellings of one entry. Same sound, same meaning; each was seen to come through t2s unmerged. Words that only sound
alike (的/地/得, 他/她, 作/做, 记录/纪录) are not here: they are errors.

Applied after t2s, so keys are written as t2s leaves them. `VERSION` is raised with every change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

VERSION = 1

# Pairs: the variant, then what it is counted as.
CHARACTERS = """
妳你 牠它 著着 衞卫 衹只 祇只 枱台 粧妆 糭粽 簷檐 敍叙 痺痹 睪睾 馀余 邨村 囘回 艶艳 韮韭 躭耽 躱躲 逈迥 閙闹 隣邻
頼赖 餠饼 騐验 靑青 鄕乡 淸清 朶朵 氷冰 涖莅 犂犁 畧略 皷鼓 紥扎 縂总 翺翱 翶翱 聼听 脇胁 覇霸 賸剩 蘂蕊 裠裙 倣仿
廻回 隷隶 吿告 兎兔 煑煮 窓窗 牕窗 胷胸 嬭奶 疎疏 踈疏 糢模 妬妒 罸罚 耡锄 鉏锄 茘荔 菓果 蔕蒂 蕚萼 觔斤 輭软 遯遁
醻酬 銲焊 釬焊 韈袜 顋腮 餽馈 鴈雁 鶏鸡 鬪斗 鬦斗 雑杂 痲麻 攷考 栢柏 欵款 湼涅 猨猿 蝯猿 盌碗 穉稚 竝并 籐藤 緐繁
羗羌 肐胳 袴裤 閧哄 畊耕 蝋蜡 亱夜 恠怪 峩峨 慙惭 摀捂 搥捶 覩睹 葢盖 蹧糟 啣衔 呪咒 姪侄 寃冤 悳德 憇憩 晣晰 暱昵
濬浚 烱炯 煖暖 甦苏 疋匹 砦寨 秔粳 窰窑 臙胭 舩船 蠏蟹 裵裴 褏袖 觝抵 豓艳 貎貌 躶裸 迺乃 鎗枪 鑛矿 靭韧 靣面 飮饮
餹糖 騣鬃 髥髯 鵶鸦 鼃蛙 嘷嚎 徧遍 凴凭 剏创 喆哲 噐器 垜垛 埜野 墖塔 壻婿 聟婿 姙妊 寳宝 尅克 廐厩 彜彝 徃往 恊协
悮误 戯戏 挵弄 揷插 搨拓 摃扛 擕携 敂叩 昬昏 暎映 朞期 枏楠 柹柿 栰筏 楳梅 櫈凳 毬球 氊毡 滛淫 濶阔 牓榜 甎砖 瘖喑
瞇眯 硏研 碪砧 穤糯 竢俟 筞策 箒帚 籖签 繖伞 罇樽 肧胚 脗吻 膓肠 蔆菱 蘓苏 虵蛇 蚘蛔 蠧蠹 衇脉 襃褒 觕粗 詧察 誖悖
锺钟 謌歌 趂趁 軰辈 迯逃 逰游 銕铁 鏁锁 阬坑 隄堤 鞵鞋 顦憔 飃飘 饝馍 髈膀 髩鬓 鵞鹅 鼈鳖
"""

# Words: the variant=what it is counted as. The characters above are folded already.
WORDS = """
甚么=什么 身分=身份 部份=部分 成份=成分 充份=充分 过份=过分 水份=水分 养份=养分 缘份=缘分 想像=想象 好象=好像
其它=其他 帐户=账户 帐号=账号 帐单=账单 帐目=账目 帐本=账本 结帐=结账 转帐=转账 记帐=记账 入帐=入账 付帐=付账
算帐=算账 坏帐=坏账 买帐=买账 企画=企划 惟一=唯一 惟有=唯有 惟独=唯独 惟恐=唯恐 倒楣=倒霉 摹仿=模仿 座落=坐落
钮扣=纽扣 英呎=英尺 英吋=英寸 家俱=家具 笔划=笔画 希罕=稀罕 人材=人才 担误=耽误 浑沌=混沌 倘佯=徜徉 搀杂=掺杂
疙搭=疙瘩 沈淀=沉淀 沈没=沉没 沈着=沉着 沈闷=沉闷 下沈=下沉 胡涂=糊涂 含胡=含糊 蒙胧=朦胧 恍忽=恍惚
"""


def character_table(pairs: str = CHARACTERS) -> dict[int, str]:
    """For `str.translate`."""
    return {ord(pair[0]): pair[1] for pair in pairs.split()}


def word_table(pairs: str = WORDS) -> dict[str, str]:
    """Longer spellings by shorter or other ones."""
    return {variant: word for variant, _, word in (pair.partition("=") for pair in pairs.split())}


def word_pattern(words: Iterable[str] | None = None) -> re.Pattern[str]:
    """Finds every given word, the longest first; the keys of `word_table` where none are given."""
    keys = word_table() if words is None else words
    return re.compile("|".join(sorted(map(re.escape, keys), key=len, reverse=True)))
