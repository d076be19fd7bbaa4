//! Puts a site and its instruments together while its kind describes it.

use super::{
    Kind, Report, Series, Signal, Site,
    instrument::{Gauge, Instrument},
    process::Process,
};
use crate::noise::Noise;
use weir_domain::Unit;

/// A facility before its first second.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) site: Site,
    pub(crate) process: Box<dyn Process>,
    pub(crate) instruments: Vec<Instrument>,
    /// The hours before the simulation that run unseen, so that it begins in its ordinary state.
    pub(crate) warm_hours: i64,
    /// The true value that is the door of the instruments' cabinet.
    pub(crate) enclosure: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Panel {
    site: Site,
    instruments: Vec<Instrument>,
    enclosure: Option<usize>,
    role: &'static str,
    device: String,
}

impl Panel {
    pub(crate) fn new(kind: Kind, seed: u64, step_secs: u32, series: &'static [Series]) -> Self {
        let site = Site {
            kind,
            seed,
            class: "",
            facts: Vec::new(),
            opening_hours: None,
            signals: Vec::new(),
            series,
            step_secs,
        };
        let device = String::new();
        Self { site, instruments: Vec::new(), enclosure: None, role: "", device }
    }

    pub(crate) fn class(&mut self, class: &'static str) -> &mut Self {
        self.site.class = class;
        self
    }

    pub(crate) fn fact(&mut self, name: &'static str, value: f64) -> &mut Self {
        self.site.facts.push((name, value));
        self
    }

    pub(crate) fn open(&mut self, hours: String) -> &mut Self {
        self.site.opening_hours = Some(hours);
        self
    }

    /// The signals that follow belong to this instrument.
    pub(crate) fn device(&mut self, device: &str, role: &'static str) -> &mut Self {
        self.device = device.into();
        self.role = role;
        self
    }

    pub(crate) fn signal(&mut self, parameter: &'static str, gauge: Gauge) -> &mut Self {
        let unit = self.site.series.get(gauge.series).map_or(Unit::One, |series| series.unit);
        // A scan falls on a step.
        let step = self.site.step_secs;
        let scan_secs = gauge.scan_secs.div_ceil(step) * step;
        let gauge = Gauge { scan_secs, ..gauge };
        let name = format!("{}/{}", self.device, parameter);
        let noise = Noise::new(self.site.seed, &name);
        self.instruments.push(Instrument::new(gauge, noise, step));
        self.site.signals.push(Signal {
            device: self.device.clone(),
            role: self.role,
            parameter,
            unit,
            scan_secs,
            decimals: gauge.decimals,
            report: gauge.report,
        });
        self
    }

    /// A contact at the door of the cabinet in which the instruments are.
    pub(crate) fn enclosure(&mut self, series: usize) -> &mut Self {
        self.enclosure = Some(series);
        let gauge = Gauge { report: Report::Changed, ..Gauge::switch(series, 300) };
        self.device("enclosure-1", "instrument_cabinet").signal("door_open", gauge)
    }

    pub(crate) fn build(self, process: impl Process + 'static, warm_hours: i64) -> Built {
        Built {
            site: self.site,
            process: Box::new(process),
            instruments: self.instruments,
            warm_hours,
            enclosure: self.enclosure,
        }
    }
}
