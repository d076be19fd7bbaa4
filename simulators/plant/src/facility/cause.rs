//! Why something is out of the ordinary. The table at the end has every cause.

use super::Kind;
use serde::Serialize;
use std::{fmt, time::Duration};
use weir_domain::Timestamp;

/// What sort of thing a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// The facility itself does something that it should not do.
    Fault,
    /// An instrument fails; the facility does not.
    Instrument,
    /// Somebody makes an instrument say what is not so.
    Tampering,
    /// Times or order of the samples are wrong, or they come late.
    Delivery,
    /// It happens in the best of facilities.
    Normal,
}

/// What a cause acts upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The process.
    Process,
    /// One signal.
    Signal,
    /// All signals of one instrument.
    Device,
    /// All signals of the site.
    Site,
}

/// A cause with its time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Incident {
    /// What it is.
    pub cause: Cause,
    /// When it begins.
    pub at: Timestamp,
    /// How long it lasts; what follows from it may last longer.
    pub duration: Duration,
    /// How bad it is; see [`About::size`].
    pub size: f64,
    /// Which signal (or the instrument of which signal), where the target is one.
    pub signal: Option<usize>,
}

impl Incident {
    /// When the cause ends.
    pub fn until(&self) -> Timestamp {
        self.at + self.duration
    }
}

/// What is known of a cause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// Its name.
    pub name: &'static str,
    /// What sort of thing it is.
    pub nature: Nature,
    /// What it acts upon.
    pub target: Target,
    /// Where it happens; empty is everywhere.
    pub kinds: &'static [Kind],
    /// How long it usually lasts, minutes.
    pub minutes: (f64, f64),
    /// How bad it usually is; what the number means depends on the cause.
    pub size: (f64, f64),
    /// How long its consequences may last after it, minutes.
    pub aftermath: f64,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $nature:ident $target:ident
        $kinds:expr, $minutes:expr, $size:expr, $aftermath:expr;)*) => {
        /// Why something is out of the ordinary.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[non_exhaustive]
        pub enum Cause { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// What is known of it.
            pub fn about(self) -> About {
                match self {
                    $(Self::$variant => About {
                        name: $name,
                        nature: Nature::$nature,
                        target: Target::$target,
                        kinds: $kinds,
                        minutes: $minutes,
                        size: $size,
                        aftermath: $aftermath,
                    },)*
                }
            }
        }
    };
}

impl Cause {
    /// Whether it happens in facilities of a kind.
    pub fn happens_in(self, kind: Kind) -> bool {
        let kinds = self.about().kinds;
        kinds.is_empty() || kinds.contains(&kind)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about().name)
    }
}

const EFFLUENT: &[Kind] = &[Kind::Effluent];
const POOL: &[Kind] = &[Kind::Pool];
const LODGING: &[Kind] = &[Kind::Lodging];
const XRAY: &[Kind] = &[Kind::Xray];
const THERAPY: &[Kind] = &[Kind::Radiotherapy];
const RAYS: &[Kind] = &[Kind::Xray, Kind::Radiotherapy];
const STERILIZER: &[Kind] = &[Kind::Sterilizer];
const WATER: &[Kind] = &[Kind::Effluent, Kind::Pool];
const WET: &[Kind] = &[Kind::Effluent, Kind::Pool, Kind::Sterilizer];
const ALL: &[Kind] = &[];

// Kinds, usual minutes, usual size, minutes of aftermath.
causes! {
    /// The hypochlorite pump stands still, and says so.
    DoseStop = "dose_stop" Fault Process EFFLUENT, (90.0, 300.0), (1.0, 1.0), 360.0;
    /// The hypochlorite drum is empty; the pump runs on.
    DrumEmpty = "drum_empty" Fault Process EFFLUENT, (120.0, 360.0), (1.0, 1.0), 360.0;
    /// A storm in the sewer. Size: the share of the design's contact time that is left.
    StormInflow = "storm_inflow" Fault Process EFFLUENT, (120.0, 300.0), (0.45, 0.7), 180.0;
    /// The hypochlorite pump runs wild. Size: mg/L more.
    Overdose = "overdose" Fault Process EFFLUENT, (120.0, 300.0), (8.0, 13.0), 480.0;
    /// No bisulphite before the outfall.
    DechlorFailure = "dechlor_failure" Fault Process EFFLUENT, (60.0, 360.0), (1.0, 1.0), 45.0;
    /// An acid from a laboratory. Size: pH units down.
    AcidShock = "acid_shock" Fault Process EFFLUENT, (60.0, 180.0), (2.1, 3.0), 60.0;
    /// A lye from the laundry. Size: pH units up.
    AlkaliShock = "alkali_shock" Fault Process EFFLUENT, (50.0, 180.0), (2.2, 3.2), 60.0;
    /// The biology fails. Size: times the usual COD.
    CodShock = "cod_shock" Fault Process EFFLUENT, (1800.0, 2700.0), (3.0, 5.0), 720.0;
    /// Nitrification fails. Size: times the usual ammonia.
    AmmoniaShock = "ammonia_shock" Fault Process EFFLUENT, (1800.0, 2700.0), (5.5, 7.5), 720.0;
    /// Sludge is washed out. Size: times the usual solids.
    SolidsShock = "solids_shock" Fault Process EFFLUENT, (1800.0, 2700.0), (4.0, 6.0), 720.0;
    /// Raw effluent goes round tank and meter. Size: its share.
    Bypass = "bypass" Fault Process EFFLUENT, (360.0, 600.0), (0.4, 0.8), 60.0;
    /// Tap water runs into the outfall before the instruments. Size: times the flow.
    Dilution = "dilution" Fault Process EFFLUENT, (180.0, 600.0), (0.8, 2.0), 60.0;
    /// Nobody makes the tests by hand.
    MissedTests = "missed_tests" Fault Process &[Kind::Effluent, Kind::Pool, Kind::Sterilizer, Kind::Xray],
        (1500.0, 2880.0), (1.0, 1.0), 30.0;
    /// A batch is let out too early. Size: share of the contact time that it has had.
    EarlyDischarge = "early_discharge" Fault Process EFFLUENT, (1440.0, 2880.0), (0.2, 0.6), 30.0;
    /// Rain in the sewer, in the order of the year. Size: flow more, as a share.
    Rain = "rain" Normal Process EFFLUENT, (60.0, 360.0), (0.1, 0.3), 60.0;

    /// The chlorine pump has lost its prime.
    ChlorineAirLock = "chlorine_air_lock" Fault Process POOL, (150.0, 360.0), (1.0, 1.0), 240.0;
    /// The chlorine pump does not stop. Size: mg/L per hour.
    ChlorineOverfeed = "chlorine_overfeed" Fault Process POOL, (60.0, 150.0), (0.8, 2.0), 600.0;
    /// Chlorine is fed into a pipe that stands still, and comes at once when it runs again. Size: mg/L.
    OverfeedStandstill = "overfeed_standstill" Fault Process POOL, (40.0, 90.0), (0.9, 2.5), 600.0;
    /// The acid pump does not stop. Size: pH units per hour.
    AcidRunaway = "acid_runaway" Fault Process POOL, (90.0, 240.0), (0.35, 0.8), 720.0;
    /// No acid. Size: pH units per hour that it rises.
    AcidEmpty = "acid_empty" Fault Process POOL, (360.0, 900.0), (0.08, 0.14), 300.0;
    /// The filter breaks through. Size: NTU more.
    FilterBreakthrough = "filter_breakthrough" Fault Process POOL, (90.0, 300.0), (1.2, 3.0), 240.0;
    /// More bathers than the water can bear. Size: times the usual.
    BatherOverload = "bather_overload" Fault Process POOL, (180.0, 420.0), (2.5, 4.0), 1200.0;
    /// Nobody renews the foot bath.
    FootBathStale = "foot_bath_stale" Fault Process POOL, (480.0, 900.0), (1.0, 1.0), 30.0;
    /// The circulation pump stands still while the pool is open.
    RecirculationStop = "recirculation_stop" Fault Process POOL, (60.0, 240.0), (1.0, 1.0), 240.0;
    /// No fresh water: urea rises.
    NoMakeUp = "no_make_up" Fault Process POOL, (4320.0, 7200.0), (1.0, 1.0), 60.0;
    /// No water flows past the probes.
    SampleFlowLoss = "sample_flow_loss" Instrument Process POOL, (20.0, 180.0), (1.0, 1.0), 120.0;
    /// Much chlorine in a closed night. Size: mg/L.
    Superchlorination = "superchlorination" Normal Process POOL, (150.0, 210.0), (1.5, 3.0), 90.0;
    /// The filter is washed.
    Backwash = "backwash" Normal Process POOL, (10.0, 18.0), (1.0, 1.0), 30.0;

    /// The thermostat cuts out early. Size: K too low.
    WeakHeater = "weak_heater" Fault Process LODGING, (200.0, 300.0), (9.0, 20.0), 120.0;
    /// The cycles end early. Size: share of the hold.
    ShortHold = "short_hold" Fault Process LODGING, (200.0, 300.0), (0.3, 0.65), 120.0;
    /// Somebody opens the door in the middle of the hold.
    EarlyDoor = "early_door" Fault Process LODGING, (200.0, 300.0), (1.0, 1.0), 120.0;
    /// The cabinet runs without cups, as for an inspection.
    EmptyRun = "empty_run" Fault Process LODGING, (200.0, 300.0), (1.0, 1.0), 120.0;
    /// Cups go back to the rooms without a cycle.
    CupsWithoutCycle = "cups_without_cycle" Fault Process LODGING, (1440.0, 1441.0), (1.0, 1.0), 30.0;
    /// Most cycles are left out. Size: share that is made.
    CapacityShortfall = "capacity_shortfall" Fault Process LODGING, (1440.0, 1441.0), (0.0, 0.4), 30.0;
    /// Rooms are let again with the old linen. Size: share of the rooms.
    LinenNotChanged = "linen_not_changed" Fault Process LODGING, (1440.0, 1441.0), (0.3, 0.8), 30.0;

    /// Exposures while the door stands open.
    ExposureDoorOpen = "exposure_door_open" Fault Process RAYS, (1.0, 2.0), (1.0, 1.0), 5.0;
    /// Exposures while the warning lamp is dark.
    ExposureLampOff = "exposure_lamp_off" Fault Process RAYS, (20.0, 240.0), (1.0, 1.0), 5.0;
    /// The lamp's relay is stuck: the lamp is always on.
    LampStuckOn = "lamp_stuck_on" Fault Process RAYS, (60.0, 600.0), (1.0, 1.0), 5.0;
    /// A gap in the shielding. Size: times the room's greatest ordinary leakage.
    ShieldGap = "shield_gap" Fault Process RAYS, (120.0, 480.0), (30.0, 60.0), 5.0;
    /// A small gap that makes a large sum. Size: times the ordinary leakage.
    ShieldSeep = "shield_seep" Fault Process RAYS, (7200.0, 8640.0), (3.0, 5.0), 5.0;
    /// Exposures outside working hours. Size: patients.
    OutOfHours = "out_of_hours" Fault Process RAYS, (60.0, 150.0), (2.0, 6.0), 5.0;
    /// Exposures without an entry in the register. Size: their share.
    Unregistered = "unregistered" Fault Process XRAY, (1440.0, 2000.0), (0.4, 0.9), 10.0;
    /// The source does not return into its safe.
    SourceStuck = "source_stuck" Fault Process THERAPY, (2.0, 15.0), (1.0, 1.0), 5.0;
    /// The door's contact chatters. Size: changes a second.
    ReedFlapping = "reed_flapping" Instrument Process RAYS, (5.0, 60.0), (0.2, 1.0), 2.0;

    /// Air stays in the chamber. Size: its partial pressure, kPa.
    ResidualAir = "residual_air" Fault Process STERILIZER, (120.0, 240.0), (25.0, 60.0), 60.0;
    /// The hold is cut short. Size: share that is left.
    HoldCut = "hold_cut" Fault Process STERILIZER, (120.0, 240.0), (0.3, 0.7), 60.0;
    /// Too hot. Size: K.
    Overshoot = "overshoot" Fault Process STERILIZER, (120.0, 240.0), (3.5, 6.0), 60.0;
    /// Too cold. Size: K.
    TooCold = "too_cold" Fault Process STERILIZER, (120.0, 240.0), (2.0, 5.0), 60.0;
    /// Vacuum pulses are left out. Size: how many.
    MissingPulses = "missing_pulses" Fault Process STERILIZER, (120.0, 240.0), (1.0, 2.0), 60.0;
    /// A weak vacuum pump. Size: kPa less depth.
    ShallowPulses = "shallow_pulses" Fault Process STERILIZER, (120.0, 240.0), (20.0, 35.0), 60.0;
    /// Drying at too little vacuum. Size: kPa less depth.
    WetPack = "wet_pack" Fault Process STERILIZER, (120.0, 240.0), (30.0, 40.0), 60.0;
    /// Cycles stop for want of water, and their loads are used all the same.
    AbortedUsed = "aborted_used" Fault Process STERILIZER, (120.0, 240.0), (1.0, 1.0), 120.0;
    /// Packs are used that no cycle made.
    UsedWithoutCycle = "used_without_cycle" Fault Process STERILIZER, (600.0, 1440.0), (0.4, 0.9), 30.0;
    /// The chamber leaks in its weekly test. Size: kPa/min more.
    ChamberLeak = "chamber_leak" Fault Process STERILIZER, (1440.0, 10000.0), (0.2, 0.6), 30.0;

    /// The value does not change any more.
    Stuck = "stuck" Instrument Signal ALL, (180.0, 1200.0), (1.0, 1.0), 5.0;
    /// The value runs away. Size: share of the usual value in a day.
    Drift = "drift" Instrument Signal WATER, (1440.0, 3600.0), (0.15, 0.5), 30.0;
    /// Single values far off. Size: times the usual value.
    Spikes = "spikes" Instrument Signal WATER, (30.0, 240.0), (1.0, 3.0), 5.0;
    /// The probe is covered by slime. Size: share of the value that is lost at last.
    Fouling = "fouling" Instrument Device WATER, (1440.0, 3600.0), (0.2, 0.5), 30.0;
    /// The instrument answers nothing.
    Silent = "silent" Instrument Device ALL, (5.0, 360.0), (1.0, 1.0), 5.0;
    /// The instrument says that its sensor is broken.
    SensorFault = "sensor_fault" Instrument Device ALL, (5.0, 360.0), (1.0, 1.0), 5.0;
    /// The value is the same amount off. Size: share of the usual value.
    Offset = "offset" Instrument Signal WET, (720.0, 2880.0), (0.1, 0.3), 5.0;
    /// The value is zero.
    Dead = "dead" Instrument Signal ALL, (60.0, 480.0), (1.0, 1.0), 5.0;

    /// The probe hangs in a cup of tap water.
    TapWaterCup = "tap_water_cup" Tampering Device WATER, (480.0, 2880.0), (1.0, 1.0), 30.0;
    /// The probe hangs in a bottle of what people like to see. Size: times the usual value.
    Bottle = "bottle" Tampering Device WATER, (480.0, 2880.0), (0.95, 1.05), 30.0;
    /// Somebody holds the value as it is.
    Frozen = "frozen" Tampering Signal ALL, (240.0, 2880.0), (1.0, 1.0), 5.0;
    /// The day before is shown again.
    Replay = "replay" Tampering Signal ALL, (720.0, 1440.0), (1.0, 1.0), 5.0;
    /// The value is cut off just inside of what people like to see.
    Clipped = "clipped" Tampering Signal WATER, (1440.0, 4320.0), (1.0, 1.0), 5.0;
    /// The instrument's cabinet is opened, and the value is another from then on.
    Adjusted = "adjusted" Tampering Signal WATER, (480.0, 2880.0), (0.2, 0.4), 5.0;
    /// The noise is smoothed away.
    Smoothed = "smoothed" Tampering Signal ALL, (720.0, 2880.0), (1.0, 1.0), 5.0;

    /// The instrument's clock is wrong. Size: seconds ahead.
    ClockJump = "clock_jump" Delivery Device ALL, (30.0, 600.0), (120.0, 7200.0), 150.0;
    /// The instrument gives one time to many samples.
    DuplicateTimes = "duplicate_times" Delivery Device ALL, (10.0, 60.0), (1.0, 1.0), 5.0;
    /// Samples overtake each other.
    OutOfOrder = "out_of_order" Delivery Device ALL, (30.0, 240.0), (1.0, 1.0), 5.0;
    /// The link is down; the logger brings everything later.
    LateBackfill = "late_backfill" Delivery Device ALL, (20.0, 300.0), (1.0, 1.0), 10.0;
    /// The gateway is started anew: nobody takes the samples.
    GatewayRestart = "gateway_restart" Normal Site ALL, (0.5, 4.0), (1.0, 1.0), 5.0;
    /// The power is cut: works and instruments stand still.
    PowerCut = "power_cut" Normal Site ALL, (4.0, 25.0), (1.0, 1.0), 60.0;
    /// Maintenance that the instrument marks.
    Maintenance = "maintenance" Normal Device WATER, (10.0, 40.0), (1.0, 1.0), 20.0;
    /// Maintenance that nobody marks.
    MaintenanceUnmarked = "maintenance_unmarked" Normal Device WATER, (4.0, 9.0), (1.0, 1.0), 20.0;
    /// Calibration with standard solutions, marked.
    Calibration = "calibration" Normal Device WATER, (10.0, 25.0), (1.0, 1.0), 20.0;
    /// Calibration with standard solutions, not marked.
    CalibrationUnmarked = "calibration_unmarked" Normal Device WATER, (4.0, 9.0), (1.0, 1.0), 20.0;
}
