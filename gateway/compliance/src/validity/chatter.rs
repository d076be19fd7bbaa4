//! A switch that changes more often than a person or a drive could: a loose wire, a worn reed.
//!
//! Which of its states is true nobody knows, so neither is believed: from the first of the changes
//! within a minute, which have been judged by then and are judged again, until it has rested for a
//! minute.

use super::said::text;
use serde::{Deserialize, Serialize};
use weir_domain::Text;

/// Changes are counted over so long, and after so long without one the switch is believed, ms.
const SPAN: i64 = 60_000;
/// Change times that are remembered at the most.
const MOST_MAX: usize = 60;

/// How often a switch may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatterCheck {
    /// Changes within a minute that are still believed.
    pub most: usize,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct ChatterMemory {
    value: Option<f64>,
    /// When it changed, the latest last; one more than it may at the most.
    changes: Vec<i64>,
    is_on: bool,
}

impl ChatterCheck {
    pub(super) fn fault(&self) -> Option<&'static str> {
        (!(2..MOST_MAX).contains(&self.most)).then_some("chatter needs most from 2 to 59")
    }

    /// Since when the switch is not to be believed, if it is not.
    #[inline]
    pub(super) fn judge(&self, memory: &mut ChatterMemory, t: i64, value: f64) -> Option<i64> {
        if memory.value.replace(value).is_some_and(|before| before != value) {
            if memory.changes.len() > self.most {
                memory.changes.remove(0);
            }
            memory.changes.push(t);
        }
        let (first, last) = (*memory.changes.first()?, *memory.changes.last()?);
        if t - last >= SPAN {
            memory.is_on = false;
            memory.changes.clear();
            return None;
        }
        memory.is_on |= memory.changes.len() > self.most && last - first <= SPAN;
        memory.is_on.then_some(first)
    }

    pub(super) fn words(&self) -> Text {
        let most = self.most;
        text(
            format!("开关一分钟内变化超过 {most} 次：触点抖动，状态不可信"),
            format!(
                "changed more than {most} times within a minute: its contact chatters, and neither state is believed"
            ),
        )
    }
}
