//! Who takes part: three agents and two dozen customers. None of them exists.

/// An agent of the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgentName {
    pub(super) login: &'static str,
    pub(super) name: &'static str,
    pub(super) role: &'static str,
}

/// The people at the desk. The last one is played by the demo.
pub(super) const AGENTS: [AgentName; 3] = [
    AgentName { login: "hanako", name: "佐藤 花子", role: "agent" },
    AgentName { login: "taro", name: "鈴木 太郎", role: "supervisor" },
    AgentName { login: "misaki", name: "高橋 美咲", role: "agent" },
];

/// A customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    /// As LINE shows it.
    pub(super) name: &'static str,
    /// As they give it when they are asked.
    pub(super) full_name: &'static str,
    /// As they give it when they are asked; numbers that nobody has.
    pub(super) phone: &'static str,
}

const fn person(name: &'static str, full_name: &'static str, phone: &'static str) -> Person {
    Person { name, full_name, phone }
}

/// The customers, in the order in which they join.
pub(super) const CUSTOMERS: [Person; 24] = [
    person("山田 太一", "山田 太一", "090-0000-0101"),
    person("ゆき❄️", "中村 由紀", "080-0000-0102"),
    person("小林 健", "小林 健", "090-0000-0103"),
    person("Aoi", "加藤 葵", "070-0000-0104"),
    person("吉田 恵子", "吉田 恵子", "03-0000-0105"),
    person("けんちゃん", "渡辺 健太", "090-0000-0106"),
    person("伊藤 さくら", "伊藤 さくら", "080-0000-0107"),
    person("髙橋 一郎", "髙橋 一郎", "045-000-0108"),
    person("mika🌷", "山本 美香", "070-0000-0109"),
    person("松本 大輔", "松本 大輔", "090-0000-0110"),
    person("Naoko", "井上 直子", "080-0000-0111"),
    person("みなと商店", "港 誠（みなと商店）", "06-0000-0112"),
    person("木村 拓", "木村 拓", "090-0000-0113"),
    person("はるか", "林 遥", "080-0000-0114"),
    person("清水 隆", "清水 隆", "052-000-0115"),
    person("Yuta", "山崎 雄太", "070-0000-0116"),
    person("森 千夏", "森 千夏", "090-0000-0117"),
    person("りん🍎", "池田 凛", "080-0000-0118"),
    person("橋本 修", "橋本 修", "092-000-0119"),
    person("Emi", "石川 恵美", "090-0000-0120"),
    person("前田 翔", "前田 翔", "070-0000-0121"),
    person("ふじたパン", "藤田 光（ふじたパン）", "011-000-0122"),
    person("岡田 真由", "岡田 真由", "080-0000-0123"),
    person("Tomo", "長谷川 智", "090-0000-0124"),
];
