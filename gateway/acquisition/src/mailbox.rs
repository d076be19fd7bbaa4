//! Messages that devices post over HTTP: from whoever answers the requests to the link's task.

use crate::Acquisition;
use core::fmt;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use subtle::ConstantTimeEq;
use tokio::sync::{mpsc, oneshot};
use weir_domain::DeviceId;
use weir_engine::ports::{DeliveryError, Mailbox, PortFuture};

/// Messages waiting for a link's task; beyond, devices are told to try again.
pub(crate) const WAITING_MAX: usize = 256;

/// What comes of a message: how many readings of it were new.
pub(crate) type Answer = Result<usize, DeliveryError>;

/// A message on its way to the link's task.
pub(crate) struct Posted {
    /// The device's place on its link.
    pub(crate) device: usize,
    pub(crate) body: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// Where the messages of a device go, and who may bring them.
#[derive(Clone)]
struct Slot {
    device: usize,
    token: Arc<str>,
    link: mpsc::Sender<Posted>,
}

/// Where messages go, by device. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Boxes(Arc<Mutex<HashMap<String, Slot>>>);

/// The boxes of one link; they are gone when it is dropped.
pub(crate) struct Open {
    boxes: Boxes,
    devices: Vec<DeviceId>,
    link: mpsc::Sender<Posted>,
}

impl Boxes {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens boxes for the devices of a link, in their order.
    pub(crate) fn open(
        &self,
        devices: Vec<DeviceId>,
        token: &str,
    ) -> (Open, mpsc::Receiver<Posted>) {
        let (link, posted) = mpsc::channel(WAITING_MAX);
        let token: Arc<str> = token.into();
        let slots = devices.iter().enumerate().map(|(device, id)| {
            let slot = Slot { device, token: token.clone(), link: link.clone() };
            (id.as_str().to_owned(), slot)
        });
        self.lock().extend(slots);
        (Open { boxes: self.clone(), devices, link }, posted)
    }

    /// Brings a message. An unknown device takes as long as a wrong token.
    async fn deliver(&self, device: &str, token: Option<&str>, body: Vec<u8>) -> Answer {
        let slot = self.lock().get(device).cloned();
        let known: &[u8] = slot.as_ref().map_or(b"", |slot| slot.token.as_bytes());
        let shown = token.unwrap_or_default().as_bytes();
        let right: bool = known.ct_eq(shown).into();
        let right = right && !known.is_empty();
        let Some(slot) = slot.filter(|_| right) else {
            return Err(DeliveryError::Unauthorized);
        };
        let (answer, answered) = oneshot::channel();
        let posted = Posted { device: slot.device, body, answer };
        slot.link.try_send(posted).map_err(|_| DeliveryError::Busy)?;
        // The link ends: the device may try again.
        answered.await.unwrap_or(Err(DeliveryError::Busy))
    }
}

impl fmt::Debug for Boxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boxes").finish_non_exhaustive()
    }
}

impl Drop for Open {
    /// A link that took this one's place may have opened boxes for the same devices.
    fn drop(&mut self) {
        let mut boxes = self.boxes.lock();
        for device in &self.devices {
            if boxes.get(device.as_str()).is_some_and(|slot| slot.link.same_channel(&self.link)) {
                boxes.remove(device.as_str());
            }
        }
    }
}

impl Mailbox for Acquisition {
    fn deliver<'a>(
        &'a self,
        device: &'a str,
        token: Option<&'a str>,
        body: Vec<u8>,
    ) -> PortFuture<'a, Answer> {
        Box::pin(self.boxes().deliver(device, token, body))
    }
}
