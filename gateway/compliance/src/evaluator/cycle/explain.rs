//! How the verdict on a cycle is explained: how long what was held, and why not longer.

use super::{Cycle, HoldCycle, conditions::NO_STEAM_K, plateau::Stats};
use crate::{evaluator::explain::text, wording};
use core::time::Duration;
use weir_domain::{Text, Timestamp, Unit, Verdict};

impl HoldCycle {
    pub(super) fn explain(&self, cycle: &Cycle, to: Timestamp, verdict: Verdict) -> Text {
        let settings = &self.settings;
        let (limits, unit) = (settings.limits(), settings.input.unit);
        let when = wording::stretch(cycle.from, to, &self.time_zone);
        let held = wording::duration(cycle.surely.longest());
        let needed = wording::duration(settings.hold);
        let limit = format!("{}{}", limits.interval(), unit.suffix());
        let highest = cycle.highest.map(|highest| limits.number(highest, unit));
        let highest = highest.unwrap_or_else(|| "-".into());
        let covered = wording::coverage(wording::share(cycle.good, to.since(cycle.from)));
        let enough = cycle.surely.longest() >= settings.hold;
        let (zh, en) = match verdict {
            _ if enough => (format!("达到 {needed}"), format!("{needed} needed")),
            Verdict::Compliant | Verdict::NonCompliant => {
                (format!("不足 {needed}"), format!("less than {needed}"))
            }
            Verdict::Indeterminate => (
                format!("数据或门状态缺失，无法判定是否达到 {needed}"),
                format!("data or door state missing, {needed} cannot be judged"),
            ),
        };
        let plateau = cycle.plateau.longest().map(|stats| self.plateau(stats));
        let plateau = plateau.unwrap_or(text("", ""));
        let why = self.why(cycle, verdict);
        text(
            format!(
                "{when} {limit} 最长保持 {held}{}，{zh}{}；最高 {highest}；{}",
                plateau.zh, why.zh, covered.zh
            ),
            format!(
                "{when} longest hold {limit} {held}{}, {en}{}; highest {highest}; {}",
                plateau.en, why.en, covered.en
            ),
        )
    }

    /// When it was held, and what was measured then.
    fn plateau(&self, stats: &Stats) -> Text {
        let settings = &self.settings;
        let mut parts = vec![wording::stretch(stats.from, stats.to, &self.time_zone)];
        let range = |(least, most): (f64, f64), unit: Unit| {
            format!("{least:.1} ~ {most:.1}{}", unit.suffix())
        };
        parts.extend(stats.value.map(|value| range(value, settings.input.unit)));
        if let Some(pressure) = &settings.pressure {
            parts.extend(stats.pressure.map(|range_of| range(range_of, pressure.unit)));
        }
        parts.extend(stats.superheat.map(|kelvin| format!("T-Tsat {kelvin:+.1} K")));
        text(format!("（{}）", parts.join("，")), format!(" ({})", parts.join(", ")))
    }

    /// What else was wrong with the cycle, or is not known of it.
    fn why(&self, cycle: &Cycle, verdict: Verdict) -> Text {
        let mut all = Vec::new();
        let mut lasted = |millis: u64, zh: String, en: &str| {
            if millis > 0 && verdict != Verdict::Compliant {
                let length = wording::duration(Duration::from_millis(millis));
                all.push(text(format!("{zh} {length}"), format!("{en} for {length}")));
            }
        };
        let faults = &cycle.faults;
        lasted(faults.over, "超出上限".into(), "above the band");
        lasted(faults.pressure, "压力超出范围".into(), "pressure outside its band");
        let superheat = faults.superheat.filter(|kelvin| kelvin.abs() < NO_STEAM_K);
        let off = superheat.map(|kelvin| format!(" ({kelvin:+.1} K)")).unwrap_or_default();
        let (zh, en) = (format!("蒸汽非饱和{off}"), format!("steam not saturated{off}"));
        lasted(faults.steam, zh, &en);
        lasted(faults.open, "门开".into(), "door open");
        if let (Some(spec), Some(counted)) = (self.settings.pulses, cycle.pulses)
            && (counted.pulses < spec.at_least || verdict == Verdict::Compliant)
        {
            let (found, needed) = (counted.pulses, spec.at_least);
            all.push(text(
                format!("预真空脉动 {found}/{needed} 次"),
                format!("{found} of {needed} vacuum pulses"),
            ));
        }
        if !cycle.power.yes {
            all.push(match cycle.power.unknown {
                true => text("不知有无加热", "power unknown"),
                false => text("未见加热功率", "no power seen"),
            });
        }
        if cycle.program.is_none() {
            all.push(text("程序不明", "program unknown"));
        }
        text(
            all.iter().map(|why| format!("；{}", why.zh)).collect::<String>(),
            all.iter().map(|why| format!("; {}", why.en)).collect::<String>(),
        )
    }
}
