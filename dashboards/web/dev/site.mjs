// DEVELOPMENT ONLY, never part of dist. The demonstration site in words, as the gateway would
// describe it: areas, requirements, devices, points. Values come from plant.mjs.

const text = (zh, en) => ({ zh, en });
const MIN = 60;

export const site = {
  id: "demo",
  name: text("维尔示范院区", "Weir demonstration campus"),
  time_zone: "Asia/Shanghai",
  version: "0.1.0-mock",
  config_hash: "9f2c41d7a6e05b3c88d1f4407ab93e6152c0d9ee71a2b4f36c58e0d1927fba64",
};

/** id, area, pack, title, clause, confidence, limit, points, extras */
function requirement(area, id, pack, title, clause, confidence, limit, points, extra = {}) {
  return {
    area, id, pack, title, clause, confidence, limit, points,
    low: null, high: null, warning: false, priority: "medium", interval: "",
    cause: text("加药泵停运、药剂耗尽，或流量突增超过加药能力。", "Dosing pump stopped, chemical used up, or a surge beyond the dosing capacity."),
    consequence: text("消毒不充分，病原体可能随出水排放。", "Disinfection is insufficient; pathogens may leave with the effluent."),
    response: text("检查加药泵与药剂液位，手动补加，并用便携式仪器复测。", "Check the dosing pump and the chemical level, dose by hand, and confirm with a portable instrument."),
    respond_within_secs: 30 * MIN,
    ...extra,
  };
}

const ww = "gb18466-2005@1";
const pool = "gb37488-2019@1";
const cups = "lodging-cups@1";
const xray = "gbz130-2020@1";
const mgL = (words) => text(`${words.replace(" to ", "～")} mg/L`, `${words} mg/L`);

export const requirements = [
  requirement("effluent", "trc-contact", ww, text("接触池出口总余氯", "Total residual chlorine at the contact tank outlet"), "GB 18466-2005 表1、表2 注（工艺控制要求）；小时均值为本系统口径", "V", mgL("3 to 10"), ["trc-1.total_residual_chlorine"], { low: 3, high: 10, interval: "[3, 10]", priority: "high" }),
  requirement("effluent", "trc-outfall", ww, text("总排口总余氯", "Total residual chlorine at the final outfall"), "表 2，注 2", "V", mgL("≤ 0.5"), ["trc-2.total_residual_chlorine"], { high: 0.5, interval: "≤ 0.5" }),
  requirement("effluent", "contact-time", ww, text("消毒接触时间", "Disinfection contact time"), "4.1.3", "V", text("≥ 60 min（池容 14 m³）", "≥ 60 min (tank of 14 m³)"), ["flow-1.flow", "trc-1.total_residual_chlorine"], { interval: "at least 60 min" }),
  requirement("effluent", "ph", ww, text("总排口 pH", "pH at the final outfall"), "表 2", "V", text("6～9", "6 to 9"), ["ph-1.ph"], { low: 6, high: 9, interval: "[6, 9]" }),
  requirement("effluent", "cod-day", ww, text("化学需氧量日均值", "Daily mean of COD"), "表 2", "V", mgL("≤ 60"), ["cod-1.cod"], { high: 60, interval: "≤ 60" }),
  requirement("effluent", "trc-contact-warning", ww, text("接触池出口总余氯预警", "Total residual chlorine at the contact tank outlet, warning"), "限值同 GB 18466-2005 表1、表2 注；持续 10 min 为本系统口径", "V", mgL("3 to 10"), ["trc-1.total_residual_chlorine"], { low: 3, high: 10, warning: true, interval: "[3, 10]", priority: "low" }),
  requirement("effluent", "cod-now", ww, text("化学需氧量瞬时偏高", "COD momentarily high"), "表 2", "V", mgL("≤ 60"), ["cod-1.cod"], { high: 60, warning: true, interval: "≤ 60", priority: "low" }),

  requirement("pool", "free-chlorine", pool, text("游离性余氯", "Free chlorine"), "4.4.1 表 4", "V", mgL("0.3 to 1"), ["pool-1.free_chlorine"], { low: 0.3, high: 1, interval: "[0.3, 1]" }),
  requirement("pool", "combined-chlorine", pool, text("化合性余氯", "Combined chlorine"), "4.4.1 表 4", "V", mgL("≤ 0.4"), ["pool-1.combined_chlorine"], { high: 0.4, interval: "≤ 0.4" }),
  requirement("pool", "ph", pool, text("池水 pH", "Pool water pH"), "4.4.1 表 4", "V", text("7～7.8", "7 to 7.8"), ["pool-1.ph"], { low: 7, high: 7.8, interval: "[7, 7.8]" }),
  requirement("pool", "orp", pool, text("氧化还原电位", "Redox potential"), "4.4.1 表 4", "V", text("≥ 650 mV", "≥ 650 mV"), ["pool-1.orp"], { low: 650, interval: "≥ 650" }),
  requirement("pool", "turbidity", pool, text("浑浊度", "Turbidity"), "4.4.1 表 4", "V", text("≤ 1 NTU", "≤ 1 NTU"), ["turb-1.turbidity"], { high: 1, interval: "≤ 1" }),
  requirement("pool", "temperature", pool, text("池水温度（推荐）", "Water temperature (advisory)"), "4.4.1", "M-h", text("23～30 °C", "23 to 30 °C"), ["pool-1.temperature"], { low: 23, high: 30, warning: true, interval: "[23, 30]", priority: "low" }),

  requirement("lodging", "infrared-cycle", cups, text("红外消毒：125 °C 保持 15 min", "Infrared cycle: 125 °C for 15 min"), "住宿业卫生规范 附录", "V", text("≥ 125 °C，保持 15 min", "≥ 125 °C for 15 min"), ["cabinet-1.chamber_temperature", "cabinet-1.door_open"], { interval: "≥ 125" }),
  requirement("lodging", "infrared-cycle", cups, text("红外消毒：125 °C 保持 15 min", "Infrared cycle: 125 °C for 15 min"), "住宿业卫生规范 附录", "V", text("≥ 125 °C，保持 15 min", "≥ 125 °C for 15 min"), ["cabinet-2.chamber_temperature", "cabinet-2.door_open"], { interval: "≥ 125" }),

  requirement("radiology", "door-closed", xray, text("曝光时机房门关闭", "Door closed during exposure"), "6.4.5", "V", text("曝光时不得开门", "no exposure with the door open"), ["room-1.exposure", "room-1.door_open"], { priority: "high", interval: "closed" }),
  requirement("radiology", "lamp-on", xray, text("曝光时工作状态指示灯亮", "Warning lamp on during exposure"), "6.4.4", "V", text("曝光时必须亮灯", "lamp lit whenever exposing"), ["room-1.lamp_on", "room-1.exposure"], { interval: "on" }),
  requirement("radiology", "dose-rate", xray, text("机房外周围剂量当量率", "Dose rate outside the room"), "6.3.1 b", "V", text("≤ 2.5 µSv/h", "≤ 2.5 µSv/h"), ["dose-1.dose_rate"], { high: 2.5, interval: "≤ 2.5", priority: "high" }),
];

const system = "weir-system@1";
const needs = (area, device, names) => requirement(area, "availability", system, text("设备数据可用", "The device delivers good data"), "Weir 自定：每个测点须有不超过其最长间隔的有效数据", "C", text("每个测点都有有效数据", "good data of every point"), names.map((name) => `${device}.${name}`), {
  interval: "good data of every point",
  cause: text("断电、通信线路松脱、网关与设备地址或波特率不符、仪表故障、维护或校准中", "Power failure, loose wiring, wrong address or baud rate, instrument fault, maintenance or calibration"),
  consequence: text("期间的合规性无法判定，不视为达标", "Nothing can be judged during that time, and nothing counts as compliant"),
  response: text("检查设备电源与通信；无法在 1 h 内恢复时改为人工检测并留存记录", "Check power and communication; if it cannot be restored within an hour, measure by hand and keep the record"),
  respond_within_secs: 60 * MIN,
});

const pack = (id, zh, en, source) => ({ id, version: "1", title: text(zh, en), source,
  effective_from: "2019-11-01", effective_to: null, seal: "builtin", signed_by: null, overrides: [] });

export const areas = [
  { id: "effluent", name: text("污水处理站", "Effluent treatment"), kind: "hospital_wastewater", class: { id: "general_direct", name: text("综合医疗机构，直接排放", "General hospital, direct discharge") }, opening_hours: [], packs: [pack("gb18466-2005", "医疗机构水污染物排放标准", "Discharge standard of water pollutants for medical organizations", "GB 18466-2005")] },
  { id: "pool", name: text("游泳馆", "Swimming pool"), kind: "pool", class: null, opening_hours: ["mon-sun 06:00-22:00"], packs: [pack("gb37488-2019", "公共场所卫生指标及限值要求", "Hygienic indicators and limits for public places", "GB 37488-2019")] },
  { id: "lodging", name: text("住宿部消毒间", "Lodging disinfection room"), kind: "lodging", class: null, opening_hours: [], packs: [pack("lodging-cups", "住宿业卫生规范：杯具消毒", "Hygiene code for lodging: cup disinfection", "卫监督发〔2007〕221 号")] },
  { id: "radiology", name: text("放射科", "Radiology"), kind: "radiation", class: { id: "ct", name: text("CT 机房", "CT room") }, opening_hours: [], packs: [pack("gbz130-2020", "放射诊断放射防护要求", "Requirements for radiological protection in diagnostic radiology", "GBZ 130-2020")] },
];

const device = (id, zh, en, profile, link, transport, unit_id, area, role, scan, points) => ({ id, name: text(zh, en), profile, link, transport, unit_id, area, role, scan_interval_ms: scan, points });
/** As the engine has it: one requirement of the system for each device. */
function bindAvailability() {
  for (const d of devices.filter((one) => one.id !== "well-1")) requirements.push(needs(d.area, d.id, d.points));
}
const rtu = ["rs485-1", "modbus rtu /dev/ttyUSB0 9600"];
const tcp = ["plant-tcp", "modbus tcp 127.0.0.1:5020"];
const rad = ["radiology-tcp", "modbus tcp 127.0.0.1:5021"];
const http = ["modem-http", "http"];
const gprs = ["gprs", "modbus dial-in 0.0.0.0:5030"];
const mqtt = ["broker", "mqtt 127.0.0.1:1883"];

export const devices = [
  device("trc-1", "接触池余氯仪", "Contact tank chlorine analyser", "generic-residual-chlorine", ...rtu, 3, "effluent", "contact_tank_outlet", 5000, ["total_residual_chlorine", "temperature"]),
  device("trc-2", "总排口余氯仪", "Outfall chlorine analyser", "generic-residual-chlorine", ...rtu, 4, "effluent", "final_outfall", 5000, ["total_residual_chlorine", "temperature"]),
  device("ph-1", "总排口 pH 计", "Outfall pH meter", "generic-ph", ...rtu, 5, "effluent", "final_outfall", 5000, ["ph", "temperature"]),
  device("flow-1", "总排口流量计", "Outfall flow meter", "generic-flow-meter", ...tcp, 1, "effluent", "final_outfall", 5000, ["flow", "volume_total"]),
  device("cod-1", "COD 分析仪", "COD analyser", "generic-cod-analyser", ...tcp, 2, "effluent", "final_outfall", 60000, ["cod"]),
  device("pool-1", "泳池水质控制器", "Pool controller", "generic-pool-controller", ...tcp, 10, "pool", "pool_water", 5000, ["free_chlorine", "combined_chlorine", "ph", "orp", "temperature"]),
  device("turb-1", "浊度仪", "Turbidity meter", "generic-turbidity-meter", ...tcp, 11, "pool", "pool_water", 5000, ["turbidity"]),
  device("cabinet-1", "1 号消毒柜", "Disinfection cabinet 1", "generic-disinfection-cabinet", ...mqtt, null, "lodging", "cup_disinfection", 10000, ["chamber_temperature", "door_open", "heater_power"]),
  device("cabinet-2", "2 号消毒柜", "Disinfection cabinet 2", "generic-disinfection-cabinet", ...mqtt, null, "lodging", "cup_disinfection", 10000, ["chamber_temperature", "door_open", "heater_power"]),
  device("steam-1", "1 号压力蒸汽灭菌器", "Steam sterilizer 1", "generic-steam-sterilizer", ...http, null, "lodging", "cup_disinfection", 10000, ["phase", "chamber_temperature"]),
  device("room-1", "1 号机房门灯联锁", "Room 1 interlock", "generic-room-interlock", ...rad, 20, "radiology", "xray_room", 1000, ["door_open", "lamp_on", "exposure"]),
  device("dose-1", "机房外剂量率仪", "Area radiation monitor", "generic-area-radiation-monitor", ...rad, 21, "radiology", "outside_room", 1000, ["dose_rate"]),
  device("well-1", "调节池液位计", "Equalisation tank level", "generic-level", ...gprs, 1, "effluent", "final_outfall", 60000, ["level"]),
];

bindAvailability();

/** name, unit, decimals, range */
const kinds = {
  total_residual_chlorine: [text("总余氯", "Total residual chlorine"), "mg/L", 2, [0, 20]],
  temperature: [text("水温", "Water temperature"), "°C", 1, [0, 50]],
  ph: [text("pH", "pH"), "1", 2, [0, 14]],
  flow: [text("流量", "Flow"), "m³/h", 1, [0, 40]],
  volume_total: [text("累计流量", "Total volume"), "m³", 0, null],
  cod: [text("化学需氧量", "COD"), "mg/L", 0, [15, 2000]],
  free_chlorine: [text("游离性余氯", "Free chlorine"), "mg/L", 2, [0, 5]],
  combined_chlorine: [text("化合性余氯", "Combined chlorine"), "mg/L", 2, [0, 5]],
  orp: [text("氧化还原电位", "Redox potential"), "mV", 0, [0, 1000]],
  turbidity: [text("浑浊度", "Turbidity"), "NTU", 2, [0, 10]],
  chamber_temperature: [text("柜内温度", "Chamber temperature"), "°C", 1, [0, 250]],
  door_open: [text("门", "Door"), "1", 0, null],
  heater_power: [text("加热功率", "Heater power"), "W", 0, [0, 3000]],
  lamp_on: [text("工作状态指示灯", "Warning lamp"), "1", 0, null],
  exposure: [text("曝光", "Exposure"), "1", 0, null],
  level: [text("液位", "Level"), "m", 2, [0, 5]],
  phase: [text("灭菌阶段", "Phase"), "1", 0, null],
  dose_rate: [text("周围剂量当量率", "Ambient dose rate"), "µSv/h", 2, [0.05, 10000]],
};

const states = {
  phase: [
    ["待机", "Idle"],
    ["脉动真空", "Pulsing vacuum"],
    ["升温", "Heating"],
    ["灭菌", "Sterilizing"],
    ["排汽", "Exhaust"],
    ["干燥", "Drying"],
    ["结束", "Finished"],
  ].map(([zh, en], value) => ({ value, name: text(zh, en) })),
};

export const booleans = new Set(["door_open", "lamp_on", "exposure"]);

export const points = devices.flatMap((d) =>
  d.points.map((parameter) => {
    const id = `${d.id}.${parameter}`;
    const [name, unit, decimals, range] = kinds[parameter];
    const limits = requirements
      .filter((r) => r.area === d.area && r.points[0] === id && (r.low !== null || r.high !== null))
      .map((r) => ({ requirement: r.id, low: r.low, high: r.high, warning: r.warning }));
    return { id, device: d.id, area: d.area, role: d.role, parameter, name, unit, kind: booleans.has(parameter) ? "boolean" : "number", decimals, range, states: states[parameter] ?? [], stale_after_ms: Math.max(3 * d.scan_interval_ms, 5000), limits };
  }),
);

/** Adds devices with one point each, to see what many points cost the browser. */
export function addLoad(count) {
  if (count <= points.length) return;
  const area = { id: "load", name: text("负载试验", "Load test"), kind: "pool", class: null, opening_hours: [], packs: [] };
  areas.push(area);
  for (let n = points.length; n < count; n += 1) {
    const d = device(`load-${n}`, `试验 ${n}`, `Load ${n}`, "generic-ph", ...tcp, 100, "load", "pool_water", 1000, ["ph"]);
    devices.push(d);
    points.push({ id: `${d.id}.ph`, device: d.id, area: "load", role: d.role, parameter: "ph", name: text("pH", "pH"), unit: "1", kind: "number", decimals: 2, range: [0, 14], states: [], stale_after_ms: 5000, limits: [{ requirement: "none", low: 6, high: 9, warning: false }] });
  }
}
