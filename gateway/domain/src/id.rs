//! Checked names. Every id is lower case, digits, `-` and `_`, at most 64 characters, so that it
//! can stand in a topic, a URL, a file name and a line-protocol tag without any escaping.

use alloc::{string::String, sync::Arc};
use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest id, in bytes.
const LENGTH_MAX: usize = 64;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdError {
    /// Nothing there.
    Empty,
    /// Longer than 64 characters.
    TooLong,
    /// A character that is not `a-z`, `0-9`, `-` or `_`, or a first one that is not `a-z0-9`.
    Character(char),
    /// A point id without the dot between device and point.
    NoDot,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an id must not be empty"),
            Self::TooLong => write!(f, "an id has at most {LENGTH_MAX} characters"),
            Self::Character(c) => write!(
                f,
                "{c:?} is not allowed in an id; use a-z, 0-9, '-' and '_', starting with a letter or digit"
            ),
            Self::NoDot => f.write_str("a point id is written device.point"),
        }
    }
}

impl core::error::Error for IdError {}

fn check(text: &str) -> Result<(), IdError> {
    if text.len() > LENGTH_MAX {
        return Err(IdError::TooLong);
    }
    let first = text.chars().next().ok_or(IdError::Empty)?;
    if !(first.is_ascii_lowercase() || first.is_ascii_digit()) {
        return Err(IdError::Character(first));
    }
    match text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '_')) {
        Some(c) => Err(IdError::Character(c)),
        None => Ok(()),
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// One installation: a hospital's plant, a hotel, a department.
    SiteId
    /// A part of a site that one set of limits applies to.
    AreaId
    /// A serial line, TCP connection or broker session, polled as one.
    LinkId
    /// An installed instrument.
    DeviceId
    /// A database or receiver outside that readings or alarms are delivered to.
    SinkId
    /// A point's name within its device, e.g. `total_residual_chlorine`.
    PointName
    /// An instrument model.
    ProfileId
    /// What is measured, e.g. `total_residual_chlorine`.
    Parameter
    /// Where it is measured, e.g. `contact_tank_outlet`.
    Role
    /// The legal class of an area, e.g. `general_direct`.
    Class
    /// A rule pack, e.g. `gb18466-2005`.
    PackId
    /// A requirement within a pack, e.g. `trc-contact`.
    RequirementId
}

/// A point of the site: `device.point`, for example `trc-1.total_residual_chlorine`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PointId {
    device: DeviceId,
    point: PointName,
}

impl PointId {
    /// Names a point of a device.
    pub fn new(device: DeviceId, point: PointName) -> Self {
        Self { device, point }
    }

    /// The device's id.
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    /// The point's name within the device.
    pub fn point(&self) -> &PointName {
        &self.point
    }
}

impl FromStr for PointId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let (device, point) = text.split_once('.').ok_or(IdError::NoDot)?;
        Ok(Self { device: device.parse()?, point: point.parse()? })
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.device, self.point)
    }
}

impl fmt::Debug for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PointId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PointId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A point's number in the store. It is given once, and stays with the point for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeriesId(pub u32);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn ids_are_checked() {
        assert!("trc-1".parse::<DeviceId>().is_ok());
        assert_eq!("".parse::<DeviceId>(), Err(IdError::Empty));
        assert_eq!("TRC".parse::<DeviceId>(), Err(IdError::Character('T')));
        assert_eq!("-a".parse::<DeviceId>(), Err(IdError::Character('-')));
        assert_eq!("a b".parse::<DeviceId>(), Err(IdError::Character(' ')));
        assert_eq!("余氯".parse::<DeviceId>(), Err(IdError::Character('余')));
        assert_eq!("a".repeat(65).parse::<DeviceId>(), Err(IdError::TooLong));
    }

    #[test]
    fn a_point_id_is_device_dot_point() {
        let id: PointId = "trc-1.total_residual_chlorine".parse().unwrap();
        assert_eq!(id.device().as_str(), "trc-1");
        assert_eq!(id.to_string(), "trc-1.total_residual_chlorine");
        assert_eq!("trc-1".parse::<PointId>(), Err(IdError::NoDot));
        assert!("a.b.c".parse::<PointId>().is_err());
    }
}
