//! Which model is of which kind: the chapters of the page on instruments.

/// A kind of instrument.
pub(crate) struct Class {
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
    /// The ids of its models.
    pub(crate) models: &'static [&'static str],
}

const fn class(zh: &'static str, en: &'static str, models: &'static [&'static str]) -> Class {
    Class { zh, en, models }
}

/// In the order of the page: water, flow, dosing, disinfection, radiation, and what serves all.
pub(crate) const CLASSES: &[Class] = &[
    class(
        "余氯分析仪",
        "Chlorine analysers",
        &[
            "generic-chlorine-duo",
            "generic-residual-chlorine",
            "xylem-cl500-free",
            "xylem-cl500-total",
        ],
    ),
    class(
        "pH 计",
        "pH meters",
        &["generic-ph", "hamilton-ph-arc", "supmea-sup-ph8001", "yosemitech-y532"],
    ),
    class("氧化还原电位计", "ORP meters", &["generic-orp"]),
    class("浊度仪", "Turbidity meters", &["generic-turbidity-meter"]),
    class("悬浮物测定仪", "Suspended solids meters", &["generic-suspended-solids", "hach-tss-sc"]),
    class("COD 分析仪", "COD analysers", &["generic-cod-analyser", "hach-uvas-sc"]),
    class("氨氮分析仪", "Ammonia nitrogen analysers", &["generic-ammonia-analyser"]),
    class(
        "溶解氧仪",
        "Dissolved oxygen meters",
        &["generic-dissolved-oxygen", "supmea-sup-do7013"],
    ),
    class("电导率仪", "Conductivity meters", &["generic-conductivity", "hach-3400-sc"]),
    class(
        "多参数水质探头",
        "Multi-parameter water probes",
        &["generic-water-quality-probe", "insitu-aqua-troll-400"],
    ),
    class(
        "泳池水质控制器",
        "Pool controllers",
        &[
            "evoqua-blu-sentinel-se",
            "generic-pool-controller",
            "seko-kontrol-800",
            "sugarvalley-neopool",
            "syclope-oditouch",
        ],
    ),
    class(
        "电磁流量计",
        "Electromagnetic flow meters",
        &["abb-aquamaster-3", "generic-flow-meter", "generic-magmeter-f64"],
    ),
    class("超声波流量计", "Ultrasonic flow meters", &["gf-u3000-v2", "tuf-2000m"]),
    class("明渠流量计", "Open-channel flow meters", &["generic-open-channel-flow-meter"]),
    class("水表", "Water meters", &["generic-water-meter"]),
    class("液位计", "Level meters", &["generic-level-meter", "keller-acculevel"]),
    class("加药计量泵", "Dosing pumps", &["generic-dosing-pump"]),
    class("二氧化氯发生器", "Chlorine dioxide generators", &["generic-chlorine-dioxide-generator"]),
    class("紫外线消毒器", "UV disinfection reactors", &["generic-uv-reactor"]),
    class("泄漏气体报警器", "Gas leak monitors", &["generic-gas-leak-monitor"]),
    class("压力蒸汽灭菌器", "Steam sterilizers", &["generic-steam-sterilizer"]),
    class("清洗消毒机", "Washer-disinfectors", &["generic-washer-disinfector"]),
    class("洗碗消毒机", "Disinfecting dishwashers", &["generic-dishwasher"]),
    class("消毒柜", "Disinfection cabinets", &["generic-disinfection-cabinet"]),
    class("温度探头", "Temperature probes", &["tasmota-ds18b20", "wirenboard-wb-m1w2"]),
    class("温湿度传感器", "Room climate sensors", &["xy-md02", "zigbee2mqtt-climate"]),
    class("布草 RFID 读取器", "Linen RFID readers", &["generic-rfid-linen-reader"]),
    class(
        "辐射剂量监测仪",
        "Radiation monitors",
        &["generic-area-radiation-monitor", "generic-xray-dose-monitor"],
    ),
    class(
        "门、灯、曝光触点",
        "Contacts of doors, lamps and exposures",
        &["generic-room-interlock", "moxa-iologik-e1210", "zigbee2mqtt-door-contact"],
    ),
    class("4–20 mA 输入模块", "Inputs of 4 to 20 mA", &["generic-analog-input-8"]),
    class(
        "电能表",
        "Power meters",
        &["abb-b23", "carlo-gavazzi-em24", "eastron-sdm120", "eastron-sdm630"],
    ),
    class("计量插座", "Metering plugs", &["shelly-gen2-plug", "tasmota-plug"]),
    class("Sparkplug B 节点", "Sparkplug B nodes", &["generic-sparkplug-node"]),
    class("单值文本传感器", "Plain-text sensors", &["generic-plain-sensor"]),
    class("阀门触点", "Contacts of valves", &["generic-discharge-valve"]),
    class(
        "泳池机房与人数",
        "Plant rooms and bathers of pools",
        &["generic-bather-counter", "generic-pool-plant"],
    ),
    class("浸泡消毒池", "Soaking basins", &["generic-soaking-basin"]),
    class("后装机", "Afterloaders", &["generic-afterloader"]),
    class(
        "人工检测与实验室",
        "Tests by hand and laboratories",
        &["generic-laboratory-water", "generic-manual-test-pool", "generic-manual-test-wastewater"],
    ),
    class(
        "灭菌记录",
        "Records of sterilization",
        &["generic-pack-register", "generic-sterilizer-record"],
    ),
    class(
        "放射记录",
        "Records of radiology",
        &["generic-radiology-register", "generic-worker-dosimeter"],
    ),
    class(
        "住宿记录",
        "Records of lodging",
        &[
            "generic-cup-room",
            "generic-cup-store",
            "generic-front-desk",
            "generic-guest-room",
            "generic-linen-store",
            "generic-soaking-record",
        ],
    ),
    class("泳池记录", "Records of pools", &["generic-foot-bath-record"]),
    class("泳池水质分析仪", "Pool analysers", &["generic-pool-analyser"]),
];
