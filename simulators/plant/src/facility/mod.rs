//! Facilities of six kinds, each sized by a seed, and what their instruments deliver.
//!
//! * A **site** ([`Site`]) is the description of one facility: its class, facts and opening hours,
//!   the **signals** that its instruments show, and the **series** of its true values.
//! * A **process** is the physics. It fills the true values, step by step, and knows only causes.
//! * A **cause** ([`Cause`]) is why something is out of the ordinary: a fault of the works, of an
//!   instrument, of a clock or link, tampering, or an ordinary disturbance that harms nothing. An
//!   **incident** ([`Incident`]) is a cause with its time, size and target.
//! * An **instrument** looks at one true value with its lag, noise and drift, and shows it at its
//!   own pace; a **courier** takes what is shown to the gateway, mostly in time.
//! * The **truth** ([`Truth`]) lists causes and what they did; [`outside`] says when a true value
//!   was beyond a window that the asker names.

mod active;
mod cause;
mod courier;
mod effluent;
mod instrument;

mod lodging;
mod panel;
mod pool;
mod radiotherapy;
mod rays;
mod sterilizer;
mod xray;

mod process;

mod run;
mod signal;
mod site;

mod truth;

pub(crate) use instrument::Gauge;

pub use cause::{About, Cause, Incident, Nature, Target};
pub use run::Facility;
pub use signal::{Report, Series, Shown, Signal};
pub use site::{Kind, Site};
pub use truth::{Truth, Window, outside};
