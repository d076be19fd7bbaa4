//! The workloads, as data: what is simulated, how long it is watched, and what it should come to.

use core::time::Duration;

/// How the simulated instruments behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// All answer at once.
    Well,
    /// The first so many take a connection and never answer; the one after them takes 500 ms.
    Sick { dead: usize },
    /// One connection to a serial line with all of them as units: 5 ms an answer, and the third
    /// never answers but holds the line for 300 ms.
    Serial,
    /// Like `Well`, but register 0 counts on at random moments.
    Changing,
    /// Like `Well`, but register 0 goes over the limit of a rule and back, time and again.
    Alarming,
    /// They publish over MQTT, so many messages a second in all.
    Publishing { rate: u64 },
}

/// One workload.
#[derive(Debug)]
pub(crate) struct Workload {
    /// As the rig of gateways calls it.
    pub(crate) name: &'static str,
    /// What it is, in words.
    pub(crate) what: &'static str,
    /// How many instruments.
    pub(crate) devices: usize,
    /// Registers of each.
    pub(crate) registers: usize,
    /// How often each is read; 0: again at once.
    pub(crate) interval_ms: u64,
    /// How they behave.
    pub(crate) manner: Manner,
    /// How long it is watched.
    pub(crate) watch: Duration,
    /// What it should come to as a bridge.
    pub(crate) goals: &'static [Goal],
    /// What it should come to in full.
    pub(crate) full_goals: &'static [Goal],
}

impl Workload {
    /// Whether alarms are watched for, which only the full gateway raises.
    pub(crate) fn is_alarming(&self) -> bool {
        self.manner == Manner::Alarming
    }
}

/// A figure and the bound it should keep.
pub(crate) type Goal = (Figure, Bound);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    /// CPU seconds for a million readings (messages where they publish).
    CpuPerMillion,
    /// Readings taken in a second.
    Readings,
    /// Requests answered in a second.
    Requests,
    /// Peak resident memory, in MB.
    Memory,
    /// Resident memory without the program's file, in MB, at the end.
    OwnMemory,
    /// Bytes written to disk for each reading.
    Written,
    /// Polls of the healthy instruments that were made, in per cent of those due.
    Polls,
    /// The longest time between two polls of a healthy instrument, in ms.
    WorstGap,
    /// From a change of a register to its arrival, median, in ms.
    LatencyMedian,
    /// The same, the 99th of 100.
    LatencyP99,
    /// Messages that did not come out again, in per cent.
    Lost,
    /// Alarms that came by webhook.
    Alarms,
    /// From a value over the limit to the webhook's arrival, median, in ms.
    AlarmMedian,
    /// The same, the 95th of 100.
    AlarmP95,
    /// Commits of the journal in a second.
    Commits,
}

impl Figure {
    /// Its name and unit.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CpuPerMillion => "CPU s per million",
            Self::Readings => "readings/s",
            Self::Requests => "requests/s",
            Self::Memory => "peak memory, MB",
            Self::OwnMemory => "of it not the program's file",
            Self::Written => "bytes written a reading",
            Self::Polls => "polls made, %",
            Self::WorstGap => "worst gap, ms",
            Self::LatencyMedian => "change to arrival, median ms",
            Self::LatencyP99 => "change to arrival, p99 ms",
            Self::Lost => "lost, %",
            Self::Alarms => "alarms",
            Self::AlarmMedian => "value to webhook, median ms",
            Self::AlarmP95 => "value to webhook, p95 ms",
            Self::Commits => "commits/s",
        }
    }
}

/// On which side of a number a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    pub(crate) fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtMost(bound) => figure <= bound,
            Self::AtLeast(bound) => figure >= bound,
        }
    }
}

use Bound::{AtLeast, AtMost};
use Figure::{
    AlarmMedian, CpuPerMillion, LatencyMedian, LatencyP99, Lost, Memory, Polls, Readings, Requests,
    WorstGap,
};

const SOUND: &[Goal] = &[(Polls, AtLeast(99.5)), (WorstGap, AtMost(1020.0))];

/// All of them.
pub(crate) const ALL: &[Workload] = &[
    Workload {
        name: "W1H",
        what: "50 instruments of 100 registers, every 100 ms",
        devices: 50,
        registers: 100,
        interval_ms: 100,
        manner: Manner::Well,
        watch: Duration::from_secs(10),
        goals: &[(CpuPerMillion, AtMost(0.6)), (Memory, AtMost(8.0)), (Polls, AtLeast(99.5))],
        full_goals: &[(CpuPerMillion, AtMost(1.2)), (Polls, AtLeast(99.5))],
    },
    Workload {
        name: "W2",
        what: "one instrument of 100 registers, as fast as it goes",
        devices: 1,
        registers: 100,
        interval_ms: 0,
        manner: Manner::Well,
        watch: Duration::from_secs(6),
        goals: &[(Requests, AtLeast(20_000.0))],
        full_goals: &[],
    },
    Workload {
        name: "W5",
        what: "50 instruments of 100 registers, as fast as it goes",
        devices: 50,
        registers: 100,
        interval_ms: 0,
        manner: Manner::Well,
        watch: Duration::from_secs(6),
        goals: &[(Readings, AtLeast(2_000_000.0)), (Memory, AtMost(24.0))],
        full_goals: &[],
    },
    Workload {
        name: "W6",
        what: "10 units on a serial line behind one address, one of them dead, every second",
        devices: 10,
        registers: 10,
        interval_ms: 1000,
        manner: Manner::Serial,
        watch: Duration::from_secs(20),
        goals: &[(Polls, AtLeast(99.5)), (WorstGap, AtMost(1100.0))],
        full_goals: &[(Polls, AtLeast(99.5)), (WorstGap, AtMost(1100.0))],
    },
    Workload {
        name: "W3",
        what: "50 instruments every second, one dead, one slow",
        devices: 50,
        registers: 100,
        interval_ms: 1000,
        manner: Manner::Sick { dead: 1 },
        watch: Duration::from_secs(15),
        goals: SOUND,
        full_goals: SOUND,
    },
    Workload {
        name: "W3X",
        what: "50 instruments every second, ten dead, one slow",
        devices: 50,
        registers: 100,
        interval_ms: 1000,
        manner: Manner::Sick { dead: 10 },
        watch: Duration::from_secs(15),
        goals: SOUND,
        full_goals: SOUND,
    },
    Workload {
        name: "W4P",
        what: "one register that changes, read every 10 ms",
        devices: 1,
        registers: 1,
        interval_ms: 10,
        manner: Manner::Changing,
        watch: Duration::from_secs(10),
        goals: &[(LatencyMedian, AtMost(5.1)), (LatencyP99, AtMost(11.0))],
        full_goals: &[],
    },
    Workload {
        name: "IN",
        what: "20,000 messages a second of one reading each",
        devices: 50,
        registers: 1,
        interval_ms: 1000,
        manner: Manner::Publishing { rate: 20_000 },
        watch: Duration::from_secs(8),
        goals: &[(CpuPerMillion, AtMost(15.0)), (Lost, AtMost(0.0))],
        full_goals: &[(Lost, AtMost(0.0))],
    },
    Workload {
        name: "alarm",
        what: "a value that goes over a limit without delays, read every second",
        devices: 1,
        registers: 1,
        interval_ms: 1000,
        manner: Manner::Alarming,
        watch: Duration::from_secs(180),
        goals: &[],
        full_goals: &[(AlarmMedian, AtMost(1220.0))],
    },
    Workload {
        name: "alarm-fast",
        what: "a value that goes over a limit without delays, read every 100 ms",
        devices: 1,
        registers: 1,
        interval_ms: 100,
        manner: Manner::Alarming,
        watch: Duration::from_secs(90),
        goals: &[],
        full_goals: &[(AlarmMedian, AtMost(140.0))],
    },
];
