//! Areas: their kind, class, packs and opening hours.

use super::{Check, name_or_id};
use crate::read::{Raw, RawArea, RawTrust};
use crate::{Area, FacilityKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_compliance::{Pack, Schedule, Seal};
use weir_profiles::form::Found;

/// The packs about the gateway's own duties: seeing to it that there are data, and that they may be
/// believed. The application puts them on every area.
pub const SYSTEM_PACKS: &[&str] = &["weir-system", "weir-validity"];

impl Check<'_, '_> {
    pub(super) fn areas(&self, raw: &Raw) -> Vec<Option<Area>> {
        self.unique("area", raw.areas.iter().filter_map(|area| area.id.as_ref()));
        raw.areas.iter().map(|area| self.area(area, raw)).collect()
    }

    fn area(&self, raw: &RawArea, all: &Raw) -> Option<Area> {
        let kind = self.kind(raw, all);
        let packs = self.packs(raw, all);
        let schedule = self.schedule(raw);
        let class_ok = packs.as_ref().is_none_or(|packs| self.class_is_known(raw, packs));
        if kind == Some(FacilityKind::Pool) && raw.opening_hours.is_none() {
            let hint = "add opening_hours = [\"mon-sun 06:00-22:00\"]";
            self.warnings.hint(
                &raw.spot,
                "a pool without `opening_hours` is judged around the clock",
                hint,
            );
        }
        let id = raw.id.as_ref()?;
        let (opening_hours, schedule) = schedule?;
        class_ok.then_some(())?;
        let packs = packs?;
        Some(Area {
            id: id.value.clone(),
            name: name_or_id(raw.name.as_ref(), &id.value),
            kind: kind?,
            class: raw.class.as_ref().map(|class| class.value.clone()),
            facts: self.facts(raw, &packs)?,
            packs,
            contact_tank_m3: raw.contact_tank_m3,
            opening_hours,
            schedule,
        })
    }

    /// The area's own kind, or the site's.
    fn kind(&self, raw: &RawArea, all: &Raw) -> Option<FacilityKind> {
        if raw.has_kind {
            return raw.kind.as_ref().map(|kind| kind.value);
        }
        let site = all.site.as_ref()?;
        if !site.has_kind {
            let words: Vec<_> = FacilityKind::WORDS.iter().map(|(word, _)| *word).collect();
            let hint = format!("one of: {}; or give the site a kind", words.join(", "));
            self.errors.hint(&raw.spot, "missing key `kind`", hint);
        }
        site.kind.as_ref().map(|kind| kind.value)
    }

    fn packs(&self, raw: &RawArea, all: &Raw) -> Option<Vec<Arc<Pack>>> {
        let mut packs: Vec<Arc<Pack>> = Vec::with_capacity(raw.packs.len());
        let mut whole = true;
        for name in &raw.packs {
            if SYSTEM_PACKS.contains(&name.value.as_str()) {
                let problem =
                    format!("the pack \"{}\" applies to every area by itself", name.value);
                self.errors.hint(&name.spot, problem, "leave it out");
                whole = false;
                continue;
            }
            let Some(pack) = self.offered_packs().find(|pack| pack.id.as_str() == name.value)
            else {
                let known = self.offered_packs().map(|pack| pack.id.as_str());
                self.unknown("rule pack", &name.value, &name.spot, known);
                whole = false;
                continue;
            };
            if packs.iter().any(|other| other.id == pack.id) {
                self.errors.note(&name.spot, format!("the pack \"{}\" is here twice", pack.id));
                whole = false;
            }
            whole &= self.is_vouched_for(pack, name, &all.trust);
            packs.push(Arc::clone(pack));
        }
        whole.then_some(packs)
    }

    /// Whether somebody that the site trusts answers for the pack.
    fn is_vouched_for(&self, pack: &Pack, name: &Found<String>, trust: &RawTrust) -> bool {
        match &pack.seal {
            Seal::BuiltIn => true,
            Seal::Signed { key } if trust.keys.iter().any(|known| known.value == *key) => true,
            Seal::Signed { key } => {
                let problem =
                    format!("this site does not trust the key that signed \"{}\"", pack.id);
                let hint =
                    format!("if you know whose it is, add it to trusted_keys of [packs]: {key}");
                self.errors.hint(&name.spot, problem, hint);
                false
            }
            Seal::Unsigned if trust.allow_unsigned => {
                let problem = format!("nobody vouches for the rule pack \"{}\"", pack.id);
                self.warnings.hint(&name.spot, problem, "each of its verdicts will say so");
                true
            }
            Seal::Unsigned => {
                let hint = "sign it with `weir packs sign`; or, for a trial, write \
                            allow_unsigned = true under [packs]";
                self.errors.hint(
                    &name.spot,
                    format!("the rule pack \"{}\" is not signed", pack.id),
                    hint,
                );
                false
            }
        }
    }

    /// The packs that a site file may name.
    pub(super) fn offered_packs(&self) -> impl Iterator<Item = &Arc<Pack>> {
        self.library.packs.iter().filter(|pack| !SYSTEM_PACKS.contains(&pack.id.as_str()))
    }

    /// Whether one of the packs knows the class, if one is given.
    fn class_is_known(&self, raw: &RawArea, packs: &[Arc<Pack>]) -> bool {
        let Some(class) = raw.class.as_ref().filter(|_| !packs.is_empty()) else { return true };
        let known = || packs.iter().flat_map(|pack| &pack.classes).map(|class| &class.id);
        if known().any(|known| *known == class.value) {
            return true;
        }
        if known().next().is_none() {
            let problem = format!("unknown class \"{}\"", class.value);
            let hint = "the packs of this area make no difference between classes; leave it out";
            self.errors.hint(&class.spot, problem, hint);
        } else {
            let known = known().map(|class| class.as_str());
            self.unknown("class", class.value.as_str(), &class.spot, known);
        }
        false
    }

    /// The facts, if every one is asked for by one of the packs.
    fn facts(&self, raw: &RawArea, packs: &[Arc<Pack>]) -> Option<BTreeMap<String, f64>> {
        let known = || packs.iter().flat_map(|pack| &pack.facts).map(|fact| fact.id.as_str());
        let (mut facts, mut whole) = (BTreeMap::new(), true);
        for (name, number) in &raw.facts {
            if !known().any(|known| known == name.value) {
                self.unknown("fact", &name.value, &name.spot, known());
                whole = false;
            }
            facts.insert(name.value.clone(), *number);
        }
        whole.then_some(facts)
    }

    fn schedule(&self, raw: &RawArea) -> Option<(Vec<String>, Schedule)> {
        let lines: &[Found<String>] = raw.opening_hours.as_ref().map_or(&[], |found| &found.value);
        let mut whole = true;
        for line in lines {
            if let Err(error) = Schedule::parse(core::slice::from_ref(&line.value)) {
                let hint = "write days and times, such as \"mon-fri 06:00-22:00\"";
                self.errors.hint(&line.spot, error.to_string(), hint);
                whole = false;
            }
        }
        if !whole {
            return None;
        }
        let lines: Vec<String> = lines.iter().map(|line| line.value.clone()).collect();
        Schedule::parse(&lines).ok().map(|schedule| (lines, schedule))
    }
}
