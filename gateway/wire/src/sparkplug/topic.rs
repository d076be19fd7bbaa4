//! The topic of a Sparkplug message.

use alloc::{format, string::String};

/// The namespace of Sparkplug B.
pub const NAMESPACE: &str = "spBv1.0";

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The node, or the device, is there, and these are its metrics.
    Birth,
    /// Some metrics have new values.
    Data,
    /// The node, or the device, is gone.
    Death,
    /// Somebody tells it to do something.
    Command,
}

/// Who speaks, and what about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic<'a> {
    /// The group the node belongs to.
    pub group: &'a str,
    /// The edge node.
    pub node: &'a str,
    /// The device behind it; none if it is about the node itself.
    pub device: Option<&'a str>,
    /// What is said.
    pub said: Said,
}

impl<'a> Topic<'a> {
    /// Reads a topic; none if it is not one of a node.
    pub fn parse(topic: &'a str) -> Option<Self> {
        let mut levels = topic.split('/');
        if levels.next()? != NAMESPACE {
            return None;
        }
        let (group, kind, node) = (levels.next()?, levels.next()?, levels.next()?);
        let device = levels.next();
        let (of_device, said) = match kind {
            "NBIRTH" => (false, Said::Birth),
            "NDATA" => (false, Said::Data),
            "NDEATH" => (false, Said::Death),
            "NCMD" => (false, Said::Command),
            "DBIRTH" => (true, Said::Birth),
            "DDATA" => (true, Said::Data),
            "DDEATH" => (true, Said::Death),
            "DCMD" => (true, Said::Command),
            _ => return None,
        };
        let whole = of_device == device.is_some() && levels.next().is_none();
        let named = !group.is_empty() && !node.is_empty() && device != Some("");
        (whole && named).then_some(Self { group, node, device, said })
    }

    /// The filter of everything that a node and its devices say.
    pub fn filter_of(group: &str, node: &str) -> String {
        format!("{NAMESPACE}/{group}/+/{node}/#")
    }

    /// The topic on which a node hears commands.
    pub fn command_to(group: &str, node: &str) -> String {
        format!("{NAMESPACE}/{group}/NCMD/{node}")
    }
}
